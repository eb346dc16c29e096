"""The store on Memcached: read, and replaced if nobody else has; exact on a real server."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from time import time
from typing import Any

import pytest
from django.core.cache import caches
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from servers_support import Server, server
from stores_support import (
    Clock,
    admitted_at_once,
    admitted_in_any_window,
    assert_agrees,
    entry,
    histories,
)

from django_hardened.ratelimit.decisions import StoreUnavailable
from django_hardened.ratelimit.memcached_clients import TIMEOUT, PyLibMC, PyMemcache
from django_hardened.ratelimit.memcached_store import (
    ATTEMPTS,
    MemcachedStore,
    _expiry,
    _key,
    from_cache,
)
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.windows import QUANTA, SECOND, quantum_of

# What pylibmc asks of its options in C, Python 3.13 calls an exception that nobody sees.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in PyMapping_HasKeyString:pytest.PytestUnraisableExceptionWarning"
)
HOUR = Limit(100, 3600)
LIBRARIES = {"pymemcache": PyMemcache, "pylibmc": PyLibMC}
BACKENDS = {
    "pymemcache": "django.core.cache.backends.memcached.PyMemcacheCache",
    "pylibmc": "django.core.cache.backends.memcached.PyLibMCCache",
}


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server("memcached") as running:
        yield running


@pytest.fixture(scope="module", params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param, reason=f"the library {request.param} is not installed")
    return str(request.param)


def client_of(library: str, *servers: Server) -> Any:
    return LIBRARIES[library]([f"127.0.0.1:{running.port}" for running in servers], {})


@pytest.fixture
def client(library: str, running: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client that waits as long as it takes: a crowd of clients is no dead server."""
    monkeypatch.setattr("django_hardened.ratelimit.memcached_clients.TIMEOUT", 30)
    monkeypatch.setattr(
        "django_hardened.ratelimit.memcached_clients._BEHAVIORS", {"cas": True, "tcp_nodelay": True}
    )
    client = client_of(library, running)
    _flush(running)
    yield client
    client.reset()


@pytest.fixture
def store(client: Any) -> MemcachedStore:
    return MemcachedStore(client)


def _flush(running: Server) -> None:
    _ask(running, b"flush_all\r\n", b"OK\r\n")


def _ask(running: Server, command: bytes, end: bytes) -> bytes:
    import socket

    answer = b""
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(command)
        while not answer.endswith(end):
            answer += connection.recv(65536)
    return answer


def statistics(running: Server) -> dict[str, int]:
    lines = _ask(running, b"stats\r\n", b"END\r\n").decode().splitlines()
    pairs = [line.split()[1:3] for line in lines if line.startswith("STAT ")]
    return {name: int(value) for name, value in pairs if value.isdigit()}


# -- As the model --------------------------------------------------------------------------------


@given(histories())
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_it_does_what_the_window_does(client: Any, running: Server, history: Any) -> None:
    _flush(running)
    clock = Clock()
    store = MemcachedStore(client, clock=clock)

    def state_of(limited: Any) -> bytes | None:
        state, _ = client.gets([_key(limited)]).get(_key(limited), (None, None))
        return state

    assert_agrees(store, clock, history, state_of)


@pytest.mark.parametrize("state", [b"x", b"x" * 141, b"\xff" * 142, b"\x01" + b"\x00" * 141])
def test_a_state_that_nobody_wrote_is_no_error(
    store: MemcachedStore, client: Any, state: bytes
) -> None:
    limited = entry("any", HOUR)
    assert client.add(_key(limited), state, 60)
    [standing] = store.hit([limited], 1)
    assert 0 <= standing.remaining <= 100


def test_no_limits(store: MemcachedStore) -> None:
    assert store.hit([], 1) == []
    store.take_back([], 1, [])
    store.clear([])


def test_clear(store: MemcachedStore) -> None:
    limited = [entry("a", HOUR), entry("b", HOUR)]
    store.hit(limited, 7)
    store.clear([*limited, entry("c", HOUR)])
    assert [standing.remaining for standing in store.hit(limited, 0)] == [100, 100]


# -- All at once ---------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [8, 16])
def test_exactly_n_of_n(store: MemcachedStore, processes: int) -> None:
    store.hit([entry("before-the-fork", HOUR)], 1)
    limited = [entry("any", HOUR)]
    admitted = admitted_at_once(store, limited, processes=processes, threads=4, hits=20)
    # Who is overtaken sixteen times in a row is refused, and may be the last one.
    assert 100 - 4 <= admitted <= 100
    assert admitted + sum(not store.hit(limited, 1)[0].wait for _ in range(10)) == 100


