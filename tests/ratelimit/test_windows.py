"""The promise: never more than N in any window of T, and late by no more than T/64."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.windows import (
    QUANTA,
    SECOND,
    SLOTS,
    Window,
    lifetime_of,
    quantum_of,
)

many = settings(max_examples=300, deadline=None)
START = 1_700_000_000 * SECOND


class Client:
    """Sends hits to one limit and remembers when they were admitted."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.state: bytes | None = None
        self.admitted: list[int] = []

    def hit(self, now: int, cost: int = 1) -> bool:
        window = Window.load(self.state, self.limit, now)
        if not window.admits(cost):
            return False
        self.state = window.add(cost)
        self.admitted += [now] * cost
        return True

    def worst(self) -> int:
        """The most that any half-open window of T contains."""
        length = self.limit.seconds * SECOND
        return max(
            (
                number + 1 - bisect_right(self.admitted, time - length)
                for number, time in enumerate(self.admitted)
            ),
            default=0,
        )


limits = st.builds(Limit, st.integers(1, 200), st.integers(1, 100_000))


@st.composite
def hits(draw: st.DrawFn) -> tuple[Limit, list[tuple[int, int]]]:
    """A limit, and moments that an adversary chooses: bursts around the edges of quanta."""
    limit = draw(limits)
    quantum = quantum_of(limit)
    step = st.one_of(
        st.integers(0, 3),
        st.integers(-2, 2).map(lambda edge: quantum + edge),
        st.integers(0, 2 * limit.seconds * SECOND),
        st.integers(-2, 2).map(lambda edge: limit.seconds * SECOND + edge),
    )
    bursts = draw(st.lists(st.tuples(step, st.integers(1, 250)), min_size=1, max_size=40))
    now, moments = START + draw(st.integers(0, quantum)), []
    for pause, count in bursts:
        now = max(now, now + pause)
        moments.append((now, count))
    return limit, moments


@many
@given(hits())
def test_never_more_than_n_in_any_window_and_never_late_by_more_than_a_quantum(
    case: tuple[Limit, list[tuple[int, int]]],
) -> None:
    limit, moments = case
    client = Client(limit)
    length, quantum = limit.seconds * SECOND, quantum_of(limit)
    for now, count in moments:
        for _ in range(count):
            admitted = client.hit(now)
            # What an exact log would say, had its window been a quantum (and what rounding up 64
            # quanta adds) longer.
            late = length + quantum + (QUANTA * quantum - length)
            recent = len(client.admitted) - admitted
            recent -= bisect_right(client.admitted[:recent], now - late)
            if recent < limit.amount:
                assert admitted
            if not admitted:
                break
    assert client.worst() <= limit.amount


@many
@given(hits(), st.integers(1, 5))
def test_a_refused_hit_is_told_exactly_when_it_is_admitted(
    case: tuple[Limit, list[tuple[int, int]]], cost: int
) -> None:
    limit, moments = case
    client = Client(limit)
    for now, count in moments:
        for _ in range(count):
            client.hit(now)
    now = moments[-1][0]
    window = Window.load(client.state, limit, now)
    wait = window.wait(cost)
    if cost > limit.amount:
        assert wait > 0 or window.total == 0
        return
    assert (wait == 0) == window.admits(cost)
    if wait:
        assert not Window.load(client.state, limit, now + wait - 1).admits(cost)
        assert Window.load(client.state, limit, now + wait).admits(cost)
        assert wait <= lifetime_of(limit)


@many
@given(hits())
def test_release_is_when_the_first_is_forgotten(
    case: tuple[Limit, list[tuple[int, int]]],
) -> None:
    limit, moments = case
    client = Client(limit)
    for now, count in moments:
        for _ in range(count):
            client.hit(now)
    now = moments[-1][0]
    window = Window.load(client.state, limit, now)
    release = window.release()
    assert (release == 0) == (window.total == 0)
    if release:
        assert Window.load(client.state, limit, now + release - 1).total == window.total
        assert Window.load(client.state, limit, now + release).total < window.total


