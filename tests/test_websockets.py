"""WebSockets on real servers, through ``HostPinning`` and without: bytes on a socket."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from host_attacks.servers import accepts, free_port, running
from host_attacks.wire import Reply, exchange

UVICORN = ("uvicorn", "websocket_site:{application}", "--port={port}", "--lifespan=on")
# Which package each of them needs beside itself.
SERVERS = {
    "uvicorn websockets": ((*UVICORN, "--ws=websockets"), "websockets"),
    "uvicorn wsproto": ((*UVICORN, "--ws=wsproto"), "wsproto"),
    "daphne": (("daphne", "websocket_site:{application}", "--port={port}"), "autobahn"),
}
OURS = "Host: example.test"
GOOD, EVIL = "Origin: https://example.test", "Origin: https://evil.test"
HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",  # that of RFC 6455
    "Sec-WebSocket-Version: 13",
)
TEXT = 0x81  # a whole message in one frame


class Ports(NamedTuple):
    plain: int
    pinned: int


@pytest.fixture(scope="module", params=SERVERS)
def ports(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ports]:
    """Return the ports of a server with the bare application, and of one with the pin around it."""
    (module, *arguments), needed = SERVERS[request.param]
    for package in (module, needed):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    directory = tmp_path_factory.mktemp(module)
    with (
        _serving([module, *arguments], "plain", directory) as plain,
        _serving([module, *arguments], "pinned", directory) as pinned,
    ):
        yield Ports(plain, pinned)


@contextmanager
def _serving(arguments: list[str], application: str, directory: Path) -> Iterator[int]:
    port = free_port()
    filled = [part.format(port=port, application=application) for part in arguments]
    here = str(Path(__file__).resolve().parent)
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", *filled]
    environment = os.environ | {"PYTHONPATH": path}
    with running(command, port, directory, environment=environment, is_up=accepts):
        yield port


class Socket(NamedTuple):
    """What became of a handshake: its status, and what the application saw if it was accepted."""

    status: int
    hosts: list[str] | None = None
    echo: str | None = None


def connect(port: int, *fields: str, path: str = "/chat") -> Socket:
    """Shake hands; where that is accepted, also send a message and read it back."""
    lines = [f"GET {path} HTTP/1.1", *fields, *HANDSHAKE, "", ""]
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as connection,
        connection.makefile("rwb") as stream,
    ):
        stream.write("\r\n".join(lines).encode("latin-1"))
        stream.flush()
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", stream.readline())
        assert status
        if status[1] != b"101":
            return Socket(int(status[1]))
        while stream.readline() != b"\r\n":
            pass
        facts = json.loads(_message(stream.read))
        # Masked with zeros, which changes nothing.
        stream.write(bytes([TEXT, 0x80 | 5, 0, 0, 0, 0]) + b"hello")
        stream.flush()
        return Socket(101, facts["hosts"], _message(stream.read))


def _message(read: Callable[[int], bytes]) -> str:
    kind, length = read(2)
    assert kind == TEXT
    assert length < 126  # more is told in another way
    return read(length).decode()


def ask(port: int, *fields: str) -> Reply:
    lines = ["GET /page HTTP/1.1", *fields, "Connection: close", "", ""]
    return exchange(port, "\r\n".join(lines).encode("latin-1"))


# -- WebSockets ----------------------------------------------------------------------------------


def test_an_ordinary_one_is_accepted_and_works(ports: Ports) -> None:
    for port in ports:
        assert connect(port, OURS, GOOD) == Socket(101, ["example.test"], "hello")


@pytest.mark.parametrize("host", ["evil.test", "sub.example.test", "example.test.evil.test"])
def test_a_foreign_host_with_a_good_origin(ports: Ports, host: str) -> None:
    assert connect(ports.plain, f"Host: {host}", GOOD) == Socket(101, [host], "hello")
    assert connect(ports.pinned, f"Host: {host}", GOOD).status == 403


@pytest.mark.parametrize(
    "host", ["example.test:1234", "EXAMPLE.test", "example.test.", "Example.Test.:65535"]
)
def test_a_spelling_is_pinned(ports: Ports, host: str) -> None:
    assert connect(ports.plain, f"Host: {host}", GOOD).hosts == [host]
    assert connect(ports.pinned, f"Host: {host}", GOOD).hosts == ["example.test"]


@pytest.mark.parametrize("origin", [EVIL, "Origin: null", "Origin: https://example.test.evil.test"])
def test_a_page_of_somebody_else_is_kept_out(ports: Ports, origin: str) -> None:
    assert connect(ports.plain, OURS, origin).status == 101
    assert connect(ports.pinned, OURS, origin).status == 403


def test_a_trusted_origin_and_none_are_let_in(ports: Ports) -> None:
    assert connect(ports.pinned, OURS, "Origin: https://app.test").status == 101
    assert connect(ports.pinned, OURS).status == 101


@pytest.mark.parametrize(
    "fields", [(), (OURS, OURS), (OURS, "Host: evil.test"), ("Host: evil.test", OURS)]
)
def test_none_and_two_hosts_are_refused(ports: Ports, fields: tuple[str, ...]) -> None:
    # Some servers refuse that themselves, others accept it or join the two with a comma.
    assert connect(ports.pinned, *fields, GOOD).status in (400, 403)


@pytest.mark.parametrize("path", ["/x/../chat", "/x/%2e%2e/chat", "/./chat"])
def test_a_path_that_could_be_another_is_refused(ports: Ports, path: str) -> None:
    assert connect(ports.plain, OURS, GOOD, path=path).status == 101
    assert connect(ports.pinned, OURS, GOOD, path=path).status == 403


def test_other_fields_are_no_host(ports: Ports) -> None:
    lies = ("X-Forwarded-Host: evil.test", "Forwarded: host=evil.test")
    assert connect(ports.pinned, OURS, GOOD, *lies).hosts == ["example.test"]


# -- Everything else through the same wrapper ----------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"), [("evil.test", 421), ("a_b.test", 400), ("127.1", 400)]
)
def test_a_request_is_refused_as_well(ports: Ports, host: str, status: int) -> None:
    reply = ask(ports.pinned, f"Host: {host}")
    assert ask(ports.plain, f"Host: {host}").status == 200
    assert reply.status == status
    assert reply.fields["cache-control"] == "no-store"


def test_a_request_is_pinned_as_well(ports: Ports) -> None:
    assert json.loads(ask(ports.pinned, "Host: Example.test.:1234").body)["hosts"] == [
        "example.test"
    ]


def test_the_start_of_the_server_is_passed_on(ports: Ports, request: pytest.FixtureRequest) -> None:
    started = [json.loads(ask(port, OURS).body)["started"] for port in ports]
    # daphne has no lifespan: https://github.com/django/daphne/issues/264
    assert started == ([False] * 2 if "daphne" in request.node.name else [True] * 2)
