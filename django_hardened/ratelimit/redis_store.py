"""Counts in Redis or Valkey: one script, so one round trip, for any number of limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha1
from importlib.resources import files
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.exceptions import ImproperlyConfigured
from redis import RedisCluster
from redis.exceptions import NoScriptError, ReadOnlyError, RedisClusterException, RedisError

from django_hardened.ratelimit.decisions import Entry, Standing, StoreUnavailable
from django_hardened.ratelimit.redis_clients import impatient, kept, send
from django_hardened.ratelimit.windows import SECOND

_SCRIPT = (files(__package__) / "hit.lua").read_bytes()
_SHA = sha1(_SCRIPT, usedforsecurity=False).hexdigest().encode()
_ERRORS = (RedisError, RedisClusterException, OSError)


def from_cache(cache: BaseCache) -> RedisStore:
    """Return the store on the server that ``cache`` writes to, of Django or of django-redis.

    Its client is its own. Keep the store: its connections are what costs.

    Raises:
        ImproperlyConfigured: the cache spreads its keys over servers by itself.
    """
    client: Any = getattr(cache, "client", None) or getattr(cache, "_cache", None)
    try:
        client.get_client(write=True)
    except (TypeError, AttributeError, NotImplementedError) as error:
        raise ImproperlyConfigured(
            f"Limits cannot be counted with {type(client).__name__}, which has no one client to "
            "write with: use the default client, or a Redis Cluster."
        ) from error
    except _ERRORS:
        pass  # a client of a cluster that is away, which connects at once: the store tries again
    return RedisStore(lambda: impatient(client.get_client(write=True)))


class RedisStore:
    """Asks the script of ``hit.lua``; the clock is the server's, so hosts need not agree on one.

    Threads may share it, and so may processes that were forked with it: as redis-py's pools do.
    """

    def __init__(
        self, connect: Callable[[], Any], *, clock: Callable[[], float] | None = None
    ) -> None:
        """Keep what ``connect`` returns, a client of redis-py, from the first question on."""
        self._connect = connect
        self._clock = clock

    def hit(self, entries: Sequence[Entry], cost: int) -> list[Standing]:
        groups = self._groups(entries)
        if len(groups) == 1:
            return self._ask("hit", entries, cost)
        return self._hit_apart(groups, entries, cost)

    def take_back(self, entries: Sequence[Entry], cost: int, quanta: Sequence[int]) -> None:
        counted = {entry.key: quantum for entry, quantum in zip(entries, quanta, strict=True)}
        for group in self._groups(entries):
            self._ask("take-back", group, cost, [counted[entry.key] for entry in group])

    def clear(self, entries: Sequence[Entry]) -> None:
        for group in self._groups(entries):
            self._call(b"DEL", *map(_key, group))

    def _groups(self, entries: Sequence[Entry]) -> list[Sequence[Entry]]:
        """Return what can be asked at once: on a cluster, what is on one node for certain."""
        if not entries:
            return []
        if not isinstance(self._client, RedisCluster):
            return [entries]
        groups: dict[str, list[Entry]] = {}
        for entry in entries:
            groups.setdefault(entry.tag, []).append(entry)
        return list(groups.values())

    def _hit_apart(
        self, groups: Sequence[Sequence[Entry]], entries: Sequence[Entry], cost: int
    ) -> list[Standing]:
        standings: dict[str, Standing] = {}
        counted: list[Sequence[Entry]] = []
        verb = "hit"
        for group in groups:
            answer = self._ask(verb, group, cost)
            standings.update(zip([entry.key for entry in group], answer, strict=True))
            if any(standing.wait for standing in answer):
                verb = "peek"  # at the rest, which is not to be counted but has to be told
            elif verb == "hit":
                counted.append(group)
        for group in counted if verb == "peek" else ():
            quanta = [standings[entry.key].quantum for entry in group]
            answer = self._ask("take-back", group, cost, quanta)
            standings.update(zip([entry.key for entry in group], answer, strict=True))
        return [standings[entry.key] for entry in entries]

    def _ask(
        self, verb: str, entries: Sequence[Entry], cost: int, quanta: Sequence[int] = ()
    ) -> list[Standing]:
        now = "-" if self._clock is None else int(self._clock() * SECOND)
        question = f"{verb} {cost} {now}"
        for entry in entries:
            question += f" {entry.limit.amount} {entry.limit.seconds}"
        for quantum in quanta:
            question += f" {quantum}"
        arguments = (b"%d" % len(entries), *map(_key, entries), question.encode())
        try:
            answer = self._call(b"EVALSHA", _SHA, *arguments)
        except _NotLoaded:  # a new server, or a restarted one; EVAL loads it too
            answer = self._call(b"EVAL", _SCRIPT, *arguments)
        numbers = map(int, answer.split())
        return list(map(Standing._make, zip(numbers, numbers, numbers, numbers, strict=True)))

    def _call(self, *command: bytes) -> Any:
        try:
            return send(self._client, *command)
        except NoScriptError as error:
            raise _NotLoaded from error
        except ReadOnlyError as error:
            # After a failover the address may name another server than the one connected to.
            vars(self).pop("_client", None)
            raise StoreUnavailable("Redis is read-only") from error
        except _ERRORS as error:
            raise StoreUnavailable(f"Redis: {type(error).__name__}") from error

    @cached_property
    def _client(self) -> Any:
        try:
            return kept(self._connect())
        except _ERRORS as error:
            raise StoreUnavailable(f"Redis: {type(error).__name__}") from error


class _NotLoaded(StoreUnavailable):
    """The server does not know the script."""


def _key(entry: Entry) -> bytes:
    return f"hardened:rl:{{{entry.tag}}}:{entry.key}".encode()
