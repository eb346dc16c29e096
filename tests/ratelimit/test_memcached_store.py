"""Counts in Memcached: against a client that others overtake, and on real servers."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier
from time import monotonic, sleep
from typing import Any

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from hypothesis import given, settings
from servers_support import Server, ask, server
from stores_support import (
    PYLIBMC,
    Clock,
    admitted_at_once,
    admitted_in_any_window,
    assert_agrees,
    entry,
    histories,
)

from django_hardened.ratelimit import memcached_client
from django_hardened.ratelimit.decisions import Entry, StoreUnavailable
from django_hardened.ratelimit.memcached_client import TIMEOUT, Client, Found
from django_hardened.ratelimit.memcached_store import ATTEMPTS, ATTEMPTS_BACK, MemcachedStore, _key
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.shared_stores import shared_store
from django_hardened.ratelimit.windows import SECOND, lifetime_of, quantum_of

HOUR = Limit(100, 3600)
BACKENDS = "django.core.cache.backends.memcached."


# -- Against a client that others overtake -------------------------------------------------------


class Overtaken(Client):
    """A server in memory, where ``others`` may act between any two commands."""

    errors = (OSError,)

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}
        self.tokens: dict[str, int] = {}
        self.commands: list[str] = []
        self.others: Callable[[str], None] = lambda command: None
        self.resets = 0

    def gets(self, keys: Sequence[str]) -> Found:
        self.commands.append("gets")
        found = {key: (self.states[key], self.tokens[key]) for key in keys if key in self.states}
        self.others("gets")
        return found

    def add(self, key: str, state: bytes, expiry: int) -> bool:
        self.commands.append("add")
        is_new = key not in self.states
        if is_new:
            self.put(key, state)
        return is_new

    def replace(self, key: str, state: bytes, token: Any, expiry: int) -> bool:
        self.commands.append("cas")
        is_same = self.tokens.get(key) == token
        if is_same:
            self.put(key, state)
        return is_same

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.states.pop(key, None)
            self.tokens.pop(key, None)

    def reset(self) -> None:
        self.resets += 1

    def put(self, key: str, state: bytes) -> None:
        self.states[key] = state
        self.tokens[key] = self.tokens.get(key, 0) + 1


class Rival:
    """Counts on one limit whenever somebody else has just read, ``times`` times."""

    def __init__(self, client: Overtaken, store: MemcachedStore, rival_entry: Entry) -> None:
        self.client, self.store, self.entry = client, store, rival_entry
        self.times = 0
        client.others = self

    def __call__(self, command: str) -> None:
        if self.times and command == "gets":
            self.times -= 1
            self.client.others = lambda command: None
            self.store.hit([self.entry], 1)
            self.client.others = self


@pytest.fixture
def overtaken() -> Overtaken:
    return Overtaken()


@pytest.fixture
def counting(overtaken: Overtaken) -> MemcachedStore:
    return MemcachedStore(overtaken, clock=Clock())


def _remaining(store: MemcachedStore, *entries: Entry) -> list[int]:
    return [standing.remaining for standing in store.hit(entries, 0)]


def test_a_lost_add_is_counted_on_top(overtaken: Overtaken, counting: MemcachedStore) -> None:
    limited = entry("any", HOUR)
    Rival(overtaken, counting, limited).times = 1
    assert counting.hit([limited], 1)[0].remaining == 98
    assert overtaken.commands == ["gets", "gets", "add", "add", "gets", "cas"]


@pytest.mark.parametrize("lost", range(1, ATTEMPTS))
def test_a_lost_cas_is_tried_again(
    overtaken: Overtaken, counting: MemcachedStore, lost: int
) -> None:
    limited = entry("any", HOUR)
    counting.hit([limited], 1)
    Rival(overtaken, counting, limited).times = lost
    [standing] = counting.hit([limited], 1)
    assert not standing.wait
    assert standing.remaining == 98 - lost
    assert _remaining(counting, limited) == [98 - lost]


def test_who_is_always_overtaken_is_refused(overtaken: Overtaken, counting: MemcachedStore) -> None:
    limited = entry("any", HOUR)
    counting.hit([limited], 1)
    overtaken.commands.clear()
    Rival(overtaken, counting, limited).times = ATTEMPTS
    [standing] = counting.hit([limited], 1)
    assert standing.wait == SECOND, "there is room: it is the others who are in the way"
    assert standing.remaining == 99 - ATTEMPTS
    assert overtaken.commands.count("cas") == 2 * ATTEMPTS
    assert _remaining(counting, limited) == [99 - ATTEMPTS]


def test_who_is_overtaken_until_it_is_full_waits_for_room(
    overtaken: Overtaken, counting: MemcachedStore
) -> None:
    limited = entry("any", Limit(ATTEMPTS, 3600))
    Rival(overtaken, counting, limited).times = ATTEMPTS
    [standing] = counting.hit([limited], 1)
    passed = int(Clock().now * SECOND) % quantum_of(limited.limit)
    assert (standing.remaining, standing.wait) == (0, lifetime_of(limited.limit) - passed)
    assert _remaining(counting, limited) == [0]


def test_a_state_that_is_evicted_meanwhile(overtaken: Overtaken, counting: MemcachedStore) -> None:
    limited = entry("any", HOUR)
    counting.hit([limited], 1)
    evicted = iter([True])
    overtaken.others = lambda command: next(evicted, False) and overtaken.delete([_key(limited)])
    assert counting.hit([limited], 1)[0].remaining == 99
    assert overtaken.commands[-4:] == ["gets", "cas", "gets", "add"]


@pytest.mark.parametrize("full", [0, 1, 2])
def test_what_refuses_at_last_leaves_nothing_counted(
    overtaken: Overtaken, counting: MemcachedStore, full: int
) -> None:
    """The last place of one limit is taken after all three were read."""
    entries = [entry(str(number), Limit(5, 3600)) for number in range(3)]
    counting.hit([entries[full]], 4)
    Rival(overtaken, counting, entries[full]).times = 1
    standings = counting.hit(entries, 1)
    assert [bool(standing.wait) for standing in standings] == [n == full for n in range(3)]
    expected = [0 if number == full else 5 for number in range(3)]
    assert [standing.remaining for standing in standings] == expected
    assert _remaining(counting, *entries) == expected


def test_taking_back_gives_up_too(overtaken: Overtaken, counting: MemcachedStore) -> None:
    limited = entry("any", Limit(1_000, 3600))
    [standing] = counting.hit([limited], 1)
    rival = Rival(overtaken, counting, limited)
    rival.times = ATTEMPTS_BACK - 1
    counting.take_back([limited], 1, [standing.quantum])
    assert _remaining(counting, limited) == [1_000 - (ATTEMPTS_BACK - 1)]
    rival.times = ATTEMPTS_BACK
    counting.take_back([limited], 1, [standing.quantum])
    rival.times = 0
    assert _remaining(counting, limited) == [1_000 - (2 * ATTEMPTS_BACK - 1)], "nothing for nothing"


def test_two_round_trips_or_one_that_writes_nothing(
    overtaken: Overtaken, counting: MemcachedStore
) -> None:
    limited = entry("any", Limit(1, 3600))
    counting.hit([limited], 1)
    assert overtaken.commands == ["gets", "add"]
    counting.hit([limited], 1)
    assert overtaken.commands == ["gets", "add", "gets"]


def test_an_error_is_told_and_drops_what_is_connected(
    overtaken: Overtaken, counting: MemcachedStore
) -> None:
    def fail(command: str) -> None:
        raise ConnectionResetError

    limited = [entry("any", HOUR)]
    overtaken.others = fail
    with pytest.raises(StoreUnavailable, match="ConnectionResetError"):
        counting.hit(limited, 1)
    with pytest.raises(StoreUnavailable):
        counting.take_back(limited, 1, [0])
    assert overtaken.resets == 2


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"x" * 141,
        b"\xff" * 142,
        b"\x01" + b"\x00" * 141,
        b"\x00" * 12 + b"\xff" * 130,  # counts more than its sum, which would go below nothing
        b"\x00" * 8 + b"\xff" * 4 + b"\x00" * 130,
    ],
)
def test_a_state_that_nobody_wrote_is_no_error(
    overtaken: Overtaken, counting: MemcachedStore, state: bytes
) -> None:
    limited = entry("any", HOUR)
    overtaken.put(_key(limited), state)
    [standing] = counting.hit([limited], 1)
    assert 0 <= standing.remaining <= 100
    counting.take_back([limited], 1, [standing.quantum])
    assert 0 <= counting.hit([limited], 0)[0].remaining <= 100


# -- On real servers -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server("memcached") as running:
        yield running


@pytest.fixture(autouse=True)
def _is_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd of clients is no dead server, and neither is a machine that has more to do."""
    monkeypatch.setattr(memcached_client, "TIMEOUT", 60)


