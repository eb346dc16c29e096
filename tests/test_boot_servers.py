"""Real servers on five unsafe settings files and a safe one: who starts, and who answers.

Several at a time, each on a port of its own, are started and asked until they answer or end.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from host_attacks.servers import free_port

# Seconds: until a server has ended or answered; and for how long one whose supervisor goes on is
# asked after a worker of it has been refused.
PATIENCE = 60
RESPAWNING = 3
AT_A_TIME = 8

FIELDS = b"Host: www.example.com\r\nConnection: close\r\n\r\n"

SAFE = """\
from django_hardened.env import Env
from django_hardened.settings import hardened_settings

globals().update(
    hardened_settings(
        Env(
            {
                "SECRET_KEY": "k3y-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL_eYuIoRtKwXqMnBv-9d",
                "ALLOWED_HOSTS": "www.example.com",
                "DATABASE_URL": "postgres://site:pa55-f0r-a-test@db.example.com/site?sslmode=require",
                "EMAIL_URL": "smtp+tls://mailer:p4ss@smtp.example.com:587",
            }
        )
    )
)
INSTALLED_APPS = [
    "django_hardened",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]
ROOT_URLCONF = "urls"
SECURE_SSL_REDIRECT = False
HARDENED_EDGE = {"ssl_redirect"}
"""
URLS = """\
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("served"))]
"""
APPLICATION = """\
from django_hardened.{kind} import get_{kind}_application

application = get_{kind}_application()
"""

# What is added to the safe file, and what the server has to say about it.
UNSAFE = {
    "debug": ("DEBUG = True", "django_hardened.E001"),
    "templates": (
        "TEMPLATES = [{'BACKEND': 'django.template.backends.django.DjangoTemplates',"
        " 'OPTIONS': {'autoescape': False}}]",
        "django_hardened.E030",
    ),
    "key": ("SECRET_KEY = 'django-insecure-' + 'change me ' * 5", "django_hardened.E01"),
    "hosts": ("ALLOWED_HOSTS = ['*']", "django_hardened.E10"),
    "development": ("HARDENED_ENVIRONMENT = 'development'", "HARDENED_DEV_SERVERS"),
}
SERVERS = {
    "gunicorn": ["-m", "gunicorn", "wsgi", "--bind=127.0.0.1:{port}"],
    "uvicorn": ["-m", "uvicorn", "asgi:application", "--port={port}"],
    "daphne": ["-m", "daphne", "asgi:application", "--port={port}"],
    "granian": ["-m", "granian", "asgi:application", "--interface=asginl", "--port={port}"],
}
# Their supervisors start one worker after the other, or wait for one that has ended.
SWALLOWERS = {
    "uvicorn --workers 2": [*SERVERS["uvicorn"], "--workers=2"],
    "hypercorn": ["-m", "hypercorn", "asgi:application", "--bind=127.0.0.1:{port}"],
}
# The server below runserver, started by a program of one's own.
WSGIREF = [
    "-c",
    "from wsgiref.simple_server import make_server; from wsgi import application; "
    "make_server('127.0.0.1', {port}, application).serve_forever()",
]
# Servers that the gate does not know by name: what they are shows at the first request.
UNKNOWN = {
    "twist": [
        *("-m", "twisted", "web", "--wsgi=wsgi.application"),
        "--listen=tcp:{port}:interface=127.0.0.1",
    ],
    "a script with daphne": [
        "-c",
        "from daphne.server import Server; from asgi import application; "
        "Server(application, endpoints=['tcp:port={port}:interface=127.0.0.1']).run()",
    ],
}
UNKNOWN_SERVES = {"development": "HARDENED_DEV_SERVERS", "testing": "for test suites"}
OURS = {
    "gunicorn": [*SERVERS["gunicorn"], "--config=python:django_hardened.gunicorn"],
    "uvicorn": ["-m", "django_hardened.uvicorn", *SERVERS["uvicorn"][2:]],
}
CASES = {
    **{
        (server, settings): command
        for server, command in SERVERS.items()
        for settings in ("safe", *UNSAFE)
    },
    **{(server, "debug"): command for server, command in SWALLOWERS.items()},
}


class Outcome(NamedTuple):
    """What came of a server: what it answered first, its exit status, and what it printed."""

    answer: bytes
    status: int | None
    output: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("booting")
    files = {"safe": SAFE, "urls": URLS}
    files |= {name: f"from safe import *\n\n{line}\n" for name, (line, _) in UNSAFE.items()}
    files["testing"] = "from safe import *\n\nHARDENED_ENVIRONMENT = 'test'\n"
    files["named"] = f"from development import *\n\nHARDENED_DEV_SERVERS = {['twisted', '-c']}\n"
    files |= {kind: APPLICATION.format(kind=kind) for kind in ("wsgi", "asgi")}
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def outcomes(site: Path) -> Iterator[dict[tuple[str, str], Future[Outcome]]]:
    with ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
        yield {
            (server, settings): pool.submit(_run, site, settings, command)
            for (server, settings), command in CASES.items()
            if find_spec(server.partition(" ")[0])
        }


def _run(site: Path, settings: str, command: list[str]) -> Outcome:
    """Start a server, ask it until it answers or ends, and end it."""
    with _started(site, settings, command) as (server, port, log):
        answer = _ask(server, port, log if command in SWALLOWERS.values() else None)
        status = server.poll()
    return Outcome(answer, status, log.read_text(errors="replace"))


@contextmanager
def _started(
    site: Path, settings: str, command: list[str]
) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """Start a server in a process group of its own, and end all of it."""
    port = free_port()
    log = site / f"{port}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, *(part.format(port=port) for part in command)],
            cwd=site,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": settings, "XDG_RUNTIME_DIR": str(site)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield server, port, log
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(server.pid, number)
            with suppress(subprocess.TimeoutExpired):
                server.wait(timeout=3)


def _ask(server: subprocess.Popen[bytes], port: int, log: Path | None = None) -> bytes:
    """Ask until there is an answer or the server has ended.

    With a log, for a server that need not end: until some time after its first refusal.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = exchange(port, b"GET / HTTP/1.1\r\n" + FIELDS)
        if answer or server.poll() is not None:
            return answer
        if log and b"UnsafeDeployment" in log.read_bytes():
            until = min(until, time.monotonic() + RESPAWNING)
            log = None
        time.sleep(0.1)
    return b""


