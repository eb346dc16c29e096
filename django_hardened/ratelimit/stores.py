"""The store that the settings name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from django_hardened.conf import conf
from django_hardened.ratelimit.decisions import Store
from django_hardened.ratelimit.embedded_place import default_path
from django_hardened.ratelimit.embedded_store import MAX_MEGABYTES, EmbeddedStore
from django_hardened.ratelimit.failure_policy import POLICIES, Policy, ResilientStore
from django_hardened.ratelimit.in_process import InProcessStore

_REDIS: Final = "django_hardened.ratelimit.redis_store.RedisStore"
_MEMCACHED: Final = "django_hardened.ratelimit.memcached_store.MemcachedStore"
_EMBEDDED: Final = ""
_DJANGO: Final = "django.core.cache.backends."
# What counts for each class of cache, and what is derived from it. None is imported to be compared.
_STORES: Final[Mapping[str, str]] = {
    f"{_DJANGO}redis.RedisCache": _REDIS,
    "django_redis.cache.RedisCache": _REDIS,
    f"{_DJANGO}memcached.PyMemcacheCache": _MEMCACHED,
    f"{_DJANGO}memcached.PyLibMCCache": _MEMCACHED,
    # These lose counts under concurrency, or forget them when they are full.
    f"{_DJANGO}locmem.LocMemCache": _EMBEDDED,
    f"{_DJANGO}db.DatabaseCache": _EMBEDDED,
    f"{_DJANGO}filebased.FileBasedCache": _EMBEDDED,
    f"{_DJANGO}dummy.DummyCache": _EMBEDDED,
}

# By process as well: a store is made anew in the child of a fork, and that of the parent is kept
# there, because what it has open must not be closed by a child.
_kept: dict[tuple[int, str], ResilientStore] = {}


def get_store(alias: str | None = None) -> Store:
    """Return the store for a cache alias; without one, that of ``HARDENED_RATELIMIT_CACHE``.

    Raises:
        ImproperlyConfigured: a setting of the rate limits, or the backend of the cache, cannot be
            used.
    """
    if alias is None:
        alias = str(getattr(settings, "HARDENED_RATELIMIT_CACHE", "default"))
    key = (os.getpid(), alias)
    kept = _kept.get(key)
    return kept or _kept.setdefault(key, _make(alias))


def _make(alias: str) -> ResilientStore:
    policy, embedded = _policy(), _embedded()
    network = _network_store(alias)
    if network:
        fallbacks: list[Store] = [embedded, InProcessStore()]
        return ResilientStore(import_string(network).from_alias(alias), fallbacks, policy)
    return ResilientStore(embedded, [InProcessStore()], policy)


def _network_store(alias: str) -> str:
    """Return the dotted path of the store for ``alias``; "" where the embedded one counts."""
    cache: Any = settings.CACHES.get(alias)
    if cache is None:
        return _EMBEDDED
    backend = cache.get("BACKEND")
    try:
        bases = import_string(str(backend)).__mro__
    except (ImportError, AttributeError) as error:
        raise ImproperlyConfigured(
            f"CACHES[{alias!r}] has the backend {backend!r}, which is none: {error}"
        ) from error
    for base in bases:
        store = _STORES.get(f"{base.__module__}.{base.__qualname__}")
        if store is not None:
            return store
    raise ImproperlyConfigured(
        f"No rate limit can be counted in CACHES[{alias!r}], whose backend is {backend!r}. Name "
        f"another alias in HARDENED_RATELIMIT_CACHE: backends that work are {', '.join(_STORES)}. "
        "An alias that does not exist works as well: a file of this host counts then."
    )


def _embedded() -> Store:
    place = getattr(settings, "HARDENED_RATELIMIT_FILE", None)
    if not place:
        if conf.environment == "test":
            # Tests that run side by side, and the run of yesterday, would share one file.
            return InProcessStore()
        path = default_path(getattr(settings, "SETTINGS_MODULE", None) or "")
    else:
        path = Path(str(place))
        if not path.is_absolute():
            raise ImproperlyConfigured(
                f"HARDENED_RATELIMIT_FILE is {str(place)!r}, which is a different file in each "
                "working directory: write an absolute path."
            )
    megabytes = getattr(settings, "HARDENED_RATELIMIT_FILE_MB", MAX_MEGABYTES)
    if type(megabytes) is not int or megabytes < 1:
        raise ImproperlyConfigured("HARDENED_RATELIMIT_FILE_MB has to be a whole number above 0.")
    return EmbeddedStore(path, max_megabytes=megabytes)


def _policy() -> Policy:
    word = getattr(settings, "HARDENED_RATELIMIT_ON_ERROR", POLICIES[0])
    for policy in POLICIES:
        if word == policy:
            return policy
    raise ImproperlyConfigured(
        f"HARDENED_RATELIMIT_ON_ERROR is {word!r}; the words are {', '.join(POLICIES)}."
    )


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting in {"CACHES", "HARDENED_ENVIRONMENT"} or setting.startswith("HARDENED_RATELIMIT_"):
        _kept.clear()


setting_changed.connect(_forget, dispatch_uid="django_hardened.ratelimit.stores")