@pytest.fixture
def connect() -> Iterator[Callable[..., MemcachedStore]]:
    """Connect to some servers, with what else Django's backend would be given."""
    pytest.importorskip("pymemcache", reason="the library pymemcache is not installed")
    clients = []

    def connect(*servers: Server | str, **options: Any) -> MemcachedStore:
        clients.append(Client([*map(_at, servers)], options))
        return MemcachedStore(clients[-1])

    yield connect
    for client in clients:
        client.reset()


@pytest.fixture
def store(connect: Callable[..., MemcachedStore], running: Server) -> MemcachedStore:
    ask(running, "flush_all")
    return connect(running)


def _at(running: Server | str) -> str:
    return running if isinstance(running, str) else f"127.0.0.1:{running.port}"


def _count(running: Server, name: str) -> int:
    lines = ask(running, "stats").split("\r\n")
    return next(int(line.split()[2]) for line in lines if line.startswith(f"STAT {name} "))


def _kept(running: Server, one: Entry) -> dict[str, int]:
    """What the server says of a state: ``exp`` seconds are left, ``size`` is all that it takes."""
    words = ask(running, f"me {_key(one)}").split()
    pairs = (word.partition("=") for word in words if "=" in word)
    # Some versions have what is left below nothing.
    return {name: abs(int(value)) for name, _, value in pairs if name in {"exp", "size"}}


