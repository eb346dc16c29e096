"""The store that the settings name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.cache import InvalidCacheBackendError, caches
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from django_hardened.conf import conf
from django_hardened.ratelimit.decisions import Store
from django_hardened.ratelimit.embedded_place import default_path
from django_hardened.ratelimit.embedded_store import MAX_MEGABYTES, EmbeddedStore
from django_hardened.ratelimit.failure_policy import POLICIES, Policy, ResilientStore
from django_hardened.ratelimit.in_process import InProcessStore
from django_hardened.ratelimit.shared_stores import MODULES, shared_store

_DJANGO: Final = "django.core.cache.backends."
# These lose counts under concurrency, or forget them when they are full: the embedded store counts.
_UNFIT: Final = {
    f"{_DJANGO}locmem.LocMemCache",
    f"{_DJANGO}db.DatabaseCache",
    f"{_DJANGO}filebased.FileBasedCache",
    f"{_DJANGO}dummy.DummyCache",
}

# By process as well: a store is made anew in the child of a fork, and that of the parent is kept
# there, because what it has open must not be closed by a child.
_kept: dict[tuple[int, str | None], Store] = {}


def get_store(alias: str | None = None) -> Store:
    """Return the store for a cache alias; without one, that of ``HARDENED_RATELIMIT_CACHE``.

    Raises:
        ImproperlyConfigured: a setting of the rate limits, or the backend of the cache, cannot be
            used.
    """
    key = (os.getpid(), alias)
    kept = _kept.get(key)
    if kept is None:
        made = get_store(default_alias()) if alias is None else _make(alias)
        kept = _kept.setdefault(key, made)
    return kept


def default_alias() -> str:
    """``HARDENED_RATELIMIT_CACHE``: the alias in ``CACHES`` whose server counts."""
    return str(getattr(settings, "HARDENED_RATELIMIT_CACHE", "default"))


def _make(alias: str) -> ResilientStore:
    policy, embedded = _policy(), _embedded()
    shared = store_of_cache(alias)
    if shared:
        return ResilientStore(shared, [embedded, InProcessStore()], policy)
    return ResilientStore(embedded, [InProcessStore()], policy)


def store_of_cache(alias: str) -> Store | None:
    """Return the store on the server of ``alias``; None where the embedded one counts.

    Raises:
        ImproperlyConfigured: nothing can be counted with this backend.
    """
    try:
        cache = caches[alias]
    except InvalidCacheBackendError as error:
        if alias not in settings.CACHES:
            return None
        raise ImproperlyConfigured(f"CACHES[{alias!r}] cannot be used: {error}") from error
    names = [f"{base.__module__}.{base.__qualname__}" for base in type(cache).__mro__]
    store = shared_store(cache)
    if store is None and _UNFIT.isdisjoint(names):
        raise ImproperlyConfigured(
            f"No rate limit can be counted in CACHES[{alias!r}], whose backend is {names[0]!r}. "
            "Name another alias in HARDENED_RATELIMIT_CACHE: backends that work are "
            f"{', '.join(MODULES)}; a file of this host counts for {', '.join(sorted(_UNFIT))}, "
            "and for an alias that does not exist."
        )
    return store


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
