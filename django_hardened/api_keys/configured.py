"""The settings of API keys: how they begin, how long they are good for, where they are cached."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.base import BaseCache
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise

from django_hardened.api_keys.key_format import MAX_PREFIX_LENGTH, is_prefix
from django_hardened.own_settings import is_age
from django_hardened.ratelimit.shared_stores import is_shared

DEFAULT_PREFIX: Final = "dhk"
# Long enough to plan a rotation, short enough that it is practised.
DEFAULT_AGE: Final = timedelta(days=90)


def prefix() -> str:
    """``HARDENED_API_KEY_PREFIX``: how new keys begin.

    Raises:
        ImproperlyConfigured: no key can begin with it.
    """
    value = getattr(settings, "HARDENED_API_KEY_PREFIX", DEFAULT_PREFIX)
    if not isinstance(value, str | Promise) or not is_prefix(str(value)):
        raise ImproperlyConfigured(
            "HARDENED_API_KEY_PREFIX cannot be used: it has to be letters and digits, single "
            f"underscores between them, at most {MAX_PREFIX_LENGTH} characters"
        )
    return str(value)


def age() -> timedelta:
    """``HARDENED_API_KEY_AGE``: how long a key is good for that says nothing else.

    Raises:
        ImproperlyConfigured: it is neither a number of seconds above 0 nor such a timedelta.
    """
    value = getattr(settings, "HARDENED_API_KEY_AGE", DEFAULT_AGE)
    if not is_age(value):
        raise ImproperlyConfigured(
            "HARDENED_API_KEY_AGE has to be a whole number of seconds above 0, or a timedelta"
        )
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


def cache_alias() -> str | None:
    """``HARDENED_API_KEY_CACHE``: where verified keys are cached; None is nowhere."""
    value = getattr(settings, "HARDENED_API_KEY_CACHE", None)
    return str(value) if value else None


def shared_cache() -> BaseCache | None:
    """Return the cache of :func:`cache_alias`, if all processes of the site share it.

    Others would not hear of a revocation: with LocMemCache nothing is cached.

    Raises:
        ImproperlyConfigured: CACHES has no such alias.
    """
    alias = cache_alias()
    if alias is None:
        return None
    try:
        cache = caches[alias]
    except InvalidCacheBackendError:
        raise ImproperlyConfigured(
            f"HARDENED_API_KEY_CACHE names {alias!r}, which CACHES does not have"
        ) from None
    return cache if is_shared(cache) else None
