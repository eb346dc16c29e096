"""3xx: what stops somebody who tries one password after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from django_hardened.checks import stack
from django_hardened.checks.classes import is_subclass, listed
from django_hardened.checks.logins import backends, has_password_login
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.conf import conf
from django_hardened.own_settings import OWN_SETTINGS
from django_hardened.ratelimit import configured

BACKEND = "django_hardened.backends.LoginProtectionBackend"
MIDDLEWARE = "django_hardened.middleware.RateLimitMiddleware"
_MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
_PROTECTED_MODEL_BACKEND = "django_hardened.backends.ModelBackend"

I310 = Rule(
    "I310",
    "Nothing limits how often a password can be tried.",
    f'AUTHENTICATION_BACKENDS = {{backends}}  # and "{MIDDLEWARE}" in MIDDLEWARE; or '
    'HARDENED_EDGE = {{"rate_limit"}} where a proxy does it',
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
W314 = Rule(
    "W314",
    "LoginProtectionBackend stands behind {subject}, which looks at a password before it is "
    "counted.",
    f'AUTHENTICATION_BACKENDS = ["{BACKEND}", {{others}}]  # in front of the others',
    setting="AUTHENTICATION_BACKENDS",
    asvs="6.3.1",
    cwe=307,
)
W315 = Rule(
    "W315",
    "LoginProtectionBackend is there without RateLimitMiddleware: passwords that are tried at the "
    "same time are not counted in time, wrong credentials in a header are not counted, and who is "
    "refused is told of a wrong password.",
    f'Put "{MIDDLEWARE}" in MIDDLEWARE, before SecurityMiddleware.',
    setting="MIDDLEWARE",
    asvs="6.3.1",
    cwe=307,
)
E316 = Rule(
    "E316",
    "{problem}: no request is answered.",
    "{setting} = {example}",
    cwe=307,
)
W317 = Rule(
    "W317",
    "RateLimitMiddleware stands {place} {other}: {effect}.",
    "Put RateLimitMiddleware behind TrustedProxyMiddleware and HostPinningMiddleware, and before "
    "SecurityMiddleware and the others.",
    setting="MIDDLEWARE",
    cwe=770,
)
RULES = (I310, E311, W312, W313, W314, W315, E316, W317)

# Packages, and what projects call a middleware or a backend of their own.
_LIMITER = re.compile(
    r"axes|defender|rate_?limit|throttl|lock_?out|brute|login_?attempts|failed_?login|brake\b",
    re.IGNORECASE,
)
_BEFORE = (
    (
        "django_hardened.middleware.TrustedProxyMiddleware",
        "what it counts is the address of the proxy, which is that of everybody",
    ),
    (
        "django_hardened.middleware.HostPinningMiddleware",
        "health checks and requests to foreign hosts are counted too",
    ),
)
_BEHIND = (
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.cache.UpdateCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)
# And whose they are.
_SWITCHES = (
    ("AXES_ENABLED", "axes"),
    ("AXES_LOCK_OUT_AT_FAILURE", "axes"),
    ("RATELIMIT_ENABLE", ""),
)
_LATE = "what that does, it does for requests that are refused, too"
_FORWARDED_FOR = "HTTP_X_FORWARDED_FOR"


def check_login_protection(**kwargs: Any) -> list[CheckMessage]:
    if not has_password_login() or are_logins_limited():
        return []
    return [I310.found(backends=_protected(backends()))]


def _protected(entries: list[str]) -> list[str]:
    """Return ``AUTHENTICATION_BACKENDS`` with the protection in it."""
    if entries == [_MODEL_BACKEND]:  # as one, so that login() need not be told which it was
        return [_PROTECTED_MODEL_BACKEND]
    return [BACKEND, *entries]


def are_logins_limited() -> bool:
    """Whether something counts wrong passwords: in the project, or in front of it."""
    if "rate_limit" in conf.edge:
        return True
    # allauth limits failed logins unless it is told not to.
    limits = getattr(settings, "ACCOUNT_RATE_LIMITS", None)
    if apps.is_installed("allauth.account") and limits is not False:
        return True
    if protections() and getattr(settings, "HARDENED_LOGIN_RATES", None) != {}:
        return True
    middleware = [entry for entry in listed("MIDDLEWARE") if entry != MIDDLEWARE]
    names = (*map(str, settings.INSTALLED_APPS), *middleware, *backends())
    return any(_LIMITER.search(name) for name in names)


def protections() -> list[int]:
    """Return where in ``AUTHENTICATION_BACKENDS`` ours, or a subclass of it, stands."""
    return [index for index, entry in enumerate(backends()) if is_subclass(entry, BACKEND)]


def check_limits_are_on(**kwargs: Any) -> list[CheckMessage]:
    findings = [
        E311.found(setting=setting, value=False)
        for setting, app in _SWITCHES
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


def check_protection_order(**kwargs: Any) -> list[CheckMessage]:
    positions = protections()
    if not positions:
        return []
    others = ", ".join(repr(entry) for entry in backends() if not is_subclass(entry, BACKEND))
    first = backends()[: positions[0]][:1]
    findings = [W314.found(subject=entry, others=others) for entry in first]
    return findings if is_present(MIDDLEWARE) else [*findings, W315.found()]


def check_own_rates(**kwargs: Any) -> list[CheckMessage]:
    return [
        E316.found(setting=setting, problem=str(problem), example=OWN_SETTINGS[setting].example)
        for setting, read in (
            ("HARDENED_ADDRESS_RATES", configured.address_limits),
            ("HARDENED_LOGIN_RATES", configured.login_limits),
        )
        # One that is no dictionary is found as such (E903).
        if isinstance(getattr(settings, setting, None), Mapping)
        and (problem := _problem(read)) is not None
    ]


def _problem(read: Callable[[], object]) -> ImproperlyConfigured | None:
    try:
        read()
    except ImproperlyConfigured as error:
        return error
    return None


def check_limits_order(**kwargs: Any) -> list[CheckMessage]:
    too_early = [
        W317.found(place="before", other=dotted.rpartition(".")[2], effect=effect)
        for dotted, effect in _BEFORE
        if not stack.comes_before(dotted, MIDDLEWARE)
    ]
    too_late = [
        W317.found(place="behind", other=dotted.rpartition(".")[2], effect=_LATE)
        for dotted in _BEHIND
        if not stack.comes_before(MIDDLEWARE, dotted)
    ]
    return [*too_early, *too_late[:1]]


CHECKS = (
    check_login_protection,
    check_limits_are_on,
    check_limits_fail_closed,
    check_counted_address,
    check_protection_order,
    check_own_rates,
    check_limits_order,
)
