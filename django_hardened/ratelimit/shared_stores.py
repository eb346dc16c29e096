"""The store that all hosts of a site share, on the server of one of its caches."""

from __future__ import annotations

from importlib import import_module

from django.core.cache.backends.base import BaseCache

from django_hardened.ratelimit.decisions import Store

_HERE = "django_hardened.ratelimit"
# By name: neither django-redis nor the library of any other backend need be installed.
MODULES = {
    "django.core.cache.backends.redis.RedisCache": f"{_HERE}.redis_store",
    "django_redis.cache.RedisCache": f"{_HERE}.redis_store",
    "django.core.cache.backends.memcached.PyMemcacheCache": f"{_HERE}.memcached_store",
    "django.core.cache.backends.memcached.PyLibMCCache": f"{_HERE}.memcached_store",
}


def is_shared(cache: BaseCache) -> bool:
    """Whether ``cache`` is on a server of a kind that hosts share."""
    return _module(cache) is not None


def shared_store(cache: BaseCache) -> Store | None:
    """Return a store on the server of ``cache``; None if it is of no kind that hosts count on.

    The store has connections of its own. Keep it for as long as the process lives.

    Raises:
        ImproperlyConfigured: it is of such a kind, but set up in a way that cannot count.
    """
    module = _module(cache)
    if module is None:
        return None
    store: Store = import_module(module).from_cache(cache)
    return store


def _module(cache: BaseCache) -> str | None:
    names = (f"{base.__module__}.{base.__qualname__}" for base in type(cache).__mro__)
    return next((MODULES[name] for name in names if name in MODULES), None)
