"""``Limiter``: asks a store about all limits of a request at once.

*Never more than N admitted in any window of length T, for any interleaving of processes, threads
and hosts on one store; a refused request costs nothing, in memory or in waiting; a client is
admitted at most T/64 later than an exact log would admit it.* The proof is in ``windows``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256

from asgiref.sync import sync_to_async
from django.conf import settings

from django_hardened.ratelimit.decisions import Decision, Entry, Store
from django_hardened.ratelimit.identity import Client
from django_hardened.ratelimit.keys import entry
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.stores import get_store

Counted = tuple[Client, Limit]


class Limiter:
    """Decides about hits. Without a ``store``, it is the one that the settings name."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store

    @property
    def store(self) -> Store:
        """The store that is asked."""
        return self._store or get_store()

    def hit(self, key: str | tuple[str, ...], limits: Iterable[Limit], cost: int = 1) -> Decision:
        """Count ``cost`` for ``key`` if every one of ``limits`` admits it; else count nothing.

        Args:
            key: who is counted: a text, or several, such as ``("user", "7")``.
            limits: whose names tell them apart.
            cost: how much to count; 0 asks and counts nothing.

        Raises:
            ValueError: ``cost`` is below 0.
            LimiterUnavailable: nothing can be counted, and the policy is to deny.
        """
        client = Client((key,) if isinstance(key, str) else key)
        return self.hit_all([(client, limit) for limit in limits], cost)

    async def ahit(
        self, key: str | tuple[str, ...], limits: Iterable[Limit], cost: int = 1
    ) -> Decision:
        """As :meth:`hit`, in a thread: a store may keep its caller waiting."""
        return await sync_to_async(self.hit, thread_sensitive=False)(key, limits, cost)

    def hit_all(self, counted: Iterable[Counted], cost: int = 1) -> Decision:
        """As :meth:`hit`, for limits of several clients: the networks around an address, say."""
        if cost < 0:
            raise ValueError(f"the cost of a hit is {cost}: nothing is given back that way")
        entries = _entries(counted)
        if not entries or not is_enabled():
            return Decision(())
        return Decision.of(entries, self.store.hit(entries, cost), cost)

    async def ahit_all(self, counted: Iterable[Counted], cost: int = 1) -> Decision:
        """As :meth:`hit_all`, in a thread."""
        return await sync_to_async(self.hit_all, thread_sensitive=False)(list(counted), cost)

    def take_back(self, decision: Decision) -> None:
        """Take back what ``decision`` counted: it turned out to be no reason to count."""
        if decision.entries and decision.allowed and decision.cost:
            quanta = [standing.quantum for standing in decision.standings]
            self.store.take_back(decision.entries, decision.cost, quanta)

    def clear(self, counted: Iterable[Counted]) -> None:
        """Forget what was counted."""
        self.store.clear(_entries(counted))


def is_enabled() -> bool:
    """``RATELIMIT_ENABLE``, the setting of django-ratelimit: False turns every limit off."""
    # Asked first: to ``getattr``, a setting that is not there is an exception, which takes longer.
    is_set = settings.is_overridden("RATELIMIT_ENABLE")  # type: ignore[misc]
    return not is_set or bool(getattr(settings, "RATELIMIT_ENABLE", True))


def _entries(counted: Iterable[Counted]) -> Sequence[Entry]:
    """Return what the store is asked about; the same limit of the same client once."""
    secret = _secret(str(settings.SECRET_KEY))
    entries = {}
    for client, limit in counted:
        made = entry(secret, client.parts, _scaled(limit, client.multiple))
        entries[made.key] = made
    return list(entries.values())


def _scaled(limit: Limit, multiple: int) -> Limit:
    if multiple == 1:
        return limit
    return Limit(min(limit.amount * multiple, 2**31 - 1), limit.seconds, limit.name)


@lru_cache(maxsize=2)
def _secret(secret_key: str) -> bytes:
    return sha256(b"django_hardened.ratelimit\0" + secret_key.encode()).digest()
