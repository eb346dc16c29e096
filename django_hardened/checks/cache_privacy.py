"""5xx: whose pages a cache keeps, and for which host, as far as the settings decide."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.cache import make_key
from django_hardened.checks import stack
from django_hardened.checks.classes import load_object
from django_hardened.checks.dictionaries import entries
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule

_PRIVATE = "django_hardened.middleware.PrivateResponseMiddleware"
_PINNING = "django_hardened.middleware.HostPinningMiddleware"
_AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
_UPDATE = "django.middleware.cache.UpdateCacheMiddleware"

I509 = Rule(
    "I509",
    "UpdateCacheMiddleware is in MIDDLEWARE without PrivateResponseMiddleware: the pages of users "
    "who have logged in are stored too, where nothing but Vary keeps them apart.",
    f'Add "{_PRIVATE}" below AuthenticationMiddleware.',
    setting="MIDDLEWARE",
    asvs="14.3.2",
    cwe=524,
)
W510 = Rule(
    "W510",
    "PrivateResponseMiddleware stands above UpdateCacheMiddleware, which has stored a page before "
    "it is marked private.",
    "Put PrivateResponseMiddleware below AuthenticationMiddleware.",
    setting="MIDDLEWARE",
    asvs="14.3.2",
    cwe=524,
)
W511 = Rule(
    "W511",
    "The cache {subject!r} has make_key for its KEY_FUNCTION, and nothing says which host a "
    "request is for: HostPinningMiddleware is not in MIDDLEWARE, and all hosts share its entries.",
    f'Put "{_PINNING}" into MIDDLEWARE, in front of everything but TrustedProxyMiddleware.',
    setting="CACHES",
    cwe=524,
)
RULES = (I509, W510, W511)


def check_private_responses(**kwargs: Any) -> list[CheckMessage]:
    if not stack.comes_before(_UPDATE, _PRIVATE):
        return [W510.found()]
    stores_users = stack.has(_UPDATE) and is_present(_AUTHENTICATION)
    return [I509.found()] if stores_users and not is_present(_PRIVATE) else []


def check_key_functions(**kwargs: Any) -> list[CheckMessage]:
    if is_present(_PINNING):
        return []
    return [
        W511.found(subject=alias)
        for alias, config in entries(settings.CACHES)
        if _is_ours(config.get("KEY_FUNCTION"))
    ]


def _is_ours(function: object) -> bool:
    return (load_object(function) if isinstance(function, str) else function) is make_key


CHECKS = (check_private_responses, check_key_functions)