def test_all_or_nothing(store: MemcachedStore) -> None:
    limited = [entry(str(amount), Limit(amount, 3600)) for amount in (50, 30, 70)]
    admitted = admitted_at_once(store, limited, processes=4, threads=4, hits=10)
    admitted += sum(not any(s.wait for s in store.hit(limited, 1)) for _ in range(40))
    assert admitted == 30
    assert [standing.remaining for standing in store.hit(limited, 0)] == [20, 0, 40]


def test_never_more_than_n_in_any_window(store: MemcachedStore) -> None:
    assert admitted_in_any_window(store, Limit(20, 1), seconds=3.5) <= 20


# -- What it costs -------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [10, 100, 1_000, 100_000, 10_000_000])
def test_a_client_costs_at_most_400_bytes(store: MemcachedStore, client: Any, amount: int) -> None:
    limited = entry("any", Limit(amount, 3600))
    for _ in range(min(amount, 200)):
        store.hit([limited], 1)
    [state] = [state for state, _ in client.gets([_key(limited)]).values()]
    # https://github.com/memcached/memcached: the header of an item has 56 bytes with CAS.
    assert len(state) + len(_key(limited)) + 56 <= 400


def test_what_is_refused_writes_nothing(store: MemcachedStore, running: Server) -> None:
    limited = [entry("full", Limit(1, 3600)), entry("free", HOUR)]
    store.hit(limited, 1)
    before = statistics(running)
    for _ in range(50):
        assert store.hit(limited, 1)[0].wait > 0
    after = statistics(running)
    for name in ("cmd_set", "cas_hits", "cas_misses", "total_items"):
        assert after[name] == before[name]


def test_one_limit_is_two_commands(store: MemcachedStore, running: Server) -> None:
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    before = statistics(running)
    store.hit(limited, 1)
    after = statistics(running)
    assert after["cmd_get"] - before["cmd_get"] == 1
    assert after["cas_hits"] - before["cas_hits"] == 1


@pytest.mark.parametrize(
    ("seconds", "least", "most"), [(1, 2, 4), (60, 60, 64), (29 * 86400, 29 * 86400, 30 * 86400)]
)
def test_what_says_nothing_any_more_expires(seconds: int, least: int, most: int) -> None:
    assert least < _expiry(Limit(1, seconds)) <= most


def test_a_window_of_more_than_a_month_expires_at_a_moment_in_time() -> None:
    """Memcached takes more than 30 days for seconds since 1970."""
    now = time()
    for days in (30, 31, 366):
        expiry = _expiry(Limit(1, days * 86400))
        assert now + days * 86400 < expiry < now + (days + days / QUANTA + 1) * 86400


# -- Races ---------------------------------------------------------------------------------------


class Overtaken:
    """A client to whom ``replace`` and ``add`` say that somebody else was faster."""

    errors = (OSError,)

    def __init__(self, times: int) -> None:
        self.left = times
        self.states: dict[str, bytes] = {}
        self.was_reset = False

    def gets(self, keys: list[str]) -> Mapping[str, tuple[bytes, object]]:
        return {key: (self.states[key], 1) for key in keys if key in self.states}

    def _store(self, key: str, state: bytes) -> bool:
        if self.left:
            self.left -= 1
            return False
        self.states[key] = state
        return True

    def add(self, key: str, state: bytes, expiry: int) -> bool:
        return self._store(key, state)

    def replace(self, key: str, state: bytes, token: object, expiry: int) -> bool:
        return self._store(key, state)

    def delete(self, keys: list[str]) -> None:
        self.states.clear()

    def reset(self) -> None:
        self.was_reset = True


@pytest.mark.parametrize("is_there", [False, True])
def test_who_is_overtaken_tries_again(is_there: bool) -> None:
    client: Any = Overtaken(0)
    store = MemcachedStore(client, clock=Clock())
    if is_there:
        store.hit([entry("any", HOUR)], 1)
    client.left = ATTEMPTS - 1
    [standing] = store.hit([entry("any", HOUR)], 1)
    assert (standing.remaining, standing.wait) == (98 if is_there else 99, 0)


def test_who_is_overtaken_too_often_is_refused_for_a_moment() -> None:
    client: Any = Overtaken(ATTEMPTS)
    store = MemcachedStore(client, clock=Clock())
    [standing] = store.hit([entry("any", HOUR)], 1)
    assert (standing.remaining, standing.wait) == (100, quantum_of(HOUR))
    assert client.states == {}


