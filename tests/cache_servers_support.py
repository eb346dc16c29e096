"""The entries of ``CACHES`` for servers that were started for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import pytest
from servers_support import server

_BACKENDS = "django.core.cache.backends."
_SERVERS = {
    "redis": ("redis", f"{_BACKENDS}redis.RedisCache", "redis://127.0.0.1:{port}"),
    "memcached": ("pymemcache", f"{_BACKENDS}memcached.PyMemcacheCache", "127.0.0.1:{port}"),
}
KINDS = ["locmem", *_SERVERS]


@contextmanager
def cache_server(kind: str) -> Iterator[dict[str, Any]]:
    """Yield the entry of ``CACHES`` for a server of its own, of which nothing is left behind."""
    if kind == "locmem":
        yield {"BACKEND": f"{_BACKENDS}locmem.LocMemCache", "LOCATION": "tenants"}
        return
    library, backend, location = _SERVERS[kind]
    if find_spec(library) is None:
        pytest.skip(f"the library {library} is not installed")
    with server(kind) as running:
        yield {"BACKEND": backend, "LOCATION": location.format(port=running.port)}
