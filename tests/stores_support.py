"""What every store of counts is held against: the model, and clients who all come at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Barrier
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from django_hardened.ratelimit.decisions import Entry, Standing, Store
from django_hardened.ratelimit.in_process import InProcessStore
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.windows import quantum_of

Operation = tuple[str, float, tuple[int, ...], int]
# All of pylibmc that Django's PyLibMCCache looks at before it is asked anything; we ask it nothing.
PYLIBMC = SimpleNamespace(Client=None, NotFound=KeyError)


class Clock:
    """Tells the time that a test has set."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def entry(name: str, limit: Limit, tag: str = "client") -> Entry:
    """Return an entry whose keys are as long as real ones, and without spaces as these are."""
    tag, name = (text.replace(" ", "-").ljust(20, "-") for text in (tag, name))
    return Entry(tag, name, limit)


# Each width of a counter, from both sides. Windows so long that no real clock expires a state.
_amounts = st.one_of(
    st.integers(1, 12), st.sampled_from([2**16 - 1, 2**16, 2**24 - 1, 2**24, 2**31 - 1])
)
limits = st.builds(Limit, _amounts, st.sampled_from([60, 61, 3600, 31_622_400]))


@st.composite
def histories(draw: st.DrawFn, *, back: bool = True) -> tuple[list[Entry], list[Operation]]:
    """Three limits, two of them of one client, and what is done to them."""
    entries = [
        entry(f"limit {number}", draw(limits), "one" if number else "other") for number in range(3)
    ]
    quanta = [quantum_of(e.limit) / 1_000_000 for e in entries]
    forward = st.one_of(
        st.just(0.0),
        st.sampled_from(quanta).flatmap(lambda quantum: st.floats(0, 3 * quantum)),
        st.sampled_from(quanta).flatmap(lambda quantum: st.floats(0, 70 * quantum)),
    )
    step = st.one_of(forward, forward.map(lambda pause: -pause)) if back else forward
    costs = [0, 1, 1, 1, 2, 5, *(e.limit.amount + n for e in entries for n in (-1, 0, 1))]
    operation = st.tuples(
        st.sampled_from(["hit"] * 8 + ["take back"] * 2 + ["clear"]),
        step,
        st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True).map(tuple),
        st.sampled_from(costs),
    )
    return entries, draw(st.lists(operation, min_size=1, max_size=30))


def act(
    store: Store, entries: Sequence[Entry], verb: str, cost: int, last: dict[str, int]
) -> list[Standing]:
    """Do ``verb``; ``last`` has the quanta in which each limit was hit."""
    if verb == "hit":
        return store.hit(entries, cost)
    if verb == "clear":
        store.clear(entries)
    else:
        store.take_back(entries, cost, [last.get(e.key, 0) for e in entries])
    return []


def assert_agrees(
    store: Store,
    clock: Clock,
    history: tuple[list[Entry], list[Operation]],
    state_of: Callable[[Entry], bytes | None] | None,
) -> None:
    """Hold ``store`` against the model: the same answers, and the same bytes."""
    entries, operations = history
    model, last = InProcessStore(clock=clock), dict[str, int]()
    for verb, pause, numbers, cost in operations:
        clock.now = max(1_600_000_000.0, clock.now + pause)
        chosen = [entries[number] for number in numbers]
        expected = act(model, chosen, verb, cost, last)
        assert act(store, chosen, verb, cost, last) == expected
        last |= {e.key: s.quantum for e, s in zip(chosen, expected, strict=False)}
        if state_of:
            assert {e.key: state_of(e) for e in entries} == {
                e.key: model._states.get(e.key) for e in entries
            }


def admitted_at_once(
    store: Store, entries: Sequence[Entry], *, processes: int, threads: int, hits: int
) -> int:
    """Return how many hits of all are admitted. The store is one that processes fork with."""
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(processes), context.SimpleQueue()
    workers = [
        context.Process(target=_work, args=(store, entries, threads, hits, start, results))
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    admitted = sum(results.get() for _ in workers)
    for worker in workers:
        worker.join()
    return admitted


def _work(
    store: Store, entries: Sequence[Entry], threads: int, hits: int, start: Any, results: Any
) -> None:
    ready = Barrier(threads)

    def hit_often(_: int) -> int:
        ready.wait()
        return sum(not any(s.wait for s in store.hit(entries, 1)) for _ in range(hits))

    try:
        start.wait()
        with ThreadPoolExecutor(threads) as pool:
            results.put(sum(pool.map(hit_often, range(threads))))
    except BaseException:
        results.put(-1_000_000)
        raise


def admitted_in_any_window(store: Store, limit: Limit, *, seconds: float) -> int:
    """Return the most that was admitted in any window, to clients who come around its edges."""
    client, end = entry("adversary", limit), monotonic() + seconds

    def come(patience: float) -> list[tuple[float, float]]:
        """Return the moments before and after each admitted hit."""
        admitted = []
        while (before := monotonic()) < end:
            [standing] = store.hit([client], 1)
            if not standing.wait:
                admitted.append((before, monotonic()))
            else:  # until the moment when it is admitted, or hardly
                sleep(min(standing.wait / 1_000_000 * patience, 0.25))
        return admitted

    with ThreadPoolExecutor(4) as pool:
        moments = sorted(chain.from_iterable(pool.map(come, [0.01, 0.1, 1, 1])))
    # What was in one window for certain, whenever between the two moments it was counted.
    return max(
        sum(before >= first and after < first + limit.seconds for before, after in moments)
        for first, _ in moments
    )
