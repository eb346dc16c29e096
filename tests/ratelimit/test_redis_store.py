"""Counts in Redis, on real servers: one, a cluster, and one that a sentinel names."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from hypothesis import given, settings
from servers_support import Server, free_port, server
from stores_support import (
    Clock,
    admitted_at_once,
    admitted_in_any_window,
    assert_agrees,
    entry,
    histories,
)

from django_hardened.ratelimit.decisions import StoreUnavailable
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.windows import lifetime_of

redis = pytest.importorskip("redis", reason="the library redis is not installed")

from redis.cluster import ClusterNode  # noqa: E402
from redis.sentinel import Sentinel  # noqa: E402

from django_hardened.ratelimit.redis_clients import TIMEOUT, impatient  # noqa: E402
from django_hardened.ratelimit.redis_store import RedisStore, _key, from_cache  # noqa: E402
from django_hardened.ratelimit.shared_stores import shared_store  # noqa: E402

many = settings(max_examples=150, deadline=None)
HOUR = Limit(100, 3600)


class OwnCache(RedisCache):
    """What a project makes of Django's."""


ALIASES = {
    "Django": {"BACKEND": "django.core.cache.backends.redis.RedisCache"},
    "a subclass": {"BACKEND": f"{__name__}.OwnCache"},
    "django-redis": {"BACKEND": "django_redis.cache.RedisCache"},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server("redis") as running:
        yield running


@pytest.fixture(scope="module")
def kept(running: Server) -> Iterator[Any]:
    """A client that waits as long as it takes: a crowd of clients is no dead server."""
    with redis.Redis(port=running.port, protocol=2, max_connections=2**31) as client:
        yield client


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    if "running" in request.fixturenames:
        request.getfixturevalue("kept").flushall()


@pytest.fixture
def store(kept: Any) -> RedisStore:
    return RedisStore(lambda: kept)


@pytest.fixture
def own() -> Iterator[tuple[Server, RedisStore]]:
    """A server that a test may do anything to."""
    with server("redis") as running:
        client = impatient(redis.Redis(port=running.port))
        yield running, RedisStore(lambda: client)
        client.connection_pool.disconnect()


# -- As the model --------------------------------------------------------------------------------


@many
@given(history=histories())
def test_the_script_does_what_the_window_does(kept: Any, history: Any) -> None:
    kept.flushall()
    clock = Clock()
    store = RedisStore(lambda: kept, clock=clock)
    assert_agrees(store, clock, history, lambda entry: kept.get(_key(entry)))


def test_the_clock_is_that_of_the_server(store: RedisStore, kept: Any) -> None:
    seconds, _ = kept.time()
    [standing] = store.hit([entry("any", Limit(5, 64))], 1)
    assert 0 <= standing.quantum - seconds <= 5


def test_no_limits(store: RedisStore) -> None:
    assert store.hit([], 1) == []
    store.take_back([], 1, [])
    store.clear([])


@pytest.mark.parametrize("state", [b"", b"x" * 141, b"\xff" * 142, b"\x01" + b"\x00" * 141])
def test_a_state_that_nobody_wrote_is_no_error(store: RedisStore, kept: Any, state: bytes) -> None:
    limited = entry("any", HOUR)
    kept.set(_key(limited), state)
    [standing] = store.hit([limited], 1)
    assert standing.remaining >= 0


# -- All at once ---------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [8, 16])
def test_exactly_n_of_n(store: RedisStore, processes: int) -> None:
    store.hit([entry("before the fork", HOUR)], 1)
    limited = [entry("any", HOUR)]
    assert admitted_at_once(store, limited, processes=processes, threads=4, hits=20) == 100


def test_all_or_nothing(store: RedisStore) -> None:
    limited = [entry(str(amount), Limit(amount, 3600)) for amount in (50, 30, 70)]
    assert admitted_at_once(store, limited, processes=4, threads=4, hits=10) == 30
    assert [standing.remaining for standing in store.hit(limited, 0)] == [20, 0, 40]


def test_never_more_than_n_in_any_window(store: RedisStore) -> None:
    assert admitted_in_any_window(store, Limit(20, 1), seconds=3.5) == 20


# -- What it costs -------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [10, 100, 1_000, 10_000, 100_000, 10_000_000])
def test_a_client_costs_at_most_400_bytes(store: RedisStore, kept: Any, amount: int) -> None:
    limited = entry("any", Limit(amount, 3600))
    store.hit([limited], amount)
    taken = kept.memory_usage(_key(limited))
    store.hit([limited] * 5, 1)
    assert kept.memory_usage(_key(limited)) == taken <= 400
    assert kept.dbsize() == 1


def test_one_round_trip_for_any_number_of_limits(store: RedisStore, kept: Any) -> None:
    limited = [entry(str(number), HOUR) for number in range(5)]
    store.hit(limited, 1)
    kept.config_resetstat()
    store.hit(limited, 1)
    store.hit(limited, 101)
    asked = kept.info("commandstats")
    assert asked["cmdstat_evalsha"]["calls"] == 2
    inside = {"cmdstat_time", "cmdstat_get", "cmdstat_set"}
    assert set(asked) == {"cmdstat_config|resetstat", "cmdstat_evalsha"} | inside


def test_what_says_nothing_any_more_expires(store: RedisStore, kept: Any) -> None:
    short, long = entry("short", Limit(5, 1)), entry("long", HOUR)
    store.hit([short, long], 1)
    assert lifetime_of(HOUR) / 1_000 - 5_000 < kept.pttl(_key(long)) <= lifetime_of(HOUR) / 1_000
    end = monotonic() + 10
    while kept.exists(_key(short)) and monotonic() < end:
        sleep(0.05)
    assert not kept.exists(_key(short))


# -- When something is wrong ---------------------------------------------------------------------


def test_the_script_is_loaded_again(store: RedisStore, kept: Any) -> None:
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    kept.script_flush()
    assert store.hit(limited, 1)[0].remaining == 98


def test_connections_that_the_server_has_closed(own: tuple[Server, RedisStore]) -> None:
    running, store = own
    limited = [entry("any", HOUR)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: store.hit(limited, 1), range(20)))
    with redis.Redis(port=running.port) as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert store.hit(limited, 1)[0].remaining == 79


