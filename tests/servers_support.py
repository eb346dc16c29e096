"""Redis, Valkey and Memcached, each started for a test on a free port of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from time import monotonic, sleep

import pytest
from host_attacks.servers import free_port

_PATIENCE = 60
_PROGRAMS = {
    "redis": "redis-server",
    "sentinel": "redis-server",
    "valkey": "valkey-server",
    "memcached": "memcached",
}
_SLOTS = 16384


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

    def hang(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # until it has stopped

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


@contextmanager
def cluster(size: int, folder: Path) -> Iterator[list[Server]]:
    """Yield so many nodes of a Redis Cluster, which have the slots in equal parts."""
    with ExitStack() as stack:
        nodes, ports = [], []
        for number in range(size):
            place = folder / str(number)
            place.mkdir()
            # The second port would else be the first and 10,000, which may be none.
            ports.append(str(free_port()))
            options = ["--cluster-enabled", "yes", "--dir", str(place), "--cluster-port", ports[-1]]
            nodes.append(stack.enter_context(server("redis", *options)))
            first, after = (_SLOTS * edge // size for edge in (number, number + 1))
            ask(nodes[-1], f"CLUSTER ADDSLOTSRANGE {first} {after - 1}")
            ask(nodes[-1], f"CLUSTER SET-CONFIG-EPOCH {number + 1}")
            ask(nodes[0], f"CLUSTER MEET 127.0.0.1 {nodes[-1].port} {ports[-1]}")
        await_cluster(nodes)
        yield nodes


def await_cluster(nodes: Sequence[Server]) -> None:
    end = monotonic() + _PATIENCE
    while not all(_is_whole(ask(node, "CLUSTER INFO")) for node in nodes):
        assert monotonic() < end, "the nodes have not found each other"
        sleep(0.05)


def _is_whole(info: str) -> bool:
    return "cluster_state:ok" in info and f"cluster_slots_ok:{_SLOTS}" in info


def ask(running: Server, command: str) -> str:
    """Return what Redis or Memcached answers, by a connection that no client's pool knows."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=_PATIENCE) as connection:
        connection.sendall(f"{command}\r\nquit\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")


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