@settings(max_examples=50, deadline=None)
@given(history=histories())
def test_it_does_what_the_window_does(running: Server, history: Any) -> None:
    pytest.importorskip("pymemcache", reason="the library pymemcache is not installed")
    ask(running, "flush_all")
    clock, client = Clock(), Client([_at(running)], {})
    store = MemcachedStore(client, clock=clock)

    def state_of(one: Entry) -> bytes | None:
        state, _ = client.gets([_key(one)]).get(_key(one), (None, None))
        return state

    try:
        assert_agrees(store, clock, history, state_of)
    finally:
        client.reset()


@pytest.mark.parametrize("processes", [8, 16])
def test_exactly_n_of_n(store: MemcachedStore, processes: int) -> None:
    """More than 5,000 hits."""
    store.hit([entry("before the fork", HOUR)], 1)
    limited = [entry("any", HOUR)]
    hits = 5_100 // processes // 4
    admitted = admitted_at_once(store, limited, processes=processes, threads=4, hits=hits)
    assert admitted == 100
    assert _remaining(store, *limited) == [0]


def test_all_or_nothing(store: MemcachedStore) -> None:
    limited = [entry(str(amount), Limit(amount, 3600)) for amount in (500, 30, 700)]
    admitted = admitted_at_once(store, limited, processes=8, threads=4, hits=40)
    assert admitted <= 30
    counted = [500, 30, 700]
    counted = [all_ - left for all_, left in zip(counted, _remaining(store, *limited), strict=True)]
    assert counted[1] == 30 or admitted == counted[1]
    # A hit that is overtaken too often stays counted; no limit ever counts less than it admitted.
    assert min(counted) >= admitted


def test_never_more_than_n_in_any_window(store: MemcachedStore) -> None:
    assert admitted_in_any_window(store, Limit(20, 1), seconds=3.5) == 20


