"""The example site under real servers: WSGI and ASGI give the same answers."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

EXAMPLE = Path(__file__).resolve().parent.parent / "example_project"
HOST = "blog.example.com"
SERVERS = {
    "gunicorn": ["gunicorn", "example.wsgi", "--workers=1", "--threads=2", "--bind=fd://{fd}"],
    "uvicorn": [
        "uvicorn",
        "example.asgi:application",
        "--fd={fd}",
        "--lifespan=off",
        # Whom to believe is decided once, in HARDENED_TRUSTED_PROXIES.
        "--no-proxy-headers",
    ],
}
PROXY_FIELDS = (("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "192.0.2.1"))
REFUSED = {
    400: "Bad Request\n",
    421: "Misdirected Request\n",
}


class Answer(NamedTuple):
    status: int
    body: str
    cache_control: str | None


class Site(NamedTuple):
    port: int

    def get(self, path: str, *fields: tuple[str, str]) -> Answer:
        """Send exactly these header fields, after those of the proxy that ends TLS."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest("GET", path, skip_host=True)
            for name, value in (*PROXY_FIELDS, *fields):
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            return Answer(
                response.status, response.read().decode(), response.getheader("Cache-Control")
            )
        finally:
            connection.close()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    directory = tmp_path_factory.mktemp("site")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "example.settings",
        "HARDENED_ENVIRONMENT": "production",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": HOST,
        "DATABASE_URL": f"sqlite:///{directory}/db.sqlite3",
        "EMAIL_URL": "smtp+tls://blog:unused@mail.example.com:587",
        "HARDENED_TRUSTED_PROXIES": "127.0.0.1",
        "XDG_RUNTIME_DIR": str(directory),
    }
    for command in (["migrate", "--verbosity=0"], ["demo_data"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=EXAMPLE,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return environment


@pytest.fixture(scope="module", params=SERVERS)
def site(
    request: pytest.FixtureRequest,
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    log = tmp_path_factory.mktemp("log") / "server.log"
    with serving(SERVERS[request.param], environment, log) as port:
        yield Site(port)


@contextmanager
def serving(command: list[str], environment: dict[str, str], log: Path) -> Iterator[int]:
    """Run a server on a socket that listens already: the first request waits until it is up."""
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        port = listener.getsockname()[1]
        module, *arguments = (part.format(fd=listener.fileno()) for part in command)
        server = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=EXAMPLE,
            env=environment,
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield port
    finally:
        server.terminate()
        server.wait(timeout=60)


SPELLINGS = [
    pytest.param([("Host", HOST)], id="plain"),
    pytest.param([("Host", HOST.upper())], id="upper case"),
    pytest.param([("Host", f"{HOST}.")], id="trailing dot"),
    pytest.param([("Host", f"{HOST}:1")], id="odd port"),
    pytest.param([("Host", f"{HOST}.:65535")], id="dot and port"),
    pytest.param([("Host", f"{HOST}:443")], id="default port"),
    pytest.param([("Host", HOST), ("X-Forwarded-Host", f"{HOST}:99")], id="forwarded port"),
    pytest.param([("Host", HOST), ("X-Forwarded-Port", "4443")], id="X-Forwarded-Port"),
    pytest.param([("Host", HOST), ("Forwarded", "host=evil.example")], id="Forwarded"),
    pytest.param([("Host", HOST), ("X-Host", "evil.example")], id="X-Host"),
]


@pytest.mark.parametrize("fields", SPELLINGS)
def test_every_spelling_of_our_host_gets_the_same_page(
    site: Site, fields: list[tuple[str, str]]
) -> None:
    page = site.get("/posts/hello/", *fields)

    assert page.status == 200
    assert f'href="https://{HOST}/posts/hello/"' in page.body
    assert page.body == site.get("/posts/hello/", ("Host", HOST)).body


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param([("Host", "evil.example")], 421, id="foreign"),
        pytest.param([("Host", f"{HOST}.evil.example")], 421, id="ours as a prefix"),
        pytest.param([("Host", f"evil-{HOST}")], 421, id="ours as a suffix"),
        pytest.param([("Host", HOST), ("X-Forwarded-Host", "evil.example")], 421, id="forwarded"),
        pytest.param([("Host", "evil.example"), ("X-Forwarded-Host", HOST)], 200, id="by proxy"),
        pytest.param([("Host", f"evil@{HOST}")], 400, id="user information"),
        pytest.param([("Host", f"{HOST},evil.example")], 400, id="list"),
        pytest.param([("Host", f"{HOST}:99999")], 400, id="port out of range"),
        pytest.param([("Host", "127.1")], 400, id="abbreviated address"),
        pytest.param([("Host", HOST), ("X-Forwarded-Host", f"{HOST}, a.b")], 400, id="two hops"),
    ],
)
def test_other_hosts_are_refused_before_anything_is_cached(
    site: Site, fields: list[tuple[str, str]], status: int
) -> None:
    answer = site.get("/", *fields)

    assert answer.status == status
    if status != 200:
        assert answer == Answer(status, REFUSED[status], "no-store, max-age=0")
    front_page = site.get("/", ("Host", HOST))
    assert front_page.status == 200
    assert "evil" not in front_page.body


def test_a_stranger_gets_401_from_the_api(site: Site) -> None:
    answer = site.get("/api/posts/", ("Host", HOST))

    assert answer.status == 401
    assert "credentials" in answer.body
