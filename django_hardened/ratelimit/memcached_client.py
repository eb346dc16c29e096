"""A raw client of Memcached for counting: bytes as they are, safe in threads, never waited for.

Django's own would pickle, wait for seconds, and look for another server when one is down: there
every count would begin anew. It is pymemcache's whichever library the cache has: libmemcached,
which is below pylibmc, answers a ``get`` that failed with "there is no such key", and now and then
never returns from a command after a server was started again (libmemcached issue 130).
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

TIMEOUT = 0.1  # a decision that takes longer is worth less than the request it holds up
Found = Mapping[str, tuple[bytes, Any]]  # a state, and the token that says it is still the same


class Client:
    """A pool of connections to each server, begun anew after a fork.

    Any method may raise one of ``errors``.

    Raises:
        ImportError: pymemcache is not installed.
    """

    _OPTIONS = ("socket_module", "socket_keepalive", "pool_idle_timeout", "tls_context")

    def __init__(self, servers: Sequence[Any], options: Mapping[str, Any]) -> None:
        # Where it is installed.
        from pymemcache import (  # noqa: PLC0415
            MemcacheError,
            MemcacheUnexpectedCloseError,
            PooledClient,
        )

        self.errors: tuple[type[Exception], ...] = (MemcacheError, OSError, ValueError)
        self._closed = (MemcacheUnexpectedCloseError, ConnectionError)
        self._client_class = PooledClient
        self._nodes = {str(server): server for server in servers}
        self._options = {name: options[name] for name in self._OPTIONS if name in options} | {
            "connect_timeout": TIMEOUT,
            "timeout": TIMEOUT,
            "no_delay": True,
            "default_noreply": False,
        }
        self._pools: dict[int, dict[str, Any]] = {}

    def gets(self, keys: Sequence[str]) -> Found:
        """Return the states that there are, each with its token."""
        by_node = defaultdict(list)
        for key in keys:
            by_node[self._node(key)].append(key)
        found: dict[str, tuple[bytes, Any]] = {}
        for node, group in by_node.items():
            found |= self._ask(node, "gets_many", group)
        return found

    def add(self, key: str, state: bytes, expiry: int) -> bool:
        """Store ``state`` if there is none."""
        return bool(self._ask(self._node(key), "add", key, state, expire=expiry))

    def replace(self, key: str, state: bytes, token: Any, expiry: int) -> bool:
        """Store ``state`` if ``token`` is still that of what is stored."""
        return bool(self._ask(self._node(key), "cas", key, state, token, expire=expiry))

    def delete(self, keys: Iterable[str]) -> None:
        """Forget the states."""
        for key in keys:
            self._ask(self._node(key), "delete", key)

    def reset(self) -> None:
        """Drop what is connected and idle: after an error it leads to a server of the past."""
        for client in self._connected.values():
            _drop_idle(client)

    def _ask(self, node: str, method: str, *arguments: Any, **options: Any) -> Any:
        """Ask once more where the server has closed the connection meanwhile.

        Had it heard the command after all, the hit is counted twice, which admits nobody too much.
        """
        client = self._connected[node]
        try:
            return getattr(client, method)(*arguments, **options)
        except self._closed:
            _drop_idle(client)  # they are as old
            return getattr(client, method)(*arguments, **options)

    def _node(self, key: str) -> str:
        # Rendezvous hashing: a server more, or less, moves the keys of that server only. Not by a
        # checksum, whose order of the servers depends on a few bits of the key.
        return max(self._nodes, key=lambda node: blake2b(f"{node} {key}".encode()).digest())

    @property
    def _connected(self) -> dict[str, Any]:
        process = os.getpid()
        if process not in self._pools:
            pools = {n: self._client_class(at, **self._options) for n, at in self._nodes.items()}
            self._pools.setdefault(process, pools)
        return self._pools[process]


def _drop_idle(client: Any) -> None:
    pool = client.client_pool
    for _ in pool.free:
        pool.destroy(pool.get())
