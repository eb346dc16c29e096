"""Counts in Redis, on real servers: one, a cluster, and one that a sentinel names."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import which
from time import monotonic, sleep
from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from host_attacks.servers import free_port
from hypothesis import given, settings
from servers_support import Server, ask, await_cluster, cluster, server
from stores_support import (
    Clock,
    admitted_at_once,
    admitted_in_any_window,
    assert_agrees,
    entry,
    histories,
)

from django_hardened.ratelimit.decisions import Entry, StoreUnavailable
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
RIGHTS = "~hardened:rl:* +evalsha +eval +get +set +del +time"


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


def _close(store: RedisStore) -> None:
    for connections in store._client._idle.values():
        while connections:
            connections.pop().disconnect()


# -- As the model --------------------------------------------------------------------------------


@many
@given(history=histories())
def test_the_script_does_what_the_window_does(kept: Any, history: Any) -> None:
    kept.flushall()
    clock = Clock()
    store = RedisStore(lambda: kept, clock=clock)

    def state_of(one: Entry) -> bytes | None:
        lifetime = lifetime_of(one.limit) / 1_000
        state: bytes | None = kept.get(_key(one))
        assert state is None or lifetime - 60_000 < kept.pttl(_key(one)) <= lifetime + 1
        return state

    assert_agrees(store, clock, history, state_of)


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


@pytest.mark.parametrize("number", [1, 3, 10])
def test_one_round_trip_for_any_number_of_limits(store: RedisStore, kept: Any, number: int) -> None:
    """By the server's own count, and the last limit is the one that refuses."""
    limited = [entry(str(each), Limit(100 - each, 3600)) for each in range(number)]
    store.hit(limited, 1)
    for cost, refused in [(1, 0), (100 - number, 1)]:
        kept.config_resetstat()
        assert sum(standing.wait > 0 for standing in store.hit(limited, cost)) == refused
        asked = {name: counted["calls"] for name, counted in kept.info("commandstats").items()}
        del asked["cmdstat_config|resetstat"]
        inside = {"cmdstat_time": 1, "cmdstat_get": number}
        if not refused:
            inside["cmdstat_set"] = number
        assert asked == {"cmdstat_evalsha": 1} | inside


def test_what_is_refused_takes_no_memory(store: RedisStore, kept: Any) -> None:
    full, other = entry("full", Limit(5, 3600)), entry("other", HOUR)
    store.hit([full], 5)
    state, taken = kept.get(_key(full)), kept.memory_usage(_key(full))
    for _ in range(50):
        assert store.hit([full], 1)[0].wait
        assert store.hit([other, full], 1)[1].wait
    assert kept.get(_key(full)) == state
    assert kept.memory_usage(_key(full)) == taken
    assert kept.dbsize() == 1


def test_what_says_nothing_any_more_expires(store: RedisStore, kept: Any) -> None:
    short, long = entry("short", Limit(5, 1)), entry("long", HOUR)
    store.hit([short, long], 1)
    assert lifetime_of(HOUR) / 1_000 - 5_000 < kept.pttl(_key(long)) <= lifetime_of(HOUR) / 1_000
    end = monotonic() + 60
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


def test_something_else_under_the_key_counts_as_nothing(store: RedisStore, kept: Any) -> None:
    """It must not be an error: one client's key would take the server from all others."""
    limited = [entry("any", HOUR), entry("other", HOUR)]
    kept.lpush(_key(limited[1]), "x")
    assert [standing.remaining for standing in store.hit(limited, 1)] == [99, 99]
    assert [standing.remaining for standing in store.hit(limited, 1)] == [98, 98]
    assert kept.type(_key(limited[1])) == b"string"


@pytest.mark.parametrize("command", ["get", "set", "time"])
def test_who_may_not_count_is_told(own: tuple[Server, RedisStore], command: str) -> None:
    """An error of any other kind must not count as nothing: that would admit everybody."""
    running, _ = own
    limited = [entry("any", HOUR), entry("other", HOUR)]
    with redis.Redis(port=running.port) as client:
        client.execute_command(
            "ACL", "SETUSER", "few", "on", ">secret", *RIGHTS.split(), f"-{command}"
        )
    few = impatient(redis.Redis(port=running.port, username="few", password="secret"))
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            RedisStore(lambda: few).hit(limited, 1)
    few.connection_pool.disconnect()


