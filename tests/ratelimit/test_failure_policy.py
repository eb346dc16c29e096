"""What holds while stores fail, on stores that fail when told to and a clock that is set."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from threading import Event, current_thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores_support import Clock, entry

from django_hardened.ratelimit import failure_policy
from django_hardened.ratelimit.decisions import (
    Decision,
    Entry,
    LimiterUnavailable,
    Standing,
    StoreUnavailable,
)
from django_hardened.ratelimit.embedded_store import EmbeddedStore
from django_hardened.ratelimit.failure_policy import PROBE_EVERY, Breaker, Policy, ResilientStore
from django_hardened.ratelimit.in_process import InProcessStore
from django_hardened.ratelimit.rates import Limit

THREE = entry("three", Limit(3, 60))
TWO = entry("two", Limit(2, 3600))


class FragileStore(InProcessStore):
    """Fails when it is told to, and counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__(clock=Clock())
        self.is_down = False
        self.asked = 0
        self.probed = 0

    def _ask(self) -> None:
        self.asked += 1
        if self.is_down:
            raise StoreUnavailable("it is down")

    def hit(self, entries: Sequence[Entry], cost: int) -> list[Standing]:
        if entries[0].key == "probe":
            self.probed += 1
        self._ask()
        return super().hit(entries, cost)

    def take_back(self, entries: Sequence[Entry], cost: int, quanta: Sequence[int]) -> None:
        self._ask()
        super().take_back(entries, cost, quanta)

    def clear(self, entries: Sequence[Entry]) -> None:
        self._ask()
        super().clear(entries)

    def counted(self, one: Entry) -> int:
        return one.limit.amount - InProcessStore.hit(self, [one], 0)[0].remaining


