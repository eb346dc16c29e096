"""200 wrong passwords through gunicorn: as many are checked as the rate says, even at once."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode

import pytest
from host_attacks.servers import free_port
from logins_support import COUNTED, basic

pytest.importorskip("gunicorn")

TESTS = Path(__file__).parent
SETTINGS = """
from django_hardened.env import Env
from django_hardened.settings import hardened_settings

globals().update(hardened_settings(
    Env({{
        "HARDENED_ENVIRONMENT": "test",
        "SECRET_KEY": "{key}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DATABASE_URL": "sqlite:///{folder}/db.sqlite3",
    }}),
    RATELIMIT_ENABLE=True,
    PASSWORD_HASHERS=["logins_support.CountingHasher"],
    HARDENED_LOGIN_RATES={{"account": "5/m", "address": "5/m"}},
))
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes",
                  "django.contrib.sessions", "rest_framework", "rest_framework.authtoken"]
ROOT_URLCONF = "logins_support"
HARDENED_RATELIMIT_FILE = "{folder}/limits/counts.sqlite3"
"""
PREPARE = """
import django; django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
call_command("migrate", verbosity=0)
User.objects.create_user("ada", password="right")
"""


class Site:
    """gunicorn with four workers of four threads."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.counted = folder / "counted"
        (folder / "limits").mkdir(mode=0o700)
        (folder / "site_settings.py").write_text(
            SETTINGS.format(folder=folder, key="k" * 60), encoding="utf-8"
        )
        path = [str(folder), str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
        self.environ = os.environ | {
            "DJANGO_SETTINGS_MODULE": "site_settings",
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            COUNTED: str(self.counted),
        }
        subprocess.run([sys.executable, "-c", PREPARE], env=self.environ, check=True)
        self.counted.write_bytes(b"")
        arguments = ["-m", "gunicorn", "-w", "4", "--threads", "4", "-b", f"127.0.0.1:{self.port}"]
        app = "django.core.wsgi:get_wsgi_application()"
        self.process = subprocess.Popen(
            [sys.executable, *arguments, "--log-level", "error", app],
            env=self.environ,
            stderr=subprocess.DEVNULL,
        )
        self._wait()

    def _wait(self) -> None:
        end = monotonic() + 60
        while monotonic() < end and self.process.poll() is None:
            with suppress(OSError):
                if self.send("GET", "/plain/") == 200:
                    return
            sleep(0.1)
        raise AssertionError("gunicorn did not start")

    def send(self, method: str, path: str, body: str = "", **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def log_in(self, password: str) -> int:
        body = urlencode({"username": "ada", "password": password})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", "/custom/", body, **kind)

    def basic(self, password: str) -> int:
        return self.send("GET", "/api/", Authorization=basic("ada", password))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    try:
        yield site
    finally:
        site.stop()


@pytest.mark.parametrize("width", [1, 64])
@pytest.mark.parametrize(("way", "wrong"), [("log_in", 400), ("basic", 401)])
def test_200_wrong_passwords(site: Site, way: str, wrong: int, width: int) -> None:
    attempt = getattr(site, way)
    with ThreadPoolExecutor(width) as pool:
        statuses = Counter(pool.map(attempt, map(str, range(200))))
    assert site.counted.stat().st_size == 5
    assert statuses == {wrong: 5, 429: 195}
    assert attempt("right") == 429
    assert site.counted.stat().st_size == 5


def test_right_passwords_are_none_too_many(site: Site) -> None:
    """In turn: at once, no more than five can be under way."""
    assert {site.log_in("right") for _ in range(100)} == {200}
    assert {site.basic("right") for _ in range(100)} == {200}
