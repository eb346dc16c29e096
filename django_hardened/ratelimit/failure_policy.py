"""What holds while a store cannot be reached: never a 500, never silently open or closed."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import Final, Literal, TypeVar

from django_hardened.log_window import LogWindow
from django_hardened.ratelimit.decisions import (
    Entry,
    LimiterUnavailable,
    Standing,
    Store,
    StoreUnavailable,
)
from django_hardened.ratelimit.rates import MAX_AMOUNT, Limit
from django_hardened.ratelimit.windows import Window

T = TypeVar("T")
Policy = Literal["fallback", "deny", "allow"]

POLICIES: Final[tuple[Policy, ...]] = ("fallback", "deny", "allow")
LOGGER = "django_hardened.ratelimit"
PROBE_EVERY = 1.0  # seconds
# Counted for real: a full disk can still be read.
_PROBE = Entry("probe", "probe", Limit(MAX_AMOUNT, 1, "probe"))


class Breaker:
    """A store that is left alone from its first failure until a probe finds it working.

    The probe has a thread of its own, so that no request waits for a store that hangs. It is
    started by a request, at most once a second: a process without any has nothing to find out,
    and a thread that waits would not be in the child of a fork.
    """

    def __init__(
        self, store: Store, meanwhile: str, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self.store = store
        self.is_closed = True  # as of a circuit: it conducts
        self._name = type(store).__name__
        self._meanwhile = meanwhile
        self._clock = clock
        self._next_probe = 0.0
        self._unanswered: Sequence[Entry] = ()
        self._probes: dict[int, object] = {}  # by process: one that forks has none in the child
        self._log = LogWindow(clock=clock)
        self._has_logged = False

    def ask(self, question: Callable[[Store], T], entries: Sequence[Entry] = ()) -> T:
        """Return what the store says.

        Args:
            question: what to ask it.
            entries: those that it is about.

        Raises:
            StoreUnavailable: it does not, or is left alone.
        """
        if not self.is_closed:
            self._start_probe()
            raise StoreUnavailable(f"{self._name} is left alone")
        try:
            return question(self.store)
        except StoreUnavailable as error:
            self._unanswered = entries
            self._open(error)
            raise

    def _open(self, error: StoreUnavailable) -> None:
        self._next_probe = self._clock() + PROBE_EVERY
        self.is_closed = False
        self._has_logged |= self._log.warning(
            LOGGER, "The rate limits have lost %s: %s. %s.", self._name, error, self._meanwhile
        )

    def _close(self) -> None:
        self.is_closed = True
        if self._has_logged:  # as often as a loss is, so that coming and going fills no disk
            self._has_logged = False
            logging.getLogger(LOGGER).warning("The rate limits have %s again.", self._name)

    def _start_probe(self) -> None:
        if self._clock() < self._next_probe:
            return
        process, mine = os.getpid(), object()
        if self._probes.setdefault(process, mine) is not mine:
            return  # one is under way
        self._next_probe = self._clock() + PROBE_EVERY
        try:
            Thread(target=self._probe, args=(process,), daemon=True).start()
        except RuntimeError:  # there can be no more threads, or the interpreter is about to end
            del self._probes[process]

    def _probe(self, process: int) -> None:
        try:
            self.store.hit([_PROBE], 1)
            if self._unanswered:  # a store may have several servers, and the other one is well
                self.store.hit(self._unanswered, 0)
        except StoreUnavailable as error:
            self._open(error)
        else:
            self._close()
        finally:
            del self._probes[process]


class ResilientStore:
    """The first store that answers counts; where none does, the policy decides.

    Which one has counted is told by the quantum of a standing, so that a hit is taken back from
    there: elsewhere that would give the client another one for nothing.
    """

    def __init__(
        self,
        primary: Store,
        fallbacks: Sequence[Store] = (),
        policy: Policy = "fallback",
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._admits = policy == "allow"
        stores = [primary, *fallbacks] if policy == "fallback" else [primary]
        self._breakers = [
            Breaker(store, _meanwhile(policy, stores[number:]), clock=clock)
            for number, store in enumerate(stores, start=1)
        ]
        self._marks = len(stores) + 1  # the last one is for what was admitted uncounted

    def hit(self, entries: Sequence[Entry], cost: int) -> list[Standing]:
        """Count as :class:`Store` says.

        Raises:
            LimiterUnavailable: no store answers, and the policy is not to admit everything.
        """
        for number, breaker in enumerate(self._breakers):
            try:
                standings = breaker.ask(lambda store: store.hit(entries, cost), entries)
            except StoreUnavailable:
                continue
            return [self._marked(standing, number) for standing in standings]
        if not self._admits:
            raise LimiterUnavailable
        empty = [Window.load(None, entry.limit, 0) for entry in entries]
        standings = [Standing.of(w, cost, is_admitted=w.admits(cost)) for w in empty]
        return [self._marked(standing, len(self._breakers)) for standing in standings]

    def take_back(self, entries: Sequence[Entry], cost: int, quanta: Sequence[int]) -> None:
        """Take a hit back from the store that counted it.

        If that one does not answer, the hit stays counted, and is forgotten with its window.
        """
        counted_by = {quantum % self._marks for quantum in quanta}
        own = [quantum // self._marks for quantum in quanta]
        for number, breaker in enumerate(self._breakers):
            if number in counted_by:  # one decision is of one store
                with suppress(StoreUnavailable):
                    breaker.ask(lambda store: store.take_back(entries, cost, own), entries)

    def clear(self, entries: Sequence[Entry]) -> None:
        """Forget what was counted, in every store that answers; the log names one that did not."""
        for breaker in self._breakers:
            with suppress(StoreUnavailable):
                breaker.ask(lambda store: store.clear(entries), entries)

    @property
    def is_degraded(self) -> bool:
        """Whether another store than the first counts, or none."""
        return not self._breakers[0].is_closed

    def _marked(self, standing: Standing, mark: int) -> Standing:
        return standing._replace(quantum=standing.quantum * self._marks + mark)


def _meanwhile(policy: Policy, others: Sequence[Store]) -> str:
    if policy == "allow":
        return "Requests are admitted without limits until it is back"
    if others:
        return f"{type(others[0]).__name__} counts until it is back"
    return "Requests are refused until it is back"
