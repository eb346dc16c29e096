"""Counts in Memcached: a state is read and replaced, if nobody else has replaced it since.

The clock is that of the host that counts: what hosts' clocks differ by, a window may be off by.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.exceptions import ImproperlyConfigured

from django_hardened.ratelimit.decisions import Entry, Standing, StoreUnavailable
from django_hardened.ratelimit.memcached_client import Client, Found
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.windows import SECOND, Window, lifetime_of

ATTEMPTS = 16
# To give up on taking back leaves a refused hit counted. Whenever one is overtaken another gets on.
ATTEMPTS_BACK = 8 * ATTEMPTS
# What pylibmc takes behind the port. Keys are shared out evenly here.
_WEIGHT = re.compile(r"^((?:\[[^]]+\]|[^:/[]+):[0-9]+):[0-9]+$")
_MONTH = 30 * 24 * 60 * 60


def from_cache(cache: BaseCache) -> MemcachedStore:
    """Return the store on the servers of ``cache``, with connections of its own. Keep it.

    Raises:
        ImproperlyConfigured: pymemcache is not installed; or the servers of a PyLibMCCache ask for
            a user (SASL), which pymemcache cannot name.
    """
    servers, options = cache.client_servers, cache._options  # type: ignore[attr-defined]  # noqa: SLF001
    if options.get("username"):
        raise ImproperlyConfigured(
            "Memcached counts no rate limit where it asks for a user (SASL): name a cache without "
            "OPTIONS['username'] in HARDENED_RATELIMIT_CACHE."
        )
    try:
        return MemcachedStore(Client([*map(_without_weight, servers)], options))
    except ImportError as error:
        raise ImproperlyConfigured(
            "Rate limits in Memcached need pymemcache, beside a PyLibMCCache too: "
            "pip install 'django-hardened[memcached]'"
        ) from error


def _without_weight(server: Any) -> Any:
    # PyMemcacheCache takes pairs of a host and a port too.
    return _WEIGHT.sub(r"\1", server) if isinstance(server, str) else server


class MemcachedStore:
    """Counts one limit after the other, and takes all of it back if one turns out to refuse.

    Whoever is overtaken by others ``ATTEMPTS`` times in a row is refused: more than that many are
    counting the same client at this moment.
    """

    def __init__(self, client: Client, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock

    def hit(self, entries: Sequence[Entry], cost: int) -> list[Standing]:
        with self._asked():
            found = self._client.gets([_key(entry) for entry in entries])
            windows = [self._window(entry, found) for entry in entries]
            if not cost or not all(window.admits(cost) for window in windows):
                return _standings(windows, cost)
            counted: list[Standing] = []
            for entry in entries:
                counted.append(self._count(entry, cost, found))
                if counted[-1].wait:
                    return self._undo(entries, cost, found, counted)
            return counted

    def take_back(self, entries: Sequence[Entry], cost: int, quanta: Sequence[int]) -> None:
        with self._asked():
            for entry, quantum in zip(entries, quanta, strict=True):
                self._take_back(entry, cost, quantum)

    def clear(self, entries: Sequence[Entry]) -> None:
        with self._asked():
            self._client.delete([_key(entry) for entry in entries])

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except self._client.errors as error:
            self._client.reset()
            raise StoreUnavailable(f"Memcached: {type(error).__name__}") from error

    def _count(self, entry: Entry, cost: int, found: Found) -> Standing:
        for _ in range(ATTEMPTS):
            window = self._window(entry, found)
            if not window.admits(cost):
                return Standing.of(window, cost, is_admitted=False)
            if self._replace(entry, window.add(cost), found):
                return Standing.of(window, cost, is_admitted=True)
            found = self._client.gets([_key(entry)])
        window = self._window(entry, found)
        standing = Standing.of(window, cost, is_admitted=False)
        # Not for a lack of room, so that whoever asks again is not to wait for any.
        return standing._replace(wait=max(standing.wait, SECOND))

    def _undo(
        self, entries: Sequence[Entry], cost: int, found: Found, counted: Sequence[Standing]
    ) -> list[Standing]:
        """Take back all that was counted but the last, which was refused."""
        *admitted, refused = counted
        for entry, standing in zip(entries, admitted, strict=False):
            self._take_back(entry, cost, standing.quantum)
        standings = _standings([self._window(entry, found) for entry in entries], cost)
        standings[len(admitted)] = refused
        return standings

    def _take_back(self, entry: Entry, cost: int, quantum: int) -> None:
        for _ in range(ATTEMPTS_BACK):
            found = self._client.gets([_key(entry)])
            state = self._window(entry, found).take_back(cost, quantum)
            if state is None or self._replace(entry, state, found):
                return

    def _window(self, entry: Entry, found: Found) -> Window:
        state, _ = found.get(_key(entry), (None, None))
        return Window.load(state, entry.limit, int(self._clock() * SECOND))

    def _replace(self, entry: Entry, state: bytes, found: Found) -> bool:
        key, expiry = _key(entry), self._expiry(entry.limit)
        if key not in found:
            return self._client.add(key, state, expiry)
        return self._client.replace(key, state, found[key][1], expiry)

    def _expiry(self, limit: Limit) -> int:
        # One more than rounded up: the server's clock ticks once a second, and may be about to.
        seconds = -(-lifetime_of(limit) // SECOND) + 1
        # Memcached takes what is longer than a month for a moment in time.
        return seconds if seconds <= _MONTH else seconds + int(time.time())


def _key(entry: Entry) -> str:
    return f"hardened:rl:{entry.tag}:{entry.key}"


def _standings(windows: Sequence[Window], cost: int) -> list[Standing]:
    return [Standing.of(window, cost, is_admitted=window.admits(cost)) for window in windows]
