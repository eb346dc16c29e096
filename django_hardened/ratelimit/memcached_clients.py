"""Raw clients of Memcached for counting: bytes as they are, safe in threads, never waited for.

Django's own would pickle, wait for seconds, and look for another server when one is down: there
every count would begin anew.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from threading import local
from typing import Any

TIMEOUT = 0.1  # a decision that takes longer is worth less than the request it holds up
Found = Mapping[str, tuple[bytes, Any]]  # a state, and the token that says it is still the same


class Client(ABC):
    """What counting needs of a client. Any method may raise one of ``errors``."""

    errors: tuple[type[Exception], ...]

    @abstractmethod
    def gets(self, keys: Sequence[str]) -> Found:
        """Return the states that there are, each with its token."""

    @abstractmethod
    def add(self, key: str, state: bytes, expiry: int) -> bool:
        """Store ``state`` if there is none."""

    @abstractmethod
    def replace(self, key: str, state: bytes, token: Any, expiry: int) -> bool:
        """Store ``state`` if ``token`` is still that of what is stored."""

    @abstractmethod
    def delete(self, keys: Iterable[str]) -> None:
        """Forget the states."""

    @abstractmethod
    def reset(self) -> None:
        """Drop what is connected and idle: after an error it leads to a server of the past."""


class PyMemcache(Client):
    """A pool of connections to each server, begun anew after a fork."""

    _OPTIONS = ("socket_module", "socket_keepalive", "pool_idle_timeout", "tls_context")

    def __init__(self, servers: Sequence[Any], options: Mapping[str, Any]) -> None:
        # Where it is installed.
        from pymemcache import (  # noqa: PLC0415
            MemcacheError,
            MemcacheUnexpectedCloseError,
            PooledClient,
        )

        self.errors = (MemcacheError, OSError, ValueError)
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
        by_node = defaultdict(list)
        for key in keys:
            by_node[self._node(key)].append(key)
        found: dict[str, tuple[bytes, Any]] = {}
        for node, group in by_node.items():
            found |= self._ask(node, "gets_many", group)
        return found

    def add(self, key: str, state: bytes, expiry: int) -> bool:
        return bool(self._ask(self._node(key), "add", key, state, expire=expiry))

    def replace(self, key: str, state: bytes, token: Any, expiry: int) -> bool:
        return bool(self._ask(self._node(key), "cas", key, state, token, expire=expiry))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._ask(self._node(key), "delete", key)

    def reset(self) -> None:
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


_BEHAVIORS = {
    "cas": True,
    "tcp_nodelay": True,
    "connect_timeout": int(TIMEOUT * 1_000),
    "_poll_timeout": int(TIMEOUT * 1_000),
    "send_timeout": int(TIMEOUT * 1_000_000),
    "receive_timeout": int(TIMEOUT * 1_000_000),
    "retry_timeout": 1,
    "auto_eject": False,
    "num_replicas": 0,
    "no_block": False,
    "buffer_requests": False,
}


class PyLibMC(Client):
    """A client for each thread, begun anew after a fork: libmemcached is not safe in threads."""

    def __init__(self, servers: Sequence[Any], options: Mapping[str, Any]) -> None:
        import pylibmc  # noqa: PLC0415  # where it is installed

        self._library = pylibmc
        self.errors = (pylibmc.Error, OSError, ValueError)
        self._servers = servers
        behaviors = {**options.get("behaviors", {}), **_BEHAVIORS}
        # It is off unless asked for, and libmemcached does not let it be set to off.
        behaviors.pop("remove_failed", None)
        self._options = {**options, "behaviors": behaviors}
        self._local = local()
        self._resets = 0

    def gets(self, keys: Sequence[str]) -> Found:
        client = self._client
        pairs = [(key, client.gets(key)) for key in keys]
        return {key: pair for key, pair in pairs if isinstance(pair[0], bytes)}

    def add(self, key: str, state: bytes, expiry: int) -> bool:
        return bool(self._client.add(key, state, time=expiry))

    def replace(self, key: str, state: bytes, token: Any, expiry: int) -> bool:
        try:
            return bool(self._client.cas(key, state, token, time=expiry))
        except self._library.NotFound:
            return False

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._client.delete(key)

    def reset(self) -> None:
        # Each thread makes its client anew: libmemcached itself would meet every connection that is
        # dead, and leave a server alone for a while, which is for the failure policy to decide.
        self._resets += 1

    @property
    def _client(self) -> Any:
        # Those of other processes are kept: to let go of one is to say goodbye to its server.
        clients = vars(self._local)
        process, resets = str(os.getpid()), self._resets
        made_after, client = clients.get(process, (None, None))
        if made_after != resets:
            client = self._library.Client(self._servers, **self._options)
            clients[process] = (resets, client)
        return client
