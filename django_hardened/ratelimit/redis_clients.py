"""Clients of redis-py for counting: kept, light, and never waited for."""

from __future__ import annotations

from copy import copy
from inspect import Parameter, signature
from typing import Any

from redis import ConnectionPool, Redis, RedisCluster
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
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


# redis-py before 5.3 asks which command a connection is for; later, that is deprecated.
_get = signature(ConnectionPool.get_connection).parameters.get("command_name")
_FOR = ("EVALSHA",) if _get is not None and _get.default is Parameter.empty else ()


def send(client: Any, *command: bytes) -> Any:
    """Send ``command`` and return the answer.

    Packing it here, and leaving out what ``execute_command`` does for all others, saves a third of
    the time; the pool still minds forks, threads and connections that were closed.
    """
    if isinstance(client, RedisCluster):
        name, *arguments = command  # by its name it finds the node, and it wants that as text
        return client.execute_command(name.decode(), *arguments)  # type: ignore[no-untyped-call]
    pool = client.connection_pool
    connection = pool.get_connection(*_FOR)
    try:
        parts = (b"$%d\r\n%b\r\n" % (len(part), part) for part in command)
        connection.send_packed_command([b"*%d\r\n" % len(command) + b"".join(parts)])
        return connection.read_response()
    finally:
        pool.release(connection)


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
    }
    nodes = [
        ClusterNode(node.host, node.port)  # type: ignore[no-untyped-call]
        for node in known.startup_nodes.values()
    ]
    return RedisCluster(
        startup_nodes=nodes,
        address_remap=known.address_remap,
        retry=Retry(NoBackoff(), 0),
        **options,
    )


def _without_ties(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key not in _OF_THE_OTHER_POOL}
