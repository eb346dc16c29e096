"""2xx: https: the redirect to it, HSTS, and the middleware that does both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.conf import conf
from django_hardened.defaults import HSTS_SECONDS

SECURITY = "django.middleware.security.SecurityMiddleware"
_DAY = 24 * 60 * 60

W201 = Rule(
    "W201",
    "SECURE_SSL_REDIRECT is off: who types the address is served over plain http.",
    "SECURE_SSL_REDIRECT = True  # where a proxy in front redirects, declare it: "
    'HARDENED_EDGE = {{"ssl_redirect"}}',
    setting="SECURE_SSL_REDIRECT",
    replaces=("security.W008",),
    asvs="12.2.1",
    cwe=319,
)
W202 = Rule(
    "W202",
    "SECURE_HSTS_SECONDS is off: browsers try plain http first, where anybody on the way can "
    "answer.",
    f"SECURE_HSTS_SECONDS = {HSTS_SECONDS}  # a year; where a proxy in front sends the header, "
    'declare it: HARDENED_EDGE = {{"hsts"}}',
    setting="SECURE_HSTS_SECONDS",
    replaces=("security.W004",),
    asvs="3.4.1",
    cwe=319,
)
W203 = Rule(
    "W203",
    "SECURE_HSTS_SECONDS is {value!r}, {problem}: it protects nobody who comes back the next day.",
    f"SECURE_HSTS_SECONDS = {_DAY}  # to try it out, then {HSTS_SECONDS}, a year",
    setting="SECURE_HSTS_SECONDS",
    asvs="3.4.1",
    cwe=319,
)
W204 = Rule(
    "W204",
    "SECURE_HSTS_SECONDS is {value!r}, under a year.",
    f"Once all pages work over https, SECURE_HSTS_SECONDS = {HSTS_SECONDS}",
    setting="SECURE_HSTS_SECONDS",
    asvs="3.4.1",
)
W205 = Rule(
    "W205",
    "SECURE_HSTS_PRELOAD is on, but {problem}: browsers do not put the site on their list.",
    "SECURE_HSTS_PRELOAD = False  # or, where all subdomains are yours and on https for good, "
    f"SECURE_HSTS_SECONDS = {HSTS_SECONDS} and SECURE_HSTS_INCLUDE_SUBDOMAINS = True",
    setting="SECURE_HSTS_PRELOAD",
    asvs="3.7.4",
    cwe=319,
)
E206 = Rule(
    "E206",
    "SECURE_REDIRECT_EXEMPT has {entries}, which {matches} every path: nothing is redirected to "
    "https.",
    'Name the one path that needs it: SECURE_REDIRECT_EXEMPT = ["^healthz$"], without the first '
    "slash.",
    setting="SECURE_REDIRECT_EXEMPT",
    asvs="12.2.1",
    cwe=319,
)
E207 = Rule(
    "E207",
    "SECURE_REDIRECT_EXEMPT has {subject!r}, which is no regular expression: Django fails when it "
    "starts.",
    'SECURE_REDIRECT_EXEMPT = ["^healthz$"]',
    setting="SECURE_REDIRECT_EXEMPT",
)
E208 = Rule(
    "E208",
    "SecurityMiddleware is not in MIDDLEWARE: nothing carries out {names}.",
    f'Put "{SECURITY}" into MIDDLEWARE, in front of all but the middleware that decides on the '
    "host.",
    setting="MIDDLEWARE",
    replaces=("security.W001",),
    asvs="3.4.1",
    cwe=693,
)
W209 = Rule(
    "W209",
    "SecurityMiddleware is not in MIDDLEWARE: no redirect to https, no HSTS, no nosniff, no "
    "Referrer-Policy.",
    f'Put "{SECURITY}" into MIDDLEWARE; where a proxy in front does all that, declare it: '
    'HARDENED_EDGE = {{"ssl_redirect", "hsts", "headers"}}',
    setting="MIDDLEWARE",
    replaces=("security.W001",),
    asvs="3.4.1",
    cwe=693,
)
I230 = Rule(
    "I230",
    "{setting} has not been decided: it would bind {whom}, and cannot be taken back for months.",
    "{setting} = False  # or True, where all of them are yours and on https for good",
    replaces=("security.W005", "security.W021"),
    asvs="3.4.1",
)
RULES = (W201, W202, W203, W204, W205, E206, E207, E208, W209, I230)

# The settings that SecurityMiddleware carries out, and the word by which a proxy does it instead.
_CARRIED_OUT = {
    "SECURE_SSL_REDIRECT": "ssl_redirect",
    "SECURE_HSTS_SECONDS": "hsts",
    "SECURE_CONTENT_TYPE_NOSNIFF": "headers",
    "SECURE_REFERRER_POLICY": "headers",
    "SECURE_CROSS_ORIGIN_OPENER_POLICY": "headers",
}
# Nothing that was written for one of these has a reason to match all.
_BINDING = {
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": "every host below this one",
    "SECURE_HSTS_PRELOAD": "the whole domain, in every browser",
}
_UNRELATED_PATHS = ("a", "Q7.html", "admin/login/", "x/y/z", "api/v1/users/12")
# Nor has a list that matches all of these: the front page, who logs in, an API, and any other.
_PAGES = ("", "admin/", "accounts/login/", "api/x", "shop/Q7/")


def check_security_middleware(**kwargs: Any) -> list[CheckMessage]:
    needed = {name: word for name, word in _CARRIED_OUT.items() if word not in conf.edge}
    if not needed or is_present(SECURITY):
        return []
    ineffective = [
        name
        for name in needed
        if settings.is_overridden(name) and getattr(settings, name)  # type: ignore[misc]  # a method
    ]
    return [E208.found(names=", ".join(ineffective))] if ineffective else [W209.found()]


def check_ssl_redirect(**kwargs: Any) -> list[CheckMessage]:
    if not is_present(SECURITY):
        return []
    if not settings.SECURE_SSL_REDIRECT:
        return [] if "ssl_redirect" in conf.edge else [W201.found()]
    exemptions = _exemptions()
    findings = [finding for pattern in exemptions for finding in _check_exemption(pattern)]
    return findings or _check_exemptions([*map(re.compile, map(_pattern, exemptions))])


def _exemptions() -> list[Any]:
    value: Any = settings.SECURE_REDIRECT_EXEMPT
    # SecurityMiddleware reads a text in the same way: each character is a pattern.
    return list(value) if isinstance(value, Iterable) else []


def _check_exemption(pattern: Any) -> list[CheckMessage]:
    try:
        compiled = re.compile(_pattern(pattern))
    except re.error:
        return [E207.found(subject=pattern)]
    if all(compiled.search(path) for path in _UNRELATED_PATHS):
        shown = repr(compiled.pattern)
        return [E206.found(subject=compiled.pattern, entries=shown, matches="matches")]
    return []


def _check_exemptions(exemptions: list[re.Pattern[str]]) -> list[CheckMessage]:
    """Judge them together: one for the front page, and one for all that is below a folder."""
    if not all(any(pattern.search(path) for pattern in exemptions) for path in _PAGES):
        return []
    entries = ", ".join(repr(pattern.pattern) for pattern in exemptions)
    return [E206.found(subject=entries, entries=entries, matches="together match")]


def _pattern(entry: Any) -> Any:
    return entry if isinstance(entry, re.Pattern) else str(entry)


def check_hsts(**kwargs: Any) -> list[CheckMessage]:
    if not is_present(SECURITY):
        return []
    value, is_at_the_edge = settings.SECURE_HSTS_SECONDS, "hsts" in conf.edge
    if not value:
        return [] if is_at_the_edge else [W202.found()]
    seconds = _seconds(value)
    findings = _check_seconds(value, seconds)
    if settings.SECURE_HSTS_PRELOAD:
        findings += _check_preload(seconds)
    if is_at_the_edge:  # browsers read the first of two headers, which may be ours
        return findings
    return findings + [
        I230.found(setting=name, subject=name, whom=whom)
        for name, whom in _BINDING.items()
        if not settings.is_overridden(name)  # type: ignore[misc]  # a method
    ]


def _seconds(value: Any) -> int | None:
    """Return the number that browsers read in ``max-age=`` and ``value``, or None."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def _check_seconds(value: Any, seconds: int | None) -> list[CheckMessage]:
    if seconds is None:
        return [W203.found(value=value, problem="which is no number that browsers understand")]
    if seconds < _DAY:
        return [W203.found(value=value, problem="less than a day")]
    return [W204.found(value=value)] if seconds < HSTS_SECONDS else []


def _check_preload(seconds: int | None) -> list[CheckMessage]:
    if not settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        return [W205.found(problem="SECURE_HSTS_INCLUDE_SUBDOMAINS is off")]
    # Between a day and a year a site is on its way there, and W204 has said how it goes on.
    if seconds is None or seconds < _DAY:
        return [W205.found(problem="SECURE_HSTS_SECONDS is under a year")]
    return []


CHECKS = (check_security_middleware, check_ssl_redirect, check_hsts)
