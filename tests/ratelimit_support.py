"""A store with a clock that tests set, which counts how often it is asked."""

from __future__ import annotations

from collections.abc import Sequence

from django_hardened.ratelimit.decisions import Entry, LimiterUnavailable, Standing
from django_hardened.ratelimit.in_process import InProcessStore

NOON = 1_700_000_000.0


class AskedStore(InProcessStore):
    """Remembers the entries of each call, and can be made to fail as the policy "deny" does."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: self.now)
        self.now = NOON
        self.calls: list[list[Entry]] = []
        self.is_down = False

    def hit(self, entries: Sequence[Entry], cost: int) -> list[Standing]:
        if self.is_down:
            raise LimiterUnavailable
        self.calls.append(list(entries))
        return super().hit(entries, cost)
