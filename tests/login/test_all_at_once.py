"""200 guesses at the same time: no more of them are looked at than of 200 in turn."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from time import monotonic, sleep
from typing import Any

import pytest
from django.test import Client
from host_attacks.servers import free_port

GUESSES, CROWD, PATIENCE = 200, 20, 60


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("way", ["view", "basic"])
def test_in_threads(way: str, settings: Any, checked: list[str]) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "django_hardened.backends.LoginProtectionBackend",
        "login_site.Directory",
    ]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    together = Barrier(CROWD)

    def guess(number: int) -> int:
        together.wait(PATIENCE)
        client = Client(REMOTE_ADDR="192.0.2.1")
        if way == "basic":
            return client.get("/api/", headers={"Authorization": basic(number)}).status_code
        data = {"username": "ada", "password": f"wrong {number}"}
        return client.post("/custom/", data).status_code

    with ThreadPoolExecutor(CROWD) as pool:
        statuses = Counter(pool.map(guess, range(GUESSES)))
    assert len(checked) == 5
    assert statuses[429] == GUESSES - 5


def test_under_gunicorn(tmp_path: Path) -> None:
    """4 processes of 4 threads, which share the embedded store."""
    pytest.importorskip("gunicorn")
    looked_at, port = tmp_path / "looked-at", free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "login_server:application()"),
            *(f"--bind=127.0.0.1:{port}", "--workers=4", "--threads=4"),
        ],
        cwd=Path(__file__).parents[1],
        env={
            **os.environ,
            "COUNTING_HASHER": str(looked_at),
            "LOGIN_SERVER_FILE": str(tmp_path / "ratelimit.sqlite3"),
            "XDG_RUNTIME_DIR": str(tmp_path),
        },
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        with ThreadPoolExecutor(CROWD) as pool:
            statuses = Counter(pool.map(lambda number: ask(port, basic(number)), range(GUESSES)))
    finally:
        server.terminate()
        server.wait(PATIENCE)
    assert statuses == {401: 5, 429: GUESSES - 5}
    assert looked_at.read_text() == "....."


def basic(number: int) -> str:
    return "Basic " + b64encode(f"ada:wrong {number}".encode()).decode()


def ask(port: int, authorization: str = "") -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    fields = {"Host": "www.example.com"}
    if authorization:
        fields["Authorization"] = authorization
    connection.request("GET", "/api/", headers=fields)
    status = connection.getresponse().status
    connection.close()
    return status


def wait_for(port: int) -> None:
    until = monotonic() + PATIENCE
    while True:
        try:
            assert ask(port) == 401
            return
        except OSError:
            assert monotonic() < until
            sleep(0.1)
