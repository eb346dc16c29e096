"""Redis and Memcached, each started for a test on a free port of this machine."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from shutil import which
from time import monotonic, sleep

import pytest

_PATIENCE = 20
_PROGRAMS = {"redis": "redis-server", "sentinel": "redis-server", "memcached": "memcached"}


@dataclass
class Server:
    """A process that listens on ``port``."""

    arguments: list[str]
    port: int
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        # Whatever state it is in: one that is stopped does not hear anything else.
        self.process.kill()
        self.process.wait(_PATIENCE)

    def start_again(self) -> None:
        self.process = _started(self.arguments, self.port)


@contextmanager
def server(kind: str, *options: str) -> Iterator[Server]:
    """Yield a server of its own, of which nothing is left behind."""
    program = _PROGRAMS[kind]
    executable = which(program)
    if executable is None:
        pytest.skip(f"{program} is not installed")
    port = free_port()
    arguments = [executable, *options, *_options(kind, port)]
    running = Server(arguments, port, _started(arguments, port))
    try:
        yield running
    finally:
        running.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _options(kind: str, port: int) -> list[str]:
    if kind == "memcached":
        # Memcached does not run as root unless a user is named.
        return ["-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "16", "-u", "nobody"]
    options = ["--port", str(port), "--bind", "127.0.0.1"]
    return [*options, "--sentinel"] if kind == "sentinel" else [*options, "--save", ""]


def _started(arguments: list[str], port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    end = monotonic() + _PATIENCE
    while monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process
        sleep(0.05)
    process.kill()
    process.wait(_PATIENCE)
    raise AssertionError(f"the server on port {port} did not start")
