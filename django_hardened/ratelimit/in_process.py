"""Counters in this process: the last resort, and the model that other stores are held against."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

from django_hardened.ratelimit.decisions import Entry, Standing
from django_hardened.ratelimit.windows import SECOND, Window

MAX_KEYS = 10_000


class InProcessStore:
    """A bounded number of counters behind a lock; the least recently used go first."""

    def __init__(self, *, clock: Callable[[], float] = time.time, size: int = MAX_KEYS) -> None:
        self._clock = clock
        self._size = size
        self._states: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def hit(self, entries: Sequence[Entry], cost: int) -> list[Standing]:
        now = int(self._clock() * SECOND)
        with self._lock:
            windows = [Window.load(self._states.get(e.key), e.limit, now) for e in entries]
            is_admitted = all(window.admits(cost) for window in windows)
            if is_admitted and cost:
                for entry, window in zip(entries, windows, strict=True):
                    self._keep(entry.key, window.add(cost))
        return [
            Standing.of(window, cost, is_admitted=is_admitted or window.admits(cost))
            for window in windows
        ]

    def take_back(self, entries: Sequence[Entry], cost: int, quanta: Sequence[int]) -> None:
        now = int(self._clock() * SECOND)
        with self._lock:
            for entry, quantum in zip(entries, quanta, strict=True):
                window = Window.load(self._states.get(entry.key), entry.limit, now)
                state = window.take_back(cost, quantum)
                if state is not None:
                    self._keep(entry.key, state)

    def clear(self, entries: Sequence[Entry]) -> None:
        with self._lock:
            for entry in entries:
                self._states.pop(entry.key, None)

    def _keep(self, key: str, state: bytes) -> None:
        self._states[key] = state
        self._states.move_to_end(key)
        while len(self._states) > self._size:
            self._states.popitem(last=False)
