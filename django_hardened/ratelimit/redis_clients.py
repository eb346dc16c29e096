"""Clients of redis-py for counting: kept, light, and never waited for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from copy import copy
from typing import Any

from redis import ConnectionPool, Redis, RedisCluster
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import ConnectionError, ResponseError
from redis.retry import Retry
from redis.sentinel import SentinelConnectionPool

TIMEOUT = 0.1  # a decision that takes longer is worth less than the request it holds up
# Whatever the alias says: it may be patient, for what it caches is slow to make.
_IMPATIENT: dict[str, Any] = {
    "socket_timeout": TIMEOUT,
    "socket_connect_timeout": TIMEOUT,
    "retry": None,
    "retry_on_timeout": False,
    "retry_on_error": [],
    "health_check_interval": 0,  # a round trip more; the pool sees by itself what is closed
    # Nothing here needs RESP3, with which redis-py lets servers stretch the timeouts.
    "protocol": 2,
}
_OF_THE_OTHER_POOL = {
    "connection_pool",
    "maint_notifications_config",
    "maint_notifications_pool_handler",
    "redis_connect_func",  # of a cluster's client, which has one of its own
}


class Connections:
    """Connections of a pool that are kept: the last one used is the next one.

    redis-py's pool looks at each before and after, locks, and counts for whoever observes it, which
    takes longer than all else that a decision does here.
    """

    def __init__(self, pool: Any) -> None:
        self.connection_pool = pool
        self._idle: dict[int, list[Any]] = {}  # by process: a child must not use, nor close, ours

    def send(self, *command: bytes) -> Any:
        """Send ``command`` and return the answer.

        One that the server has closed meanwhile is noticed only here: then the command is sent once
        more. Had it been heard after all, it is counted twice, which admits nobody too much.
        """
        idle = self._idle.setdefault(os.getpid(), [])
        packed = _packed(command)
        try:
            connection = idle.pop()
        except IndexError:
            return self._ask(idle, self._connected(), packed)
        try:
            return self._ask(idle, connection, packed)
        except ConnectionError:
            idle.clear()  # they are as old
            return self._ask(idle, self._connected(), packed)

    def _connected(self) -> Any:
        connection = self.connection_pool.make_connection()
        connection.connect()
        return connection

    def _ask(self, idle: list[Any], connection: Any, packed: bytes) -> Any:
        try:
            connection.send_packed_command([packed], check_health=False)
            answer = connection.read_response()
        except ResponseError:
            idle.append(connection)
            raise
        except BaseException:
            connection.disconnect()  # an answer may be on its way that is for nobody
            raise
        idle.append(connection)
        return answer


def _packed(command: Sequence[bytes]) -> bytes:
    parts = [b"$%d\r\n%b\r\n" % (len(part), part) for part in command]
    return b"*%d\r\n" % len(command) + b"".join(parts)


def send(client: Any, *command: bytes) -> Any:
    """Send ``command`` by :class:`Connections`, or to a cluster, and return the answer."""
    if isinstance(client, Connections):
        return client.send(*command)
    name, *arguments = command  # by its name it finds the node, and it wants that as text
    return client.execute_command(name.decode(), *arguments)


def kept(client: Any) -> Any:
    """Return what :func:`send` sends by, for an impatient client."""
    return client if isinstance(client, RedisCluster) else Connections(client.connection_pool)


def impatient(client: Any) -> Any:
    """Return a client of the same servers that shares no connection with ``client``."""
    if isinstance(client, RedisCluster):
        return _cluster(client)
    return Redis(connection_pool=_pool(client.connection_pool))


def _pool(pool: Any) -> ConnectionPool:
    # Threads bound how many connections there are; a pool that runs out is no dead server.
    options = {
        **_without_ties(pool.connection_kwargs),
        **_IMPATIENT,
        "connection_class": pool.connection_class,
        "max_connections": 2**31,
    }
    if isinstance(pool, SentinelConnectionPool):
        manager = copy(pool.sentinel_manager)
        manager.sentinels = [impatient(sentinel) for sentinel in manager.sentinels]
        return SentinelConnectionPool(  # type: ignore[no-untyped-call]
            pool.service_name, manager, **options
        )
    return ConnectionPool(**options)


def _cluster(client: Any) -> RedisCluster:
    known = client.nodes_manager
    connect = client.user_on_connect_func
    options = {
        **_without_ties(known.connection_kwargs),
        **{key: _IMPATIENT[key] for key in ("socket_timeout", "socket_connect_timeout")},
        **({"redis_connect_func": connect} if connect else {}),
        "protocol": 2,
        "startup_nodes": [
            ClusterNode(node.host, node.port)  # type: ignore[no-untyped-call]
            for node in known.startup_nodes.values()
        ],
        "address_remap": known.address_remap,
        "retry": Retry(NoBackoff(), 0),
    }
    made = RedisCluster(**options)
    vars(made)["cluster_error_retry_attempts"] = 0  # in the place of "retry", before redis-py 6
    return made


def _without_ties(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key not in _OF_THE_OTHER_POOL}
