"""The state of one limit for one client: constant in size, and exact in any window.

Pure. The window of T seconds is divided into 64 quanta, and 65 counters are kept in a circle, one
for each quantum that a window ending now can touch. A hit is admitted if their sum leaves room.

Why that is exact: let any window of length T contain k admitted hits, and look at the last one of
them, at time t. All k fall into the quanta that (t - T, t] touches, which are 65 at most. When the
last one was admitted, the sum over these quanta, with it, was at most N. So k <= N.

Why it is late by no more than T/64: a hit is forgotten when its quantum is the 66th, which is one
quantum after an exact log would have forgotten the earliest hit in it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import compress

from django_hardened.ratelimit.rates import Limit

QUANTA = 64
SLOTS = QUANTA + 1
SECOND = 1_000_000  # times are whole microseconds
_AGES = range(SLOTS)
_HEADER = struct.Struct(">QI")  # the newest quantum, and the sum of the counters
_NARROW, _WIDE = struct.Struct(f">{SLOTS}H"), struct.Struct(f">{SLOTS}I")


def quantum_of(limit: Limit) -> int:
    """Return the length of a quantum in microseconds, rounded up: 64 of them cover the window."""
    return -(-limit.seconds * SECOND // QUANTA)


def lifetime_of(limit: Limit) -> int:
    """Return after how many microseconds without a hit the state says nothing any more."""
    return quantum_of(limit) * SLOTS


def _width_of(limit: Limit) -> int:
    """Return the bytes of a counter: as few as hold the whole amount."""
    return 2 if limit.amount <= 0xFFFF else 3 if limit.amount <= 0xFFFFFF else 4


def _pack(counts: list[int], width: int) -> bytes:
    if width == 2:
        return _NARROW.pack(*counts)
    packed = bytearray(_WIDE.pack(*counts))
    if width == 3:
        del packed[::4]
    return bytes(packed)


def _unpack(packed: bytes, width: int) -> list[int]:
    if width == 2:
        return list(_NARROW.unpack(packed))
    if width == 3:
        wide = bytearray(_WIDE.size)
        wide[1::4], wide[2::4], wide[3::4] = packed[::3], packed[1::3], packed[2::3]
        return list(_WIDE.unpack(wide))
    return list(_WIDE.unpack(packed))


@dataclass(slots=True)
class Window:
    """The counters of ``limit`` as they stand at ``now``."""

    limit: Limit
    now: int
    index: int
    total: int
    counts: list[int]

    @classmethod
    def load(cls, state: bytes | None, limit: Limit, now: int) -> Window:
        """Read ``state``, None if there is none, and move it on to ``now`` (microseconds).

        What cannot be read counts as nothing: only a store that lost its mind writes that.
        """
        index = now // quantum_of(limit)
        width = _width_of(limit)
        if state is None or len(state) != _HEADER.size + SLOTS * width:
            return cls(limit, now, index, 0, [0] * SLOTS)
        newest, total = _HEADER.unpack_from(state)
        counts = _unpack(state[_HEADER.size :], width)
        if sum(counts) != total:
            return cls(limit, now, index, 0, [0] * SLOTS)
        window = cls(limit, now, newest, total, counts)
        window._advance(index)
        return window

    def _advance(self, index: int) -> None:
        passed = index - self.index
        if passed <= -SLOTS:
            # The clock was set back by more than a window. What was counted counts as just now:
            # the client waits for a window at most, and gets none for nothing.
            self.counts = [0] * SLOTS
            self.counts[index % SLOTS] = self.total
            self.index = index
        elif passed > 0:
            first, number = (self.index + 1) % SLOTS, min(passed, SLOTS)
            self._forget(first, min(first + number, SLOTS))
            self._forget(0, first + number - SLOTS)  # those that are past the end of the circle
            self.index = index

    def _forget(self, start: int, end: int) -> None:
        if start < end:
            self.total -= sum(self.counts[start:end])
            self.counts[start:end] = [0] * (end - start)

    @property
    def remaining(self) -> int:
        """How much more is admitted now."""
        return max(0, self.limit.amount - self.total)

    def admits(self, cost: int) -> bool:
        """Whether ``cost`` more is within the limit."""
        return self.total + cost <= self.limit.amount

    def add(self, cost: int) -> bytes:
        """Count ``cost`` and return the state to store."""
        self.total += cost
        self.counts[self.index % SLOTS] += cost
        return self.dump()

    def take_back(self, cost: int, index: int) -> bytes | None:
        """Take back what was counted in quantum ``index``; None if that is past or not there."""
        slot = index % SLOTS
        if not self.index - SLOTS < index <= self.index or self.counts[slot] < cost:
            return None
        self.total -= cost
        self.counts[slot] -= cost
        return self.dump()

    def dump(self) -> bytes:
        """Return the state to store."""
        counts = _pack(self.counts, _width_of(self.limit))
        return _HEADER.pack(self.index, self.total) + counts

    def wait(self, cost: int) -> int:
        """Return the microseconds until ``cost`` more is admitted; 0 if it is now.

        More than the limit as a whole is never admitted: a window, to say something.
        """
        if self.admits(cost):
            return 0
        if cost > self.limit.amount:
            return self.limit.seconds * SECOND
        needed = self.total + cost - self.limit.amount
        for index in range(self.index - QUANTA, self.index + 1):  # pragma: no branch
            needed -= self.counts[index % SLOTS]
            if needed <= 0:
                break
        return self._until_forgotten(index)

    def release(self) -> int:
        """Return the microseconds until the earliest count is forgotten; 0 if there is none."""
        oldest = (self.index + 1) % SLOTS
        ages = compress(_AGES, self.counts[oldest:] + self.counts[:oldest])
        earliest = next(ages, None)
        return 0 if earliest is None else self._until_forgotten(self.index - QUANTA + earliest)

    def _until_forgotten(self, index: int) -> int:
        return max(1, (index + SLOTS) * quantum_of(self.limit) - self.now)
