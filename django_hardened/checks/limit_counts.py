"""5xx: where limits are counted, and whether all who count do it together."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks import stack
from django_hardened.checks.classes import is_subclass
from django_hardened.checks.dictionaries import entry_of
from django_hardened.checks.login_protection import MIDDLEWARE, protections
from django_hardened.checks.rules import Rule
from django_hardened.checks.throttle_rates import COUNTING, default_throttles
from django_hardened.conf import conf
from django_hardened.ratelimit import stores

_REDIS = (
    'CACHES[{subject!r}] = {{"BACKEND": "django.core.cache.backends.redis.RedisCache", '
    '"LOCATION": os.environ["REDIS_URL"]}}'
)

I512 = Rule(
    "I512",
    "The counts of {dependents} are in a file of this host, as the cache {subject!r} {is_what}: "
    "exact on one host, and on several each counts for itself.",
    f"{_REDIS}  # where there are several hosts",
    "CACHES",
)
W513 = Rule(
    "W513",
    "django-ratelimit counts in the cache {subject!r}, which is {backend}: {consequence}.",
    "from django_hardened.ratelimit import ratelimit  # in the place of django_ratelimit's: it "
    "takes the same; or RATELIMIT_USE_CACHE = an alias of Redis or Memcached",
    "RATELIMIT_USE_CACHE",
    asvs="2.4.1",
    cwe=770,
)
RULES = (I512, W513)

_BACKENDS: Final = "django.core.cache.backends."
_NOT_ATOMIC: Final = "requests at the same time are counted once, and each one extends the window"
_UNFIT: Final = {
    f"{_BACKENDS}locmem.LocMemCache": "each process counts for itself, and whoever fills the "
    "cache pushes the own count out",
    f"{_BACKENDS}dummy.DummyCache": "nothing is counted",
    f"{_BACKENDS}db.DatabaseCache": _NOT_ATOMIC,
    f"{_BACKENDS}filebased.FileBasedCache": _NOT_ATOMIC,
}


def counts_itself(throttle: str) -> bool:
    """Whether ``throttle`` is one of ours, which do not count in Django's cache."""
    return throttle.startswith("django_hardened.drf.") or is_subclass(throttle, COUNTING)


def check_place_of_counts(**kwargs: Any) -> list[CheckMessage]:
    if "rate_limit" in conf.edge:
        return []
    alias = stores.default_alias()
    backend = _backend(alias)
    if backend and not _unfit(backend):
        return []  # it counts for all hosts, or E530 says that it cannot
    dependents = " and ".join(_dependents())
    is_what = f"is {backend.rpartition('.')[2]}" if backend else "does not exist"
    found = I512.found(subject=alias, dependents=dependents, is_what=is_what)
    return [found] if dependents else []


def _dependents() -> Iterator[str]:
    """Say what of ours counts."""
    if stack.has(MIDDLEWARE):
        yield "RateLimitMiddleware"
    if protections():
        yield "LoginProtectionBackend"
    if apps.is_installed("rest_framework") and any(map(counts_itself, default_throttles())):
        yield "the throttles of REST framework"


def check_foreign_counts(**kwargs: Any) -> list[CheckMessage]:
    """Where django-ratelimit is installed as an app, its own checks are about that."""
    is_used = hasattr(settings, "RATELIMIT_USE_CACHE") or "django_ratelimit.core" in sys.modules
    if not is_used or apps.is_installed("django_ratelimit") or "rate_limit" in conf.edge:
        return []
    alias = str(getattr(settings, "RATELIMIT_USE_CACHE", "default"))
    backend = _backend(alias)
    consequence = _unfit(backend)
    if not consequence:
        return []
    name = backend.rpartition(".")[2]
    return [W513.found(subject=alias, backend=name, consequence=consequence)]


def _backend(alias: str) -> str:
    return str(entry_of(settings.CACHES, alias).get("BACKEND", ""))


def _unfit(backend: str) -> str:
    """Say what comes of counting in ``backend``; nothing where that goes well."""
    return next((text for base, text in _UNFIT.items() if is_subclass(backend, base)), "")


CHECKS = (check_place_of_counts, check_foreign_counts)