def test_a_client_that_polls_gets_nearly_all() -> None:
    limit = Limit(100, 60)
    client = Client(limit)
    for moment in range(0, 6000 * SECOND, SECOND // 4):
        client.hit(START + moment)
    assert client.worst() == 100
    assert len(client.admitted) >= 0.98 * 100 * 100


def test_refusals_cost_nothing() -> None:
    client = Client(Limit(3, 60))
    for _ in range(3):
        assert client.hit(START)
    state = client.state
    for _ in range(1000):
        assert not client.hit(START + SECOND)
    assert client.state == state
    assert client.hit(START + lifetime_of(client.limit))


SIZES = {1: 142, 100: 142, 2**16 - 1: 142, 2**16: 207, 2**24 - 1: 207, 2**24: 272, 2**31 - 1: 272}


@pytest.mark.parametrize(("amount", "size"), SIZES.items())
def test_the_state_has_one_size_whatever_has_been_counted(amount: int, size: int) -> None:
    state = Window.load(None, Limit(amount, 60), START).add(amount)
    assert len(state) == size
    assert Window.load(state, Limit(amount, 60), START).remaining == 0


@pytest.mark.parametrize("amount", [2**16 - 1, 2**24 - 1, 2**31 - 1])
@given(data=st.data())
def test_each_count_is_read_as_it_was_written(amount: int, data: st.DataObject) -> None:
    limit = Limit(amount, 60)
    cuts = data.draw(st.lists(st.integers(0, amount), min_size=QUANTA, max_size=QUANTA))
    counts = [after - before for before, after in pairwise([0, *sorted(cuts), amount])]
    window = Window(limit, START, START // quantum_of(limit), amount, counts)
    assert Window.load(window.dump(), limit, START) == window


def test_the_quanta_cover_the_window() -> None:
    for seconds in (1, 7, 60, 61, 3600, 86_399):
        limit = Limit(1, seconds)
        assert 0 <= QUANTA * quantum_of(limit) - seconds * SECOND < QUANTA
        assert lifetime_of(limit) == SLOTS * quantum_of(limit)


@pytest.mark.parametrize("state", [b"", b"x", b"x" * 141, b"\x00" * 272])
def test_a_state_of_another_shape_counts_as_none(state: bytes) -> None:
    assert Window.load(state, Limit(5, 60), START).remaining == 5


@pytest.mark.parametrize("total", [0, 64, 66, 2**32 - 1])
def test_a_state_whose_sum_is_not_that_of_its_counts_counts_as_none(total: int) -> None:
    limit = Limit(100, 60)
    window = Window(limit, START, START // quantum_of(limit), total, [1] * SLOTS)
    assert Window.load(window.dump(), limit, START).remaining == 100


def test_a_limit_of_nothing() -> None:
    window = Window.load(None, Limit(0, 60), START)
    assert not window.admits(1)
    assert window.wait(1) == 60 * SECOND
    assert window.release() == 0


# -- The clock -----------------------------------------------------------------------------------


def test_a_clock_set_back_a_little_gives_nothing_away() -> None:
    limit = Limit(3, 60)
    client = Client(limit)
    assert [client.hit(START + 30 * SECOND) for _ in range(4)] == [True, True, True, False]
    for back in (0, 1, 29):
        assert not client.hit(START + back * SECOND)
    assert client.hit(START + 30 * SECOND + lifetime_of(limit))


def test_a_clock_set_back_far_locks_nobody_out_for_longer_than_a_window() -> None:
    limit = Limit(3, 60)
    client = Client(limit)
    for _ in range(3):
        assert client.hit(START + 10**6 * SECOND)
    window = Window.load(client.state, limit, START)
    assert not window.admits(1)
    assert 0 < window.wait(1) <= lifetime_of(limit)
    client.state = window.dump()
    assert client.hit(START + lifetime_of(limit))


def test_a_clock_set_forward_forgets() -> None:
    client = Client(Limit(3, 60))
    for _ in range(3):
        assert client.hit(START)
    assert client.hit(START + 10**9 * SECOND)


# -- Taking back ---------------------------------------------------------------------------------


def test_what_is_taken_back_is_free_again() -> None:
    limit = Limit(3, 60)
    client = Client(limit)
    for _ in range(3):
        assert client.hit(START)
    index = Window.load(client.state, limit, START).index
    window = Window.load(client.state, limit, START + 5 * SECOND)
    client.state = window.take_back(2, index)
    assert client.state is not None
    assert Window.load(client.state, limit, START + 5 * SECOND).remaining == 2


@many
@given(hits(), st.integers(-SLOTS - 2, 2), st.integers(1, 3))
def test_nothing_is_taken_back_that_was_not_counted(
    case: tuple[Limit, list[tuple[int, int]]], offset: int, cost: int
) -> None:
    limit, moments = case
    client = Client(limit)
    for now, count in moments:
        for _ in range(count):
            client.hit(now)
    now = moments[-1][0]
    window = Window.load(client.state, limit, now)
    before, index = window.total, window.index + offset
    state = window.take_back(cost, index)
    if state is None:
        assert window.total == before
    else:
        after = Window.load(state, limit, now)
        assert after.total == before - cost == sum(after.counts)
        assert min(after.counts) >= 0
