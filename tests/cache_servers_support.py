"""Redis and Memcached, each started for the tests on a free port of this machine."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from shutil import which
from time import monotonic, sleep
from typing import Any

import pytest

_PATIENCE = 20
_BACKENDS = "django.core.cache.backends."
_SERVERS = {
    "redis": ("redis-server", "redis", f"{_BACKENDS}redis.RedisCache", "redis://127.0.0.1:{port}"),
    "memcached": (
        "memcached",
        "pymemcache",
        f"{_BACKENDS}memcached.PyMemcacheCache",
        "127.0.0.1:{port}",
    ),
}
KINDS = ["locmem", *_SERVERS]


@contextmanager
def cache_server(kind: str) -> Iterator[dict[str, Any]]:
    """Yield the entry of ``CACHES`` for a server of its own, of which nothing is left behind."""
    if kind == "locmem":
        yield {"BACKEND": f"{_BACKENDS}locmem.LocMemCache", "LOCATION": "tenants"}
        return
    program, library, backend, location = _SERVERS[kind]
    executable = which(program)
    if executable is None:
        pytest.skip(f"{program} is not installed")
    if find_spec(library) is None:
        pytest.skip(f"the library {library} is not installed")
    port = _free_port()
    process = subprocess.Popen([executable, *_options(kind, port)], stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield {"BACKEND": backend, "LOCATION": location.format(port=port)}
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _options(kind: str, port: int) -> list[str]:
    if kind == "memcached":
        # Memcached does not run as root unless a user is named.
        return ["-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "16", "-u", "nobody"]
    return ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = monotonic() + _PATIENCE
    while monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        sleep(0.05)
    raise AssertionError(f"the server on port {port} did not start")
