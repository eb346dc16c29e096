"""5xx: where the rate limits of this package are counted, and whether they can be."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from django_hardened.checks import stack
from django_hardened.checks.classes import is_subclass
from django_hardened.checks.login_protection import MIDDLEWARE, protections
from django_hardened.checks.rules import Rule
from django_hardened.checks.throttle_rates import COUNTING, default_throttles
from django_hardened.ratelimit import stores

E530 = Rule(
    "E530",
    "The rate limits have no store, and each request that they judge fails: {problem}",
    'HARDENED_RATELIMIT_CACHE = "file"  # an alias that does not exist: a file of this host '
    "counts; or one whose backend counts for all hosts, such as Django's RedisCache",
    "HARDENED_RATELIMIT_CACHE",
    cwe=770,
)
RULES = (E530,)


def check_store(**kwargs: Any) -> list[CheckMessage]:
    """The other settings of the store have a kind each, and E903 is about it."""
    alias = stores.default_alias()
    if not _is_used():
        return []
    try:
        stores.store_of_cache(alias)
    except ImproperlyConfigured as error:
        return [E530.found(subject=alias, problem=str(error))]
    return []


def _is_used() -> bool:
    """Whether settings ask for a limit. Of one that only code asks for they may name the cache."""
    return (
        settings.is_overridden("HARDENED_RATELIMIT_CACHE")  # type: ignore[misc]  # a method
        or stack.has(MIDDLEWARE)
        or bool(protections())
        or any(is_subclass(throttle, COUNTING) for throttle in default_throttles())
    )


CHECKS = (check_store,)
