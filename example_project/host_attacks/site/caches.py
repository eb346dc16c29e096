"""Local-memory caches that tell what has been put into them."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpResponse

from host_attacks.variants import ALIAS

# The keys under which each page was ever kept: those of the alias are another page's.
page_keys: defaultdict[str, set[str]] = defaultdict(set)


class WatchedCache(LocMemCache):
    """Remembers the key of every page, and knows how much it holds."""

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        if isinstance(value, HttpResponse):
            facts = json.loads(value.content)
            name = ALIAS if facts["get_host"] == ALIAS else ""
            page_keys[f"{facts['view']} {facts['mode']} {name}{facts['path']}"].add(key)
        super().set(key, value, timeout, version)

    def __len__(self) -> int:
        return len(self._cache)  # type: ignore[attr-defined]  # the stubs leave it out


def count_entries() -> int:
    return sum(len(cache) for cache in _watched())


def forget(when: str, kept: int) -> None:
    """Empty the caches: ``always``, or ``alone``, if nothing had been ``kept`` before."""
    if when == "always" or (when == "alone" and not kept):
        for cache in _watched():
            cache.clear()


def _watched() -> list[WatchedCache]:
    both = (caches["default"], caches["pages"])
    return [cache for cache in both if isinstance(cache, WatchedCache)]