def test_what_others_refuse_is_undone_on_the_server(
    store: MemcachedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last place is taken by somebody else, between reading and counting."""
    wide, narrow = entry("wide", Limit(9, 3600)), entry("narrow", Limit(1, 3600))
    gets, others = store._client.gets, [lambda: store.hit([narrow], 1)]

    def read(keys: Sequence[str]) -> Found:
        found = gets(keys)
        if others:
            others.pop()()
        return found

    monkeypatch.setattr(store._client, "gets", read)
    standings = store.hit([wide, narrow], 1)
    assert [bool(standing.wait) for standing in standings] == [False, True]
    assert _remaining(store, wide, narrow) == [9, 0]


def test_what_is_evicted_between_reading_and_counting_is_counted_anew(
    store: MemcachedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = entry("any", HOUR)
    store.hit([limited], 1)
    gets, evictions = store._client.gets, [lambda: store.clear([limited])]

    def read(keys: Sequence[str]) -> Found:
        found = gets(keys)
        if evictions:
            evictions.pop()()
        return found

    monkeypatch.setattr(store._client, "gets", read)
    assert store.hit([limited], 1)[0].remaining == 99
    assert _remaining(store, limited) == [99]


# -- What it costs -------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [10, 100, 1_000, 10_000, 100_000, 10_000_000])
def test_a_client_costs_at_most_400_bytes(
    store: MemcachedStore, running: Server, amount: int
) -> None:
    """With its key, and with what Memcached keeps of an item beside it."""
    limited = entry("any", Limit(amount, 3600))
    store.hit([limited], 1)
    taken, items = _kept(running, limited)["size"], _count(running, "curr_items")
    assert 0 < taken <= 400
    store.hit([limited], amount - 1)
    assert _kept(running, limited)["size"] == taken
    assert _count(running, "curr_items") <= items  # what was flushed before goes when it is met


def test_what_is_refused_writes_nothing(store: MemcachedStore, running: Server) -> None:
    full, other = entry("full", Limit(5, 3600)), entry("other", HOUR)
    store.hit([full], 5)
    before = {name: _count(running, name) for name in ("cmd_set", "bytes", "curr_items")}
    for _ in range(50):
        assert store.hit([full], 1)[0].wait
        assert store.hit([other, full], 1)[1].wait
    assert _count(running, "cmd_set") == before["cmd_set"]
    # What was flushed before goes when it is met.
    assert all(_count(running, name) <= before[name] for name in before)


def test_two_questions_for_a_hit_and_one_for_a_refusal(
    store: MemcachedStore, running: Server
) -> None:
    limited = entry("any", Limit(1, 3600))
    for asked in [("cmd_get", "cmd_set"), ("cmd_get",)]:
        before = {name: _count(running, name) for name in ("cmd_get", "cmd_set")}
        store.hit([limited], 1)
        after = {name: _count(running, name) for name in before}
        assert {name for name in before if after[name] != before[name]} == set(asked)
        assert all(after[name] - before[name] == 1 for name in asked)


@pytest.mark.parametrize("seconds", [60, 86_400, 29 * 86_400, 30 * 86_400, 366 * 86_400])
def test_it_expires_when_it_says_nothing_any_more(
    store: MemcachedStore, running: Server, seconds: int
) -> None:
    """More than thirty days is a date for Memcached, and one long past if it is taken for one."""
    limited = entry("any", Limit(5, seconds))
    assert store.hit([limited], 1)[0].remaining == 4
    assert store.hit([limited], 1)[0].remaining == 3
    lifetime = lifetime_of(limited.limit) / SECOND
    assert lifetime - 20 <= _kept(running, limited)["exp"] <= lifetime + 3


def test_a_state_is_gone_when_it_is_past(store: MemcachedStore, running: Server) -> None:
    limited = entry("any", Limit(5, 1))
    store.hit([limited], 1)
    end = monotonic() + 60
    while _kept(running, limited) and monotonic() < end:
        sleep(0.05)
    assert not _kept(running, limited)


# -- Processes, and several servers --------------------------------------------------------------


def test_a_child_has_connections_of_its_own(store: MemcachedStore, running: Server) -> None:
    limited = [entry("any", HOUR)]
    store.hit(limited, 1)
    before = _count(running, "total_connections")
    assert admitted_at_once(store, limited, processes=2, threads=1, hits=5) == 10
    # One for each child, and the one that asks for the count.
    assert _count(running, "total_connections") == before + 3
    assert store.hit(limited, 1)[0].remaining == 88


def test_several_servers_have_each_their_part(connect: Callable[..., MemcachedStore]) -> None:
    with server("memcached") as one, server("memcached") as other:
        store = connect(one, other)
        entries = [entry(str(number), HOUR, str(number)) for number in range(40)]
        for left in (99, 98):
            assert {standing.remaining for standing in store.hit(entries, 1)} == {left}
        counts = [_count(each, "curr_items") for each in (one, other)]
        assert sum(counts) == 40
        assert min(counts) > 5
        full = entry("full", Limit(0, 60), "of another client")
        assert store.hit([*entries, full], 1)[-1].wait
        assert set(_remaining(store, *entries)) == {98}
        store.clear(entries)
        assert set(_remaining(store, *entries)) == {100}


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_keys_are_shared_out_evenly_and_moves_few(size: int) -> None:
    pytest.importorskip("pymemcache", reason="the library pymemcache is not installed")
    servers = [f"10.0.0.{number}:11211" for number in range(size)]
    few, more = Client(servers[:-1], {}), Client(servers, {})
    nodes = {f"client:{n}": more._node(f"client:{n}") for n in range(2_000)}
    for each in servers:
        assert [*nodes.values()].count(each) == pytest.approx(2_000 / size, rel=0.15)
    moved = [key for key, node in nodes.items() if few._node(key) != node]
    assert {nodes[key] for key in moved} == {servers[-1]}


# -- When something is wrong ---------------------------------------------------------------------


def _calls(store: MemcachedStore) -> list[Callable[[], Any]]:
    limited = [entry("any", HOUR)]
    return [
        lambda: store.hit(limited, 1),
        lambda: store.take_back(limited, 1, [1]),
        lambda: store.clear(limited),
    ]


def _until_it_counts(store: MemcachedStore, limited: Sequence[Entry]) -> int:
    """Return what remains, however long the server takes to be back."""
    end = monotonic() + 60
    while True:
        try:
            return store.hit(limited, 1)[0].remaining
        except StoreUnavailable:
            assert monotonic() < end
            sleep(0.05)


def test_killed_and_started_again(connect: Callable[..., MemcachedStore]) -> None:
    limited = [entry("any", HOUR)]
    with server("memcached") as own:
        store = connect(own)
        store.hit(limited, 1)
        own.kill()
        for call in _calls(store):
            with pytest.raises(StoreUnavailable, match="Memcached: "):
                call()
        own.start_again()
        assert _until_it_counts(store, limited) == 99


def test_a_server_that_was_started_again_meanwhile(connect: Callable[..., MemcachedStore]) -> None:
    limited = [entry("any", HOUR)]
    with server("memcached") as own:
        store = connect(own)
        store.hit(limited, 1)
        own.kill()
        own.start_again()
        assert store.hit(limited, 1)[0].remaining == 99


def test_connections_of_the_past_are_dropped(connect: Callable[..., MemcachedStore]) -> None:
    """After one error no thread meets another dead connection."""
    limited, threads = [entry("any", HOUR)], 4
    together = Barrier(threads)
    with server("memcached") as own, ThreadPoolExecutor(threads) as pool:
        store = connect(own)

        def hit(_: int) -> int:
            together.wait(20)
            return store.hit(limited, 1)[0].remaining

        list(pool.map(hit, range(threads)))
        own.kill()
        with pytest.raises(StoreUnavailable):
            store.hit(limited, 1)
        own.start_again()
        assert sorted(pool.map(hit, range(threads))) == [96, 97, 98, 99]


def test_hung(connect: Callable[..., MemcachedStore], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memcached_client, "TIMEOUT", TIMEOUT)
    limited = [entry("any", HOUR)]
    with server("memcached") as own:
        store = connect(own)
        store.hit(limited, 1)
        own.hang()
        for call in _calls(store):
            with pytest.raises(StoreUnavailable, match="Memcached: "):
                call()
        own.process.send_signal(signal.SIGCONT)
        assert _until_it_counts(store, limited) <= 99


def test_a_server_of_something_else_counts_nothing(
    connect: Callable[..., MemcachedStore],
) -> None:
    with server("redis") as own:
        store = connect(own)
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="Memcached: "):
                store.hit([entry("any", HOUR)], 1)


def test_no_client_is_patient_unless_a_test_is(
    connect: Callable[..., MemcachedStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memcached_client, "TIMEOUT", TIMEOUT)
    client: Any = connect("127.0.0.1:1", timeout=30, connect_timeout=30)._client
    assert client._options["timeout"] == client._options["connect_timeout"] == 0.1


# -- From a cache --------------------------------------------------------------------------------


@pytest.fixture(params=["PyMemcacheCache", "PyLibMCCache"])
def alias(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Any]]:
    """Return a cache as a project has it."""
    pytest.importorskip("pymemcache", reason="the library pymemcache is not installed")
    monkeypatch.setitem(sys.modules, "pylibmc", PYLIBMC)
    backend = f"{BACKENDS}{request.param}"
    with ExitStack() as stack:

        def alias(location: Any, **options: Any) -> Any:
            config = {"BACKEND": backend, "LOCATION": location, "OPTIONS": options}
            stack.enter_context(override_settings(CACHES={"default": config}))
            return caches["default"]

        yield alias


def test_the_store_of_a_cache(alias: Callable[..., Any], running: Server) -> None:
    ask(running, "flush_all")
    store = shared_store(alias(_at(running)))
    assert isinstance(store, MemcachedStore)
    assert store.hit([entry("of a cache", HOUR)], 1)[0].remaining == 99
    store._client.reset()


@pytest.mark.parametrize("alias", ["PyLibMCCache"], indirect=True)
def test_what_else_libmemcached_is_told_changes_nothing(
    alias: Callable[..., Any], running: Server
) -> None:
    ask(running, "flush_all")
    behaviors = {"ketama": True, "no_block": True, "receive_timeout": 900_000}
    store = shared_store(alias(_at(running), binary=True, behaviors=behaviors))
    assert isinstance(store, MemcachedStore)
    assert store.hit([entry("any", HOUR)], 1)[0].remaining == 99
    store._client.reset()


@pytest.mark.parametrize("alias", ["PyLibMCCache"], indirect=True)
def test_a_weight_changes_nothing(alias: Callable[..., Any], running: Server) -> None:
    ask(running, "flush_all")
    store = shared_store(alias(f"{_at(running)}:3", username=None, password=None))
    assert isinstance(store, MemcachedStore)
    assert store.hit([entry("any", HOUR)], 1)[0].remaining == 99
    store._client.reset()


@pytest.mark.parametrize("alias", ["PyMemcacheCache"], indirect=True)
def test_a_server_may_be_a_pair(alias: Callable[..., Any], running: Server) -> None:
    ask(running, "flush_all")
    store = shared_store(alias([("127.0.0.1", running.port)]))
    assert isinstance(store, MemcachedStore)
    assert store.hit([entry("any", HOUR)], 1)[0].remaining == 99
    store._client.reset()


@pytest.mark.parametrize(
    ("location", "server"),
    [
        ("[::1]:11211:2", "[::1]:11211"),
        ("[::1]:11211", "[::1]:11211"),
        ("::1", "::1"),
        ("cache:11211:10", "cache:11211"),
        ("cache:11211", "cache:11211"),
        ("cache", "cache"),
        ("/run/a:1:2", "/run/a:1:2"),
    ],
)
def test_where_a_server_is(alias: Callable[..., Any], location: str, server: str) -> None:
    store: Any = shared_store(alias([location]))
    assert [*store._client._nodes] == [server]


@pytest.mark.parametrize("alias", ["PyLibMCCache"], indirect=True)
def test_a_server_that_asks_for_a_user(alias: Callable[..., Any]) -> None:
    with pytest.raises(ImproperlyConfigured) as raised:
        shared_store(alias("127.0.0.1:1", binary=True, username="site", password="of-the-site"))
    assert "asks for a user (SASL)" in str(raised.value)
    assert "HARDENED_RATELIMIT_CACHE" in str(raised.value)
    assert "of-the-site" not in str(raised.value)


@pytest.mark.parametrize("alias", ["PyLibMCCache"], indirect=True)
def test_pylibmc_alone_is_not_enough(
    alias: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = alias("127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "pymemcache", None)
    with pytest.raises(ImproperlyConfigured, match=r"pip install 'django-hardened\[memcached\]'"):
        shared_store(cache)


def test_by_a_socket_in_a_folder(alias: Callable[..., Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, server("memcached") as model:
        path = f"{folder}/socket"
        process = subprocess.Popen([model.arguments[0], "-s", path, "-u", "root"])
        try:
            end = monotonic() + 60
            while not Path(path).exists() and monotonic() < end:
                sleep(0.05)
            store = shared_store(alias(f"unix:{path}"))
            assert isinstance(store, MemcachedStore)
            assert store.hit([entry("any", HOUR)], 1)[0].remaining == 99
            store._client.reset()
        finally:
            process.kill()
            process.wait()