def exchange(port: int, request: bytes) -> bytes:
    """Return the answer up to its end, or nothing where nobody listens or answers."""
    answer = b""
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=2) as connection,
    ):
        with suppress(OSError):  # a server may refuse before it has read all of it
            connection.sendall(request)
        while piece := connection.recv(65536):
            answer += piece
    return answer


def _outcome(
    outcomes: dict[tuple[str, str], Future[Outcome]], server: str, settings: str
) -> Outcome:
    if (server, settings) not in outcomes:
        pytest.skip(f"{server.partition(' ')[0]} is not installed")
    return outcomes[server, settings].result()


@pytest.mark.parametrize("settings", UNSAFE)
@pytest.mark.parametrize("server", SERVERS)
def test_an_unsafe_server_ends_and_has_answered_nothing(
    outcomes: dict[tuple[str, str], Future[Outcome]], server: str, settings: str
) -> None:
    outcome = _outcome(outcomes, server, settings)

    assert outcome.answer == b""
    assert outcome.status, outcome.output  # neither 0 nor still running
    assert UNSAFE[settings][1] in outcome.output


@pytest.mark.parametrize("server", SERVERS)
def test_a_safe_server_serves(
    outcomes: dict[tuple[str, str], Future[Outcome]], server: str
) -> None:
    outcome = _outcome(outcomes, server, "safe")

    assert outcome.answer.startswith(b"HTTP/1.1 200 OK\r\n"), outcome.output
    assert "CRITICAL" not in outcome.output


@pytest.mark.parametrize("server", SWALLOWERS)
def test_where_a_supervisor_goes_on_nothing_is_answered(
    outcomes: dict[tuple[str, str], Future[Outcome]], server: str
) -> None:
    outcome = _outcome(outcomes, server, "debug")

    assert outcome.answer == b""
    assert "django_hardened.E001" in outcome.output


def test_wsgiref_starts_and_serves_nothing(site: Path) -> None:
    outcome = _run(site, "safe", WSGIREF)

    head, _, body = outcome.answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 503 Service Unavailable\r\n")
    assert b"Cache-Control: no-store" in head
    assert body == b"This server must not serve this site. Its log says why.\n"
    assert outcome.output.count("CRITICAL") == 1


@pytest.mark.parametrize("settings", UNKNOWN_SERVES)
@pytest.mark.parametrize("server", UNKNOWN)
def test_a_server_of_another_name_starts_and_serves_nothing(
    site: Path, server: str, settings: str
) -> None:
    pytest.importorskip("daphne")  # which brings twist
    outcome = _run(site, settings, UNKNOWN[server])

    head, _, body = outcome.answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n"), outcome.output
    assert b"cache-control: no-store" in head.lower()
    assert body == b"This server must not serve this site. Its log says why.\n"
    assert UNKNOWN_SERVES[settings] in outcome.output


@pytest.mark.parametrize("settings", ["safe", "named"])
@pytest.mark.parametrize("server", UNKNOWN)
def test_a_server_of_another_name_serves_production_and_where_it_is_named(
    site: Path, server: str, settings: str
) -> None:
    pytest.importorskip("daphne")
    outcome = _run(site, settings, UNKNOWN[server])
    assert outcome.answer.startswith(b"HTTP/1.1 200 OK\r\n"), outcome.output


# -- The server configurations of this package ---------------------------------------------------


class Served(NamedTuple):
    answer: bytes
    oversize: bytes
    log: str


@pytest.fixture(scope="module", params=OURS)
def served(request: pytest.FixtureRequest, site: Path) -> Served:
    """Send a request full of secrets, and an oversize one, to a server with our configuration."""
    pytest.importorskip(request.param)
    with _started(site, "safe", OURS[request.param]) as (server, port, log):
        assert _ask(server, port)
        answer = exchange(
            port,
            b"GET /?token=s3cret-query HTTP/1.1\r\n"
            b"Referer: https://www.example.com/?token=s3cret-referer\r\n"
            b"Authorization: Basic czNjcmV0LXVzZXI6cGFzc3dvcmQ=\r\n"
            b"Cookie: sessionid=s3cret-cookie\r\nUser-Agent: probe/1.0\r\n" + FIELDS,
        )
        exchange(port, b"GET /a%0aforged%1b HTTP/1.1\r\n" + FIELDS)
        oversize = exchange(port, b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n" + FIELDS)
    return Served(answer, oversize, log.read_text())


def test_our_configuration_names_no_server(served: Served) -> None:
    head = served.answer.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 200 ok")
    assert b"\nserver:" not in head


def test_our_configuration_limits_the_request_line(served: Served) -> None:
    assert served.oversize.startswith(b"HTTP/1.1 4")


@pytest.mark.current_versions  # before 5.2.2 Django itself logged such a path as it came
def test_our_access_log_has_one_line_per_request_and_no_secret(served: Served) -> None:
    assert "s3cret" not in served.log
    assert '"GET / HTTP/1.1" 200' in served.log
    assert not [line for line in served.log.splitlines() if line.startswith("forged")]
