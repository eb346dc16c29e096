"""6xx: the order of ``MIDDLEWARE``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks import stack
from django_hardened.checks.classes import is_subclass, listed
from django_hardened.checks.rules import Rule

W630 = Rule(
    "W630",
    "{subject} is in MIDDLEWARE {count} times: each request goes through it as often.",
    "Keep the first one.",
    setting="MIDDLEWARE",
)
E631 = Rule(
    "E631",
    "{subject} comes before {other}, on which it depends: requests fail.",
    "Put {other} above {subject} in MIDDLEWARE.",
    setting="MIDDLEWARE",
)
W632 = Rule(
    "W632",
    "{subject} comes after {other}, which can answer first: without the redirect to https, and "
    "without its headers.",
    "Put {subject} at the top of MIDDLEWARE.",
    setting="MIDDLEWARE",
)
E633 = Rule(
    "E633",
    "{subject} comes after {other}: pages are cached before they are marked as belonging to one "
    "session, and another visitor gets them.",
    "Put {subject} above {other} in MIDDLEWARE.",
    setting="MIDDLEWARE",
    asvs="14.3.2",
    cwe=524,
)
W634 = Rule(
    "W634",
    "{subject} comes before {other}: a page from the cache is given out before that has had its "
    "say.",
    "Put {subject} below {other} in MIDDLEWARE.",
    setting="MIDDLEWARE",
    cwe=524,
)
W635 = Rule(
    "W635",
    "{subject} is in MIDDLEWARE without {other}: {effect}.",
    "Add {other} to MIDDLEWARE, or remove {subject}.",
    setting="MIDDLEWARE",
)
RULES = (W630, E631, W632, E633, W634, W635)

_SECURITY = "django.middleware.security.SecurityMiddleware"
_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
_LOCALE = "django.middleware.locale.LocaleMiddleware"
_COMMON = "django.middleware.common.CommonMiddleware"
_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
_LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"
_REMOTE_USER = "django.contrib.auth.middleware.RemoteUserMiddleware"
_MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
_UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
_FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
_COOKIE_MESSAGES = "django.contrib.messages.storage.cookie.CookieStorage"


def check_duplicates(**kwargs: Any) -> list[CheckMessage]:
    entries = listed("MIDDLEWARE")
    return [
        W630.found(subject=entry, count=entries.count(entry))
        for entry in dict.fromkeys(entries)
        if entries.count(entry) > 1
    ]


def check_dependencies(**kwargs: Any) -> list[CheckMessage]:
    pairs = [(_AUTH, _SESSION), (_LOGIN, _AUTH), (_REMOTE_USER, _AUTH)]
    if not is_subclass(settings.MESSAGE_STORAGE, _COOKIE_MESSAGES):
        pairs.append((_MESSAGES, _SESSION))
    if settings.CSRF_USE_SESSIONS:
        pairs.append((_CSRF, _SESSION))
    return [
        E631.found(subject=_entry(dependent), other=_entry(other))
        for dependent, other in pairs
        if _is_behind(other, dependent)
    ]


def check_security_first(**kwargs: Any) -> list[CheckMessage]:
    # Only these: what a project puts in front, health checks or proxies, it puts there on purpose.
    for other in (_SESSION, _COMMON, _CSRF, _AUTH):
        if _is_behind(_SECURITY, other):
            return [W632.found(subject=_entry(_SECURITY), other=_entry(other))]
    return []


def check_cache_order(**kwargs: Any) -> list[CheckMessage]:
    update, fetch = _entry(_UPDATE), _entry(_FETCH)
    if update == fetch:  # neither, or CacheMiddleware, which is both
        return []
    if not fetch:
        return [W635.found(subject=update, other=_FETCH, effect="what it stores is never read")]
    if not update:
        return [W635.found(subject=fetch, other=_UPDATE, effect="nothing is stored for it")]
    if _is_behind(_UPDATE, _SESSION):
        return [E633.found(subject=update, other=_entry(_SESSION))]
    for other in (_UPDATE, _SESSION, _LOCALE, _AUTH, _LOGIN):
        if _is_behind(other, _FETCH):
            return [W634.found(subject=fetch, other=_entry(other))]
    return []


def _entry(dotted: str) -> str:
    """Return how ``MIDDLEWARE`` spells ``dotted`` or a subclass of it; "" if it has none."""
    return next((entry for entry in listed("MIDDLEWARE") if is_subclass(entry, dotted)), "")


def _is_behind(first: str, second: str) -> bool:
    """Whether ``second`` stands in front of ``first``, which belongs before it."""
    return bool(listed("MIDDLEWARE")) and not stack.comes_before(first, second)


CHECKS = (check_duplicates, check_dependencies, check_security_first, check_cache_order)
