"""What is asked of a store, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.windows import SECOND, Window


class Entry(NamedTuple):
    """One limit for one client, under the key that a store has for it.

    Attributes:
        tag: a hash of the client: what one client has is on one node of a cluster.
        key: a hash of the client and the limit.
    """

    tag: str
    key: str
    limit: Limit


class Standing(NamedTuple):
    """How one limit stands after a hit.

    Attributes:
        remaining: how much more is admitted now.
        wait: microseconds until the cost that was asked for is admitted; 0 if it was.
        release: microseconds until anything that was counted is forgotten; 0 if nothing was.
        quantum: the one in which the hit was counted, for taking it back.
    """

    remaining: int
    wait: int
    release: int
    quantum: int

    @classmethod
    def of(cls, window: Window, cost: int, *, is_admitted: bool) -> Standing:
        """Return how ``window`` stands after a hit of ``cost`` that it admits, or does not."""
        wait = 0 if is_admitted else window.wait(cost)
        return cls(window.remaining, wait, window.release(), window.index)


class Store(Protocol):
    """Keeps the counts. Each method decides about all entries at once, or about none.

    No two entries of a call have the same key.
    """

    def hit(self, entries: Sequence[Entry], cost: int) -> list[Standing]:
        """Count ``cost`` for all entries if every one admits it; else for none.

        Raises:
            StoreUnavailable: the store cannot be asked.
        """

    def take_back(self, entries: Sequence[Entry], cost: int, quanta: Sequence[int]) -> None:
        """Take back a hit that was counted in these quanta; what is past stays past."""

    def clear(self, entries: Sequence[Entry]) -> None:
        """Forget all that was counted."""


class StoreUnavailable(Exception):
    """The store cannot be reached, or does not answer in time."""


class LimiterUnavailable(Exception):
    """Nothing can be counted, and the policy is to deny."""


class Status(NamedTuple):
    """One limit, as clients are told of it.

    Attributes:
        limit: which one.
        remaining: how much more is admitted now.
        reset_after: seconds, rounded up, until more is; 0 where nothing has been counted.
        retry_after: seconds, rounded up, after which a refused hit is admitted; 0 if it was.
    """

    limit: Limit
    remaining: int
    reset_after: int
    retry_after: int

    @classmethod
    def of(cls, limit: Limit, standing: Standing) -> Status:
        """Return ``standing`` in whole seconds."""
        retry_after = -(-standing.wait // SECOND)
        reset_after = retry_after or -(-standing.release // SECOND)
        return cls(limit, standing.remaining, reset_after, retry_after)


class Decision(NamedTuple):
    """Whether a hit is admitted, by all its limits together.

    Attributes:
        statuses: every limit that was asked, in the order in which they were given.
        entries: the same, as the store knows them.
        standings: what the store said.
        cost: how much was asked for.
    """

    statuses: tuple[Status, ...]
    entries: tuple[Entry, ...] = ()
    standings: tuple[Standing, ...] = ()
    cost: int = 1

    @classmethod
    def of(cls, entries: Sequence[Entry], standings: Sequence[Standing], cost: int) -> Decision:
        """Return the decision that a store's answer amounts to."""
        statuses = [Status.of(e.limit, s) for e, s in zip(entries, standings, strict=True)]
        return cls(tuple(statuses), tuple(entries), tuple(standings), cost)

    @property
    def allowed(self) -> bool:
        """Whether every limit admits it. Without limits everything is admitted."""
        return all(status.retry_after == 0 for status in self.statuses)

    @property
    def deciding(self) -> Status | None:
        """The limit that refuses for longest; where none refuses, the one with the least left."""
        if not self.statuses:
            return None
        return max(self.statuses, key=lambda status: (status.retry_after, -status.remaining))

    @property
    def limit(self) -> Limit | None:
        """The limit of :attr:`deciding`."""
        return self.deciding.limit if self.deciding else None

    @property
    def remaining(self) -> int | None:
        """How much more is admitted now; None without limits."""
        return min((status.remaining for status in self.statuses), default=None)

    @property
    def reset_after(self) -> int:
        """Seconds until more is admitted, by the deciding limit."""
        return self.deciding.reset_after if self.deciding else 0

    @property
    def retry_after(self) -> int:
        """Seconds after which the same hit is admitted, if nothing else is in between."""
        return max((status.retry_after for status in self.statuses), default=0)