def test_what_was_counted_before_a_refusal_is_taken_back() -> None:
    client: Any = Overtaken(0)
    store = MemcachedStore(client, clock=Clock())
    limited = [entry("first", HOUR), entry("second", Limit(1, 60)), entry("third", HOUR)]
    store.hit(limited[1:2], 1)
    seen = client.gets([_key(each) for each in limited])
    # Somebody else was first, between the look and the count.
    client.states = {}
    looks = iter([{}, seen, *[seen] * 9])
    gets, client.gets = client.gets, lambda keys: next(looks)
    standings = store.hit(limited, 1)
    client.gets = gets
    assert [standing.wait > 0 for standing in standings] == [False, False, False]
    client.states = dict.fromkeys(client.states, b"")
    assert standings[0].remaining == 99


def test_taking_back_gives_up_in_the_end() -> None:
    client: Any = Overtaken(0)
    store = MemcachedStore(client, clock=Clock())
    [standing] = store.hit([entry("any", HOUR)], 3)
    client.left = 10 * ATTEMPTS
    store.take_back([entry("any", HOUR)], 3, [standing.quantum])
    assert client.left == 9 * ATTEMPTS
    client.left = 0
    store.take_back([entry("any", HOUR)], 3, [standing.quantum])
    assert store.hit([entry("any", HOUR)], 0)[0].remaining == 100


# -- When something is wrong ---------------------------------------------------------------------


@pytest.fixture
def own(library: str) -> Iterator[tuple[Server, MemcachedStore]]:
    """A server that a test may do anything to."""
    with server("memcached") as running:
        client = client_of(library, running)
        yield running, MemcachedStore(client)
        client.reset()


def _calls(store: MemcachedStore) -> list[Callable[[], Any]]:
    limited = [entry("any", HOUR)]
    return [
        lambda: store.hit(limited, 1),
        lambda: store.take_back(limited, 1, [1]),
        lambda: store.clear(limited),
    ]


def test_killed_and_started_again(own: tuple[Server, MemcachedStore]) -> None:
    running, store = own
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    running.kill()
    for call in _calls(store):
        with pytest.raises(StoreUnavailable, match="Memcached: "):
            call()
    running.start_again()
    assert _hit_when_back(store)[0].remaining == 99


def test_hung(own: tuple[Server, MemcachedStore]) -> None:
    running, store = own
    store.hit([entry("any", HOUR)], 1)
    running.process.send_signal(signal.SIGSTOP)
    for call in _calls(store):
        with pytest.raises(StoreUnavailable, match="Memcached: "):
            call()
    running.process.send_signal(signal.SIGCONT)
    assert _hit_when_back(store)[0].remaining <= 99


def _hit_when_back(store: MemcachedStore) -> Any:
    from time import monotonic, sleep

    until = monotonic() + 20
    while True:
        try:
            return store.hit([entry("any", HOUR)], 1)
        except StoreUnavailable:  # libmemcached waits a second before it tries again
            assert monotonic() < until
            sleep(0.1)


# -- Its servers, and the cache they are taken from ----------------------------------------------


def test_several_servers_share_the_keys(library: str, running: Server) -> None:
    with server("memcached") as other:
        client = client_of(library, running, other)
        _flush(running)
        store = MemcachedStore(client)
        before = statistics(running)["cmd_set"]
        for number in range(40):
            limited = [entry(f"{number}-a", HOUR), entry(f"{number}-b", HOUR)]
            store.hit(limited, 1)
            assert [s.remaining for s in store.hit(limited, 0)] == [99, 99]
        counts = [statistics(running)["cmd_set"] - before, statistics(other)["cmd_set"]]
        client.reset()
        assert sum(counts) == 80
        assert min(counts) > 10


def test_the_store_of_a_cache(library: str, running: Server) -> None:
    backend = {"BACKEND": BACKENDS[library], "LOCATION": f"127.0.0.1:{running.port}"}
    _flush(running)
    with override_settings(CACHES={"default": backend}):
        store = from_cache(caches["default"])
        assert type(store._client) is LIBRARIES[library]
        assert store.hit([entry("any", HOUR)], 1)[0].remaining == 99
        # The cache itself says nothing about it, and keys of the cache are others.
        assert caches["default"].get("any") is None
        store._client.reset()
        caches["default"].close()
        if library == "pymemcache":
            caches["default"]._cache.close()


def test_it_is_impatient_whatever_the_cache_says(running: Server) -> None:
    pytest.importorskip("pymemcache", reason="the library pymemcache is not installed")
    client = PyMemcache([f"127.0.0.1:{running.port}"], {"timeout": 60, "socket_keepalive": None})
    options = client._options
    assert (options["timeout"], options["connect_timeout"]) == (TIMEOUT, TIMEOUT)
    assert options["default_noreply"] is False


def test_a_second_is_a_million_microseconds() -> None:
    assert SECOND == 1_000_000
