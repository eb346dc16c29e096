"""Real servers, each with the attacked site, on a loopback port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

from host_attacks.corpus import corpus
from host_attacks.variants import Variant
from host_attacks.wire import TIMEOUT, exchange

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 60  # seconds until a server is up
_FIRST_PORT, _PORTS = 20_000, 12_000
_turns = count(997 * os.getpid())  # processes that run side by side begin far from each other

_WSGI, _ASGI = "host_attacks.site.wsgi", "host_attacks.site.asgi:application"
# Whom to believe is decided once, in HARDENED_TRUSTED_PROXIES: no server rewrites anything.
_UVICORN = ("uvicorn", _ASGI, "--port={port}", "--no-proxy-headers", "--lifespan=off")
COMMANDS = {
    "gunicorn": ("gunicorn", _WSGI, "--bind=127.0.0.1:{port}", "--forwarded-allow-ips="),
    "uvicorn h11": (*_UVICORN, "--http=h11"),
    "uvicorn httptools": (*_UVICORN, "--http=httptools"),
    "daphne": ("daphne", _ASGI, "--port={port}"),
}
# Its ASGI scope holds the path of an absolute target and nothing of the rest:
# https://github.com/encode/uvicorn/blob/master/uvicorn/protocols/http/httptools_impl.py
DROPS_AUTHORITY = frozenset({"uvicorn httptools"})
# What else a server needs to be of the kind that it is named for.
_NEEDED = {"uvicorn h11": "h11", "uvicorn httptools": "httptools"}


@dataclass(frozen=True)
class Setup:
    """A server and the settings of the site that it serves."""

    server: str
    stack: str = "hardened"
    hosts: str = "exact"
    declared_proxy: bool = False
    merges_alias: bool = False

    def variants(self) -> list[Variant]:
        return corpus(
            declared_proxy=self.declared_proxy,
            authority_seen=self.server not in DROPS_AUTHORITY,
        )

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "host_attacks.site.settings",
            "ATTACKS_STACK": self.stack,
            "ATTACKS_HOSTS": self.hosts,
            "ATTACKS_PROXIES": "127.0.0.1" if self.declared_proxy else "",
            "ATTACKS_ALIAS": "merged" if self.merges_alias else "",
        }


def missing(server: str) -> str | None:
    """Return the name of the package without which ``server`` cannot run, if it is not there."""
    needed = (COMMANDS[server][0], _NEEDED.get(server, "django"))
    return next((name for name in needed if find_spec(name) is None), None)


@contextmanager
def serving(setup: Setup, directory: Path) -> Iterator[int]:
    """Run the server until the end of the block, and yield its port."""
    port = free_port()
    module, *arguments = (part.format(port=port) for part in COMMANDS[setup.server])
    # gunicorn puts a control socket there.
    environment = setup.environment() | {"XDG_RUNTIME_DIR": str(directory)}
    command = [sys.executable, "-m", module, *arguments]
    with running(command, port, directory, environment=environment):
        yield port


def free_port() -> int:
    """Return a port for a server that is about to start; the next calls return others.

    Below those that connections are given (``ip_local_port_range`` of Linux): one that the kernel
    picks may be gone before the server has it.
    """
    while True:
        port = _FIRST_PORT + next(_turns) % _PORTS
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def answers(port: int) -> bool:
    """Whether there is a server, and the site behind it."""
    probe = b"GET /report/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    return bool(exchange(port, probe).status)


def accepts(port: int) -> bool:
    """Whether somebody listens, who may have no answer to just any request."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT):
        return True
    return False


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    directory: Path,
    *,
    environment: dict[str, str] | None = None,
    is_up: Callable[[int], bool] = answers,
) -> Iterator[None]:
    """Run a program until the end of the block, which begins when it ``is_up`` on ``port``."""
    log = directory / f"{port}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603
            command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        until = time.monotonic() + PATIENCE
        while not is_up(port):
            if time.monotonic() > until or server.poll() is not None:
                raise RuntimeError(f"no server: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=10)
        server.kill()
        server.wait()
