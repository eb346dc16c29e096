"""3xx: what stops somebody who tries one password after another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.logins import backends, has_password_login
from django_hardened.checks.rules import Rule
from django_hardened.conf import conf

I310 = Rule(
    "I310",
    "Nothing limits how often a password can be tried.",
    'Install django-axes: "axes" in INSTALLED_APPS, "axes.backends.AxesStandaloneBackend" first in '
    'AUTHENTICATION_BACKENDS, "axes.middleware.AxesMiddleware" last in MIDDLEWARE. If a proxy '
    'limits it: HARDENED_EDGE = {{"rate_limit"}}.',
    setting="AUTHENTICATION_BACKENDS",
    asvs="6.3.1",
    cwe=307,
)
E311 = Rule(
    "E311",
    "{setting} is {value!r}: the limits that the project has are switched off.",
    "Remove {setting}, or set it in the settings of the tests only.",
    asvs="6.3.1",
    cwe=307,
)
W312 = Rule(
    "W312",
    "{setting} is on: while the cache is down, nothing is limited.",
    "{setting} = False",
    asvs="6.3.1",
    cwe=307,
)
W313 = Rule(
    "W313",
    "{setting} is {value!r}: attempts are counted by an address that the client itself writes "
    "into X-Forwarded-For, and may change each time.",
    "{fix}  # or let TrustedProxyMiddleware put the address of the client into REMOTE_ADDR, and "
    "remove {setting}",
    asvs="6.3.1",
    cwe=348,
)
RULES = (I310, E311, W312, W313)

# Packages, and what projects call a middleware or a backend of their own.
_LIMITER = re.compile(
    r"axes|defender|rate_?limit|throttl|lock_?out|brute|login_?attempts|failed_?login|brake\b"
    r"|django_hardened\.backends",
    re.IGNORECASE,
)
_FORWARDED_FOR = "HTTP_X_FORWARDED_FOR"


def check_login_protection(**kwargs: Any) -> list[CheckMessage]:
    if not has_password_login() or "rate_limit" in conf.edge or _has_limiter():
        return []
    return [I310.found()]


def _has_limiter() -> bool:
    # allauth limits failed logins unless it is told not to.
    limits = getattr(settings, "ACCOUNT_RATE_LIMITS", None)
    if apps.is_installed("allauth.account") and limits is not False:
        return True
    names = (*map(str, settings.INSTALLED_APPS), *map(str, settings.MIDDLEWARE), *backends())
    return any(_LIMITER.search(name) for name in names)


def check_limits_are_on(**kwargs: Any) -> list[CheckMessage]:
    findings = [
        E311.found(setting=setting, value=False)
        for setting, app in (("AXES_ENABLED", "axes"), ("RATELIMIT_ENABLE", ""))
        if getattr(settings, setting, None) is False and (not app or apps.is_installed(app))
    ]
    handler = str(getattr(settings, "AXES_HANDLER", ""))
    if apps.is_installed("axes") and handler.rpartition(".")[2] == "AxesDummyHandler":
        findings.append(E311.found(setting="AXES_HANDLER", value=handler))
    return findings


def check_limits_fail_closed(**kwargs: Any) -> list[CheckMessage]:
    setting = "RATELIMIT_FAIL_OPEN"
    return [W312.found(setting=setting)] if getattr(settings, setting, False) else []


def check_counted_address(**kwargs: Any) -> list[CheckMessage]:
    return [
        W313.found(setting=setting, value=value, fix=fix) for setting, value, fix in _spoofable()
    ]


def _spoofable() -> Iterator[tuple[str, object, str]]:
    """Yield each setting that makes a limiter read the first address of X-Forwarded-For."""
    key = getattr(settings, "RATELIMIT_IP_META_KEY", None)
    if key == _FORWARDED_FOR:
        yield "RATELIMIT_IP_META_KEY", key, 'RATELIMIT_IP_META_KEY = "REMOTE_ADDR"'
    header = getattr(settings, "DEFENDER_REVERSE_PROXY_HEADER", _FORWARDED_FOR)
    is_behind = getattr(settings, "DEFENDER_BEHIND_REVERSE_PROXY", False)
    if is_behind and header == _FORWARDED_FOR:
        yield "DEFENDER_BEHIND_REVERSE_PROXY", is_behind, "DEFENDER_BEHIND_REVERSE_PROXY = False"
    if apps.is_installed("axes") and _axes_counts_left_most():
        yield "AXES_IPWARE_PROXY_ORDER", "left-most", 'AXES_IPWARE_PROXY_ORDER = "right-most"'


def _axes_counts_left_most() -> bool:
    # With a number of proxies or their addresses, ipware refuses a list that does not fit.
    declared = ("AXES_IPWARE_PROXY_COUNT", "AXES_IPWARE_PROXY_TRUSTED_IPS")
    if any(getattr(settings, name, None) is not None for name in declared):
        return False
    read = getattr(settings, "AXES_IPWARE_META_PRECEDENCE_ORDER", None) or ()
    order = getattr(settings, "AXES_IPWARE_PROXY_ORDER", "left-most")
    return order == "left-most" and any("X_FORWARDED_FOR" in str(name) for name in read)


CHECKS = (
    check_login_protection,
    check_limits_are_on,
    check_limits_fail_closed,
    check_counted_address,
)