def test_a_new_server_is_given_the_script_once(own: tuple[Server, RedisStore]) -> None:
    """Restarted between two hits, and before anybody noticed."""
    running, store = own
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    running.kill()
    running.start_again()
    assert [store.hit(limited, 1)[0].remaining for _ in range(3)] == [99, 98, 97]
    with redis.Redis(port=running.port) as client:
        asked = client.info("commandstats")
    assert asked["cmdstat_eval"]["calls"] == 1
    assert asked["cmdstat_evalsha"]["calls"] == 3


def test_a_server_without_room_is_a_failure(own: tuple[Server, RedisStore]) -> None:
    """Where nothing is evicted, and writing is refused."""
    running, store = own
    store.hit([entry("any", HOUR)], 1)
    with redis.Redis(port=running.port) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailable, match="OutOfMemoryError"):
            store.hit([entry("other", HOUR)], 1)
        client.config_set("maxmemory", 0)
    assert store.hit([entry("any", HOUR)], 1)[0].remaining == 98


def test_valkey_counts_as_redis_does() -> None:
    with server("valkey") as running, redis.Redis(port=running.port, protocol=2) as kept:
        store = RedisStore(lambda: kept)

        @settings(max_examples=50, deadline=None)
        @given(history=histories())
        def check(history: Any) -> None:
            kept.flushall()
            clock = Clock()
            model = RedisStore(lambda: kept, clock=clock)
            assert_agrees(model, clock, history, lambda one: kept.get(_key(one)))

        check()
        kept.script_flush()
        limited = [entry("any", HOUR)]
        assert admitted_at_once(store, limited, processes=8, threads=4, hits=20) == 100
        assert kept.memory_usage(_key(limited[0])) <= 400


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
    running.hang()
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


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    """A certificate for this machine, and its key."""
    program = which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    paths = {name: str(tmp_path / name) for name in ("cert", "key")}
    new = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=counts".split()
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", paths["key"], "-out", paths["cert"]]
    subprocess.run([program, *new, *names, *files], check=True, capture_output=True)
    return paths


def test_the_rights_are_those_that_the_documentation_has() -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "rate-limit-stores.md"
    assert f"ACL SETUSER counts on >secret {RIGHTS}\n" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("backend", ALIASES)
def test_tls_and_a_user_who_may_no_more_than_count(
    backend: str, certificate: dict[str, str]
) -> None:
    if backend == "django-redis":
        pytest.importorskip("django_redis", reason="the library django-redis is not installed")
    port = free_port()
    tls = ["--tls-cert-file", certificate["cert"], "--tls-key-file", certificate["key"]]
    ca = ["--tls-ca-cert-file", certificate["cert"], "--tls-auth-clients", "no"]
    user = ["--user", "counts", "on", ">se:cret", *RIGHTS.split(), "--user", "default", "off"]
    with server("redis", "--tls-port", str(port), *tls, *ca, *user):
        location = f"rediss://counts:se%3Acret@127.0.0.1:{port}/0"
        config = {**ALIASES[backend], "LOCATION": f"{location}?ssl_ca_certs={certificate['cert']}"}
        with override_settings(CACHES={"default": config}):
            store = from_cache(caches["default"])
            limited = [entry("any", HOUR), entry("other", HOUR)]
            standings = store.hit(limited, 1)
            store.take_back(limited, 1, [standing.quantum for standing in standings])
            assert [standing.remaining for standing in store.hit(limited, 1)] == [99, 99]
            store.clear(limited)
            assert store.hit(limited, 0)[0].remaining == 100
            _close(store)
        # Whom the certificate does not satisfy is not told the password.
        with (
            override_settings(CACHES={"default": {**config, "LOCATION": location}}),
            pytest.raises(StoreUnavailable, match="ConnectionError"),
        ):
            from_cache(caches["default"]).hit(limited, 1)
        wrong = config["LOCATION"].replace("se%3A", "")
        with (
            override_settings(CACHES={"default": {**config, "LOCATION": wrong}}),
            pytest.raises(StoreUnavailable, match="AuthenticationError"),
        ):
            from_cache(caches["default"]).hit(limited, 1)