class Probes:
    """Stands for ``Thread``: what was started runs when a test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.is_refused = False

    def __call__(self, *, target: Callable[..., None], args: tuple[Any, ...], daemon: bool) -> Any:
        assert daemon, "it must not keep a process from ending"
        return type("Probe", (), {"start": lambda _: self._start(lambda: target(*args))})()

    def _start(self, run: Callable[[], None]) -> None:
        if self.is_refused:
            raise RuntimeError("can't start new thread")
        self.waiting.append(run)

    def finish(self) -> int:
        """Run those that wait; return how many did."""
        runs, self.waiting = self.waiting, []
        for run in runs:
            run()
        return len(runs)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> Probes:
    fake = Probes()
    monkeypatch.setattr(failure_policy, "Thread", fake)
    return fake


@pytest.fixture(autouse=True)
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    caplog.set_level(logging.WARNING, "django_hardened.ratelimit")
    return caplog.messages  # type: ignore[return-value]


def ask(breaker: Breaker) -> bool:
    """Ask the store of ``breaker``; return whether it answered."""
    try:
        breaker.ask(lambda store: store.hit([THREE], 0))
    except StoreUnavailable:
        return False
    return True


# -- The breaker ---------------------------------------------------------------------------------


def test_after_its_first_failure_a_store_is_left_alone(clock: Clock, probes: Probes) -> None:
    store = FragileStore()
    breaker = Breaker(store, "X", clock=clock)
    assert ask(breaker)
    store.is_down = True
    assert [ask(breaker) for _ in range(100)] == [False] * 100
    assert (store.asked, probes.waiting) == (2, [])


def test_it_is_asked_again_once_a_probe_finds_it_working(clock: Clock, probes: Probes) -> None:
    store = FragileStore()
    breaker = Breaker(store, "X", clock=clock)
    store.is_down = True
    ask(breaker)
    store.is_down = False
    clock.now += PROBE_EVERY
    assert not ask(breaker), "no request waits for the probe"
    assert probes.finish() == 1
    assert ask(breaker)
    assert store.probed == 1


def test_there_is_one_probe_at_a_time_and_one_a_second(clock: Clock, probes: Probes) -> None:
    store = FragileStore()
    breaker = Breaker(store, "X", clock=clock)
    store.is_down = True
    ask(breaker)
    started = []
    for _ in range(50):  # 5 seconds
        clock.now += 0.1
        for _ in range(10):
            ask(breaker)
        started.append(probes.finish())
    assert sum(started) == store.probed
    assert 4 <= sum(started) <= 5
    clock.now += 1
    ask(breaker)
    for _ in range(10):  # the probe hangs
        clock.now += 10
        ask(breaker)
    assert len(probes.waiting) == 1


def test_shared_again_within_five_seconds(clock: Clock, probes: Probes) -> None:
    store = FragileStore()
    breaker = Breaker(store, "X", clock=clock)
    store.is_down = True
    for _ in range(37):
        ask(breaker)
        probes.finish()
        clock.now += 0.25
    store.is_down = False
    back = clock.now
    while not ask(breaker):
        probes.finish()
        clock.now += 0.25
    assert clock.now - back <= PROBE_EVERY + 0.25


def test_a_probe_counts_for_real_and_is_never_refused() -> None:
    """A full disk can be read, so that asking would close the breaker for one request."""
    one = failure_policy._PROBE
    store = InProcessStore(clock=Clock())
    assert [store.hit([one], 1)[0].remaining for _ in range(3)] == [2**31 - n for n in (2, 3, 4)]


def test_a_probe_has_a_thread_of_its_own(clock: Clock) -> None:
    threads, done = [], Event()

    class Slow(FragileStore):
        def hit(self, entries: Sequence[Entry], cost: int) -> list[Standing]:
            threads.append(current_thread())
            try:
                return super().hit(entries, cost)
            finally:
                if len(threads) == 2:
                    done.set()

    store = Slow()
    breaker = Breaker(store, "X", clock=clock)
    store.is_down = True
    ask(breaker)
    clock.now += PROBE_EVERY
    ask(breaker)
    assert done.wait(10)
    assert threads[0] is current_thread()
    assert threads[1] is not current_thread()
    assert threads[1].daemon
    threads[1].join()


def test_where_no_thread_can_be_started_the_next_request_tries(
    clock: Clock, probes: Probes
) -> None:
    store = FragileStore()
    breaker = Breaker(store, "X", clock=clock)
    store.is_down = True
    ask(breaker)
    probes.is_refused = True
    clock.now += 1
    assert not ask(breaker)
    probes.is_refused, store.is_down = False, False
    clock.now += 1
    ask(breaker)
    assert probes.finish() == 1
    assert ask(breaker)


def test_a_probe_of_the_parent_is_none_of_the_child(
    clock: Clock, probes: Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FragileStore()
    breaker = Breaker(store, "X", clock=clock)
    store.is_down = True
    ask(breaker)
    clock.now += 1
    ask(breaker)
    assert len(probes.waiting) == 1, "which hangs, and is not there in a child"
    monkeypatch.setattr(os, "getpid", lambda: -1)
    clock.now += 1
    ask(breaker)
    assert len(probes.waiting) == 2


def test_one_line_a_minute_and_one_when_it_is_back(
    clock: Clock, probes: Probes, caplog: pytest.LogCaptureFixture
) -> None:
    store = FragileStore()
    breaker = Breaker(store, "Others count", clock=clock)
    store.is_down = True
    for _ in range(60):  # the last one at second 59
        ask(breaker)
        probes.finish()
        clock.now += 1
    lost = "The rate limits have lost FragileStore: it is down. Others count."
    assert caplog.messages == [lost]
    ask(breaker)
    probes.finish()
    assert caplog.messages == [lost, f"{lost} (59 more since the last line)"]
    store.is_down = False
    clock.now += 1
    ask(breaker)
    probes.finish()
    assert caplog.messages[2:] == ["The rate limits have FragileStore again."]
    for _ in range(20):  # it comes and goes
        store.is_down = True
        ask(breaker)
        store.is_down = False
        clock.now += 1
        ask(breaker)
        probes.finish()
    assert len(caplog.messages) == 3
    assert {record.levelname for record in caplog.records} == {"WARNING"}


# -- The policy ----------------------------------------------------------------------------------


def resilient(policy: Policy, clock: Clock, number: int = 3) -> tuple[Any, list[FragileStore]]:
    stores = [FragileStore() for _ in range(number)]
    return ResilientStore(stores[0], stores[1:], policy, clock=clock), stores


@pytest.mark.usefixtures("probes")
def test_fallback_counts_in_the_next_store_that_answers(clock: Clock) -> None:
    store, stores = resilient("fallback", clock)
    waits = []
    for down in range(3):
        waits += [bool(store.hit([THREE], 1)[0].wait) for _ in range(4)]
        stores[down].is_down = True
    assert waits == [False, False, False, True] * 3, "each at the same rate"
    assert [one.counted(THREE) for one in stores] == [3, 3, 3]
    with pytest.raises(LimiterUnavailable):
        store.hit([THREE], 1)


@pytest.mark.usefixtures("probes")
def test_deny_refuses_and_asks_no_other(clock: Clock) -> None:
    store, stores = resilient("deny", clock)
    assert store.hit([THREE], 1)[0].remaining == 2
    stores[0].is_down = True
    for _ in range(3):
        with pytest.raises(LimiterUnavailable):
            store.hit([THREE], 1)
    assert [one.asked for one in stores] == [2, 0, 0]


@pytest.mark.usefixtures("probes")
def test_allow_admits_and_counts_nothing(clock: Clock) -> None:
    store, stores = resilient("allow", clock)
    stores[0].is_down = True
    for _ in range(10):
        decision = Decision.of([THREE, TWO], store.hit([THREE, TWO], 1), 1)
        assert decision.allowed
        assert [status.remaining for status in decision.statuses] == [3, 2]
        store.take_back([THREE, TWO], 1, [standing.quantum for standing in decision.standings])
    assert [one.asked for one in stores] == [1, 0, 0]


@pytest.mark.usefixtures("probes")
def test_allow_admits_nothing_that_a_limit_never_admits(clock: Clock) -> None:
    store, stores = resilient("allow", clock)
    stores[0].is_down = True
    assert store.hit([THREE], 4)[0].wait > 0


@pytest.mark.parametrize(
    ("policy", "number", "meanwhile"),
    [
        ("fallback", 2, "FragileStore counts until it is back."),
        ("fallback", 1, "Requests are refused until it is back."),
        ("deny", 2, "Requests are refused until it is back."),
        ("allow", 2, "Requests are admitted without limits until it is back."),
    ],
)
@pytest.mark.usefixtures("probes")
def test_the_log_says_what_holds_meanwhile(
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    policy: Policy,
    number: int,
    meanwhile: str,
) -> None:
    store, stores = resilient(policy, clock, number)
    stores[0].is_down = True
    if (policy != "allow" and number == 1) or policy == "deny":
        with pytest.raises(LimiterUnavailable):
            store.hit([THREE], 1)
    else:
        store.hit([THREE], 1)
    assert caplog.messages == [f"The rate limits have lost FragileStore: it is down. {meanwhile}"]


def test_what_was_counted_is_taken_back_from_the_store_that_counted_it(
    clock: Clock, probes: Probes
) -> None:
    store, stores = resilient("fallback", clock)
    quanta = []
    for down in range(3):
        quanta.append([standing.quantum for standing in store.hit([THREE, TWO], 1)])
        stores[down].is_down = True
    for one in stores:
        one.is_down = False
    clock.now += 1
    store.hit([THREE], 0)
    assert probes.finish() == 2
    for number in (1, 0, 2):
        before = [one.counted(THREE) for one in stores]
        store.take_back([THREE, TWO], 1, quanta[number])
        after = [one.counted(THREE) for one in stores]
        assert [a - b for a, b in zip(before, after, strict=True)] == [
            int(number == other) for other in range(3)
        ]


@pytest.mark.usefixtures("probes")
def test_what_a_lost_store_has_counted_is_taken_back_nowhere(clock: Clock) -> None:
    store, stores = resilient("fallback", clock)
    quanta = [standing.quantum for standing in store.hit([THREE], 1)]
    stores[0].is_down = True
    store.hit([THREE], 1)
    store.take_back([THREE], 1, quanta)
    stores[1].is_down = True
    store.take_back([THREE], 1, quanta)
    assert [one.counted(THREE) for one in stores] == [1, 1, 0]


@pytest.mark.usefixtures("probes")
def test_clear_forgets_in_every_store_that_answers(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    store, stores = resilient("fallback", clock)
    for down in range(2):
        store.hit([THREE], 1)
        stores[down].is_down = True
    store = ResilientStore(stores[0], stores[1:], clock=clock)
    stores[0].is_down = False
    caplog.clear()
    store.clear([THREE])
    assert [one.counted(THREE) for one in stores] == [0, 1, 0]
    assert caplog.messages == [
        "The rate limits have lost FragileStore: it is down. FragileStore counts until it is back."
    ]


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(failure_policy.POLICIES),
    st.lists(
        st.tuples(
            st.sampled_from(["hit", "hit", "take_back", "clear"]),
            st.integers(0, 7),
            st.sampled_from([0.0, 0.3, 1.0, 70.0]),
        ),
        max_size=40,
    ),
)
def test_nothing_but_limiter_unavailable_ever_comes_out(policy: Policy, moves: Any) -> None:
    clock, probes = Clock(), Probes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failure_policy, "Thread", probes)
        store, stores = resilient(policy, clock)
        quanta: list[int] = []
        for deed, down, pause in moves:
            clock.now += pause
            for number, one in enumerate(stores):
                one.is_down = bool(down >> number & 1)
            probes.finish()
            if deed == "take_back":
                if quanta:
                    store.take_back([THREE], 1, [quanta.pop()])
            elif deed == "clear":
                store.clear([THREE])
            else:
                try:
                    quanta += [standing.quantum for standing in store.hit([THREE], 1)]
                except LimiterUnavailable:
                    assert policy != "allow"
        assert all(one.counted(THREE) <= 3 for one in stores)


def test_a_place_that_nobody_can_write_is_counted_for_in_this_process(
    clock: Clock, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    embedded = EmbeddedStore(tmp_path / "file" / "ratelimit.sqlite3")
    store = ResilientStore(embedded, [InProcessStore(clock=clock)], clock=clock)
    assert [bool(store.hit([THREE], 1)[0].wait) for _ in range(4)] == [False] * 3 + [True]
    [line] = caplog.messages
    assert "lost EmbeddedStore" in line
    assert "InProcessStore counts until it is back." in line