def test_an_answer_that_is_an_error_costs_no_connection(store: RedisStore, kept: Any) -> None:
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    before = kept.info("stats")["total_connections_received"]
    kept.script_flush()
    store.hit(limited, 1)
    assert kept.info("stats")["total_connections_received"] == before


def test_a_child_has_connections_of_its_own(store: RedisStore, kept: Any) -> None:
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    before = kept.info("stats")["total_connections_received"]
    assert admitted_at_once(store, limited, processes=2, threads=1, hits=5) == 10
    assert kept.info("stats")["total_connections_received"] == before + 2
    assert store.hit(limited, 1)[0].remaining == 88


def test_something_else_under_the_key(store: RedisStore, kept: Any) -> None:
    limited = [entry("any", HOUR), entry("other", HOUR)]
    kept.lpush(_key(limited[1]), "x")
    with pytest.raises(StoreUnavailable, match="ResponseError"):
        store.hit(limited, 1)
    assert not kept.exists(_key(limited[0]))
    store.clear(limited)
    assert store.hit(limited, 1)[0].remaining == 99


def test_killed_and_started_again(own: tuple[Server, RedisStore]) -> None:
    running, store = own
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    running.kill()
    for call in _calls(store):
        with pytest.raises(StoreUnavailable, match="ConnectionError"):
            call()
    running.start_again()
    assert store.hit(limited, 1)[0].remaining == 99


def test_hung(own: tuple[Server, RedisStore]) -> None:
    running, store = own
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    running.process.send_signal(signal.SIGSTOP)
    for call in _calls(store):
        with pytest.raises(StoreUnavailable, match="TimeoutError"):
            call()
    running.process.send_signal(signal.SIGCONT)
    with redis.Redis(port=running.port) as client:
        client.ping()
    assert store.hit(limited, 1)[0].remaining <= 99


def _calls(store: RedisStore) -> list[Callable[[], Any]]:
    limited = [entry("any", HOUR)]
    return [
        lambda: store.hit(limited, 1),
        lambda: store.take_back(limited, 1, [1]),
        lambda: store.clear(limited),
    ]


def test_after_a_failover_it_connects_anew(own: tuple[Server, RedisStore]) -> None:
    running, store = own
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    with redis.Redis(port=running.port) as client:
        client.replicaof("127.0.0.1", str(free_port()))
        with pytest.raises(StoreUnavailable, match="read-only"):
            store.hit(limited, 1)
        assert "_client" not in vars(store)
        client.replicaof("NO", "ONE")
    assert store.hit(limited, 1)[0].remaining == 98


# -- From a cache --------------------------------------------------------------------------------


