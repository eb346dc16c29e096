"""5xx: the cache of API keys, where it is missing, or of a kind in which none is cached."""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass
from django_hardened.checks.dictionaries import entry_of, mapping
from django_hardened.checks.rules import Rule

E514 = Rule(
    "E514",
    "HARDENED_API_KEY_CACHE names {subject!r}, which CACHES does not have: every request with an "
    "API key is answered with 500.",
    'HARDENED_API_KEY_CACHE = "default"  # an alias of CACHES, or None',
    "HARDENED_API_KEY_CACHE",
)
W515 = Rule(
    "W515",
    "HARDENED_API_KEY_CACHE names {subject!r}, which is {backend}: no API key is cached there, as "
    "other processes would not hear of a revocation or each look-up is slow.",
    'CACHES[{subject!r}] = {{"BACKEND": "django.core.cache.backends.redis.RedisCache", '
    '"LOCATION": os.environ["REDIS_URL"]}}  # or HARDENED_API_KEY_CACHE = None',
    "HARDENED_API_KEY_CACHE",
)
RULES = (E514, W515)

_BACKENDS: Final = "django.core.cache.backends."
_NOT_SHARED: Final = (
    f"{_BACKENDS}locmem.LocMemCache",
    f"{_BACKENDS}dummy.DummyCache",
    f"{_BACKENDS}filebased.FileBasedCache",
    f"{_BACKENDS}db.DatabaseCache",
)


def check_cache_of_api_keys(**kwargs: Any) -> list[CheckMessage]:
    value = getattr(settings, "HARDENED_API_KEY_CACHE", None)
    if not value or not apps.is_installed("django_hardened.api_keys"):
        return []
    alias = str(value)
    if alias not in mapping(settings.CACHES):
        return [E514.found(subject=alias)]
    backend = entry_of(settings.CACHES, alias).get("BACKEND")
    if not is_subclass(backend, *_NOT_SHARED):
        return []
    return [W515.found(subject=alias, backend=str(backend).rpartition(".")[2])]


CHECKS = (check_cache_of_api_keys,)