def test_by_a_socket_in_a_folder() -> None:
    with tempfile.TemporaryDirectory() as folder:  # its path has to be short
        path = f"{folder}/socket"
        with server("redis", "--unixsocket", path, "--requirepass", "secret"):
            config = {**ALIASES["Django"], "LOCATION": f"unix://:secret@{path}?db=2"}
            with override_settings(CACHES={"default": config}):
                store = from_cache(caches["default"])
                assert store.hit([entry("any", HOUR)], 1)[0].remaining == 99
                connection = store._client.connection_pool.make_connection()
                assert (connection.db, connection.socket_timeout) == (2, TIMEOUT)
                _close(store)


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
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    with cluster(3, tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


@pytest.fixture
def patient(nodes: list[Server]) -> Iterator[Any]:
    """A client of the cluster as a project has it."""
    ClusterFactory.nodes = [ClusterNode("127.0.0.1", nodes[0].port)]
    client = ClusterFactory.client()
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def counting(patient: Any) -> Iterator[RedisStore]:
    client = impatient(patient)
    yield RedisStore(lambda: client)
    client.close()


def _apart(client: Any) -> list[Entry]:
    """Return one entry on each of the nodes."""
    entries = (entry(f"of {number}", HOUR, f"client {number}") for number in range(1_000))
    by_node = {client.get_node_from_key(_key(one)).port: one for one in entries}
    return list(by_node.values())


@settings(max_examples=50, deadline=None)
@given(history=histories(back=False))
def test_a_cluster_is_asked_once_for_each_client(nodes: list[Server], history: Any) -> None:
    with redis.RedisCluster(port=nodes[0].port, host="127.0.0.1") as client:
        client.flushall()
        clock = Clock()
        # Not the same bytes: what is undone was there.
        assert_agrees(RedisStore(lambda: client, clock=clock), clock, history, None)


def test_what_one_client_has_is_on_one_node(counting: RedisStore, patient: Any) -> None:
    limited = [entry(str(number), HOUR) for number in range(5)]
    assert len({patient.keyslot(_key(one)) for one in limited}) == 1
    patient.config_resetstat(target_nodes="primaries")
    counting.hit(limited, 1)
    stats = patient.info("commandstats", target_nodes="primaries").values()
    asked = [stat["cmdstat_evalsha"]["calls"] for stat in stats if "cmdstat_evalsha" in stat]
    assert asked == [1]


@pytest.mark.parametrize("full", [0, 1, 2])
def test_what_one_node_refuses_is_undone_on_the_others(
    counting: RedisStore, patient: Any, full: int
) -> None:
    limited = _apart(patient)
    assert len(limited) == 3
    counting.hit([limited[full]], 100)
    standings = counting.hit(limited, 1)
    assert [bool(standing.wait) for standing in standings] == [n == full for n in range(3)]
    expected = [0 if number == full else 100 for number in range(3)]
    assert [standing.remaining for standing in standings] == expected
    assert [standing.remaining for standing in counting.hit(limited, 0)] == expected


def test_a_cluster_counts_exactly_n_of_n(patient: Any, nodes: list[Server]) -> None:
    slow = redis.RedisCluster(host="127.0.0.1", port=nodes[0].port, socket_timeout=60)
    store = RedisStore(lambda: slow)
    limited = _apart(patient)
    store.hit([entry("before the fork", HOUR)], 1)
    narrow = limited[0]._replace(limit=Limit(30, 3600))
    assert admitted_at_once(store, [limited[1], narrow], processes=4, threads=4, hits=10) <= 30
    assert store.hit([narrow], 0)[0].remaining == 0
    assert admitted_at_once(store, [limited[2]], processes=8, threads=4, hits=20) == 100
    slow.close()


def test_a_slot_that_has_moved(counting: RedisStore, patient: Any, nodes: list[Server]) -> None:
    here, there, _ = _apart(patient)
    counting.hit([here, there], 1)
    counting.clear([here])
    node = patient.get_node_from_key(_key(there))
    identity = ask(next(n for n in nodes if n.port == node.port), "CLUSTER MYID").split()[1]
    for each in nodes:
        ask(each, f"CLUSTER SETSLOT {patient.keyslot(_key(here))} NODE {identity}")
    assert [standing.remaining for standing in counting.hit([here, there], 1)] == [99, 98]


def test_a_client_of_a_cluster_is_impatient_too(counting: RedisStore) -> None:
    limited = [entry("any", HOUR, "one"), entry("any other", HOUR, "other")]
    assert [standing.remaining for standing in counting.hit(limited, 1)] == [99, 99]
    for node in counting._client.get_nodes():
        connection = node.redis_connection.connection_pool.make_connection()
        assert connection.socket_timeout == connection.socket_connect_timeout == TIMEOUT


def test_a_node_that_is_killed(counting: RedisStore, patient: Any, nodes: list[Server]) -> None:
    limited = _apart(patient)
    counting.hit(limited, 1)
    dead = next(n for n in nodes if n.port == patient.get_node_from_key(_key(limited[1])).port)
    dead.kill()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            counting.hit(limited, 1)
    dead.start_again()
    await_cluster(nodes)
    assert counting.hit([limited[1]], 1)[0].remaining == 99


class ClusterFactory:
    """What makes django-redis use a cluster, as docs/how-to/rate-limit-stores.md has it."""

    nodes: list[ClusterNode] = []

    def __init__(self, options: dict[str, Any]) -> None:
        pass

    @classmethod
    def client(cls) -> Any:
        return redis.RedisCluster(startup_nodes=cls.nodes)

    def connect(self, url: str) -> Any:
        return self.client()

    def disconnect(self, connection: Any) -> None:
        connection.close()


@pytest.fixture
def clustered() -> Iterator[Any]:
    pytest.importorskip("django_redis", reason="the library django-redis is not installed")
    factory = f"{__name__}.ClusterFactory"
    config = {**ALIASES["django-redis"], "LOCATION": "redis://127.0.0.1:1"}
    with override_settings(CACHES={"default": config}, DJANGO_REDIS_CONNECTION_FACTORY=factory):
        yield lambda: from_cache(caches["default"])


@pytest.mark.usefixtures("patient")
def test_a_cache_on_a_cluster(clustered: Any) -> None:
    store = clustered()
    limited = [entry("any", HOUR, "one"), entry("any other", HOUR, "other")]
    assert [standing.remaining for standing in store.hit(limited, 1)] == [99, 99]
    assert isinstance(store._client, redis.RedisCluster)
    store._client.close()
    caches["default"].client.get_client(write=True).close()


def test_a_cache_on_a_cluster_that_is_away_at_first(clustered: Any, patient: Any) -> None:
    nodes, ClusterFactory.nodes = ClusterFactory.nodes, [ClusterNode("127.0.0.1", free_port())]
    store = clustered()
    limited = [entry("any", HOUR)]
    with pytest.raises(StoreUnavailable, match="RedisClusterException"):
        store.hit(limited, 1)
    ClusterFactory.nodes = nodes
    assert store.hit(limited, 1)[0].remaining == 99
    store._client.close()
    caches["default"].client.get_client(write=True).close()


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


def test_a_cache_whose_server_a_sentinel_names(running: Server, tmp_path: Path) -> None:
    pytest.importorskip("django_redis", reason="the library django-redis is not installed")
    file = tmp_path / "sentinel.conf"
    file.write_text(f"sentinel monitor counts 127.0.0.1 {running.port} 1\n")
    with server("sentinel", str(file)) as sentinel:
        options = {
            "CLIENT_CLASS": "django_redis.client.SentinelClient",
            "SENTINELS": [("127.0.0.1", sentinel.port)],
        }
        location = "redis://counts/5"
        config = {**ALIASES["django-redis"], "LOCATION": location, "OPTIONS": options}
        factory = "django_redis.pool.SentinelConnectionFactory"
        with override_settings(CACHES={"default": config}, DJANGO_REDIS_CONNECTION_FACTORY=factory):
            store = from_cache(caches["default"])
            assert store.hit([entry("any", HOUR)], 1)[0].remaining == 99
            connection = store._client.connection_pool.make_connection()
            assert (connection.db, connection.socket_timeout) == (5, TIMEOUT)
            _close(store)
            for each in store._client.connection_pool.sentinel_manager.sentinels:
                each.connection_pool.disconnect()