@pytest.fixture(params=ALIASES)
def alias(request: pytest.FixtureRequest, running: Server) -> Iterator[Any]:
    """A cache that is patient, and tries again."""
    if request.param == "django-redis":
        pytest.importorskip("django_redis", reason="the library django-redis is not installed")
        options = {"CONNECTION_POOL_KWARGS": {"socket_timeout": 30, "retry_on_timeout": True}}
    else:
        options = {"socket_timeout": 30, "retry_on_timeout": True, "decode_responses": True}
    replica = f"redis://127.0.0.1:{free_port()}/0"
    location = [f"redis://127.0.0.1:{running.port}/3?health_check_interval=1", replica]
    config = {**ALIASES[request.param], "LOCATION": location, "OPTIONS": options}
    with override_settings(CACHES={"default": config}):
        yield caches["default"]
        caches["default"].close()


def test_the_client_is_its_own_and_is_kept(alias: Any, kept: Any) -> None:
    store = shared_store(alias)
    assert isinstance(store, RedisStore)
    client = store._client
    before = kept.info("stats")["total_connections_received"]
    for _ in range(10):
        store.hit([entry("any", HOUR)], 1)
    assert kept.info("stats")["total_connections_received"] == before + 1
    assert store._client is client
    connection = client.connection_pool.make_connection()
    assert connection.socket_timeout == connection.socket_connect_timeout == TIMEOUT
    assert connection.retry._retries == connection.health_check_interval == 0
    assert connection.db == 3
    client.connection_pool.disconnect()


def test_a_cache_that_spreads_its_keys() -> None:
    pytest.importorskip("django_redis", reason="the library django-redis is not installed")
    config = {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": ["redis://127.0.0.1:1", "redis://127.0.0.1:2"],
        "OPTIONS": {"CLIENT_CLASS": "django_redis.client.ShardClient"},
    }
    with (
        override_settings(CACHES={"default": config}),
        pytest.raises(ImproperlyConfigured, match="ShardClient"),
    ):
        from_cache(caches["default"])


def test_other_caches_are_not_counted_on() -> None:
    config = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    with override_settings(CACHES={"default": config}):
        assert shared_store(caches["default"]) is None


# -- A cluster, and a sentinel -------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A cluster of one: it refuses keys of different slots as one of many does."""
    folder = str(tmp_path_factory.mktemp("cluster"))
    # Its second port would else be the first and 10,000, which may be none.
    options = ("--cluster-enabled", "yes", "--dir", folder, "--cluster-port", str(free_port()))
    with server("redis", *options) as running:
        with redis.Redis(port=running.port) as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            end = monotonic() + 10
            while client.cluster("INFO")["cluster_state"] != "ok" and monotonic() < end:
                sleep(0.05)
        patient = redis.RedisCluster(startup_nodes=[ClusterNode("127.0.0.1", running.port)])
        yield patient
        patient.close()


@settings(max_examples=50, deadline=None)
@given(history=histories(back=False))
def test_a_cluster_is_asked_once_for_each_client(cluster: Any, history: Any) -> None:
    cluster.flushall()
    clock = Clock()
    store = RedisStore(lambda: cluster, clock=clock)
    assert_agrees(store, clock, history, None)


def test_a_client_of_a_cluster_is_impatient_too(cluster: Any) -> None:
    client = impatient(cluster)
    store = RedisStore(lambda: client)
    limited = [entry("any", HOUR, "one"), entry("any other", HOUR, "other")]
    assert [standing.remaining for standing in store.hit(limited, 1)] == [99, 99]
    [node] = client.get_nodes()
    connection = node.redis_connection.connection_pool.make_connection()
    assert connection.socket_timeout == connection.socket_connect_timeout == TIMEOUT
    client.close()


def test_a_cluster_that_is_away() -> None:
    nodes = [ClusterNode("127.0.0.1", free_port())]
    store = RedisStore(lambda: redis.RedisCluster(startup_nodes=nodes))
    with pytest.raises(StoreUnavailable, match="RedisClusterException"):
        store.hit([entry("any", HOUR)], 1)


def test_a_sentinel_names_the_server(running: Server, tmp_path: Path) -> None:
    file = tmp_path / "sentinel.conf"
    file.write_text(f"sentinel monitor counts 127.0.0.1 {running.port} 1\n")
    with server("sentinel", str(file)) as sentinel:
        named = Sentinel([("127.0.0.1", sentinel.port)], socket_timeout=30)
        client = impatient(named.master_for("counts"))
        assert RedisStore(lambda: client).hit([entry("any", HOUR)], 1)[0].remaining == 99
        manager = client.connection_pool.sentinel_manager
        kwargs = manager.sentinels[0].connection_pool.connection_kwargs
        assert kwargs["socket_timeout"] == TIMEOUT
        assert named.sentinels[0].connection_pool.connection_kwargs["socket_timeout"] == 30
        client.connection_pool.disconnect()
        manager.sentinels[0].connection_pool.disconnect()
