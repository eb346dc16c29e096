"""1xx: which host a request may have when it reaches the application, and who decides first."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks import stack
from django_hardened.checks.classes import listed
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.hosts import HostTable, InvalidHost, is_overbroad, parse_host, pattern_problem
from django_hardened.suffixes import SPECIAL_USE_NAMES

HOST_PINNING = "django_hardened.middleware.HostPinningMiddleware"
TRUSTED_PROXY = "django_hardened.middleware.TrustedProxyMiddleware"
_SECURITY = "django.middleware.security.SecurityMiddleware"
_UPDATE_CACHE = "django.middleware.cache.UpdateCacheMiddleware"
_FETCH_FROM_CACHE = "django.middleware.cache.FetchFromCacheMiddleware"
# What asks for the host on the way in: for a redirect, and for an entry that is kept for good.
_READS_HOST = (
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sites.middleware.CurrentSiteMiddleware",
)
_ALLOW_CIDR = "allow_cidr.middleware.AllowCIDRMiddleware"

FIRST = (
    "MIDDLEWARE = list(dict.fromkeys("
    f'["{TRUSTED_PROXY}", "{HOST_PINNING}", "{_SECURITY}", *MIDDLEWARE]))  # in that order, in '
    "front of everything else"
)

W106 = Rule(
    "W106",
    "ALLOWED_HOSTS has {subject!r}: every name under that domain is answered, and gets pages, "
    "links and cache entries of its own.",
    'Name each host, ALLOWED_HOSTS = ["www{subject}", "shop{subject}"], or say which names exist: '
    'HARDENED_TENANT_RESOLVER = "myproject.tenants.resolve".',
    setting="ALLOWED_HOSTS",
)
I107 = Rule(
    "I107",
    "HostPinningMiddleware is not in MIDDLEWARE: links, mails and cache keys repeat the port and "
    "the spelling that a client sends.",
    FIRST,
    setting="MIDDLEWARE",
)
E108 = Rule(
    "E108",
    "{subject} stands behind SecurityMiddleware, whose redirect to https then believes what the "
    "client claims.",
    FIRST,
    setting="MIDDLEWARE",
    cwe=601,
)
E109 = Rule(
    "E109",
    "TrustedProxyMiddleware stands behind HostPinningMiddleware: the host that a proxy forwards "
    "is never pinned.",
    FIRST,
    setting="MIDDLEWARE",
)
W110 = Rule(
    "W110",
    "The cache middleware stands in front of HostPinningMiddleware: it sees the host as the "
    "client spelled it.",
    f"{FIRST}; UpdateCacheMiddleware comes after SecurityMiddleware",
    setting="MIDDLEWARE",
)
W136 = Rule(
    "W136",
    "{subject} stands in front of HostPinningMiddleware: it reads the host as the client spelled "
    "it.",
    FIRST,
    setting="MIDDLEWARE",
)
E111 = Rule(
    "E111",
    "SECURE_SSL_HOST is {value!r}, which ALLOWED_HOSTS does not admit: visitors are redirected to "
    "where every request is refused.",
    'Use one of ALLOWED_HOSTS, without a scheme: SECURE_SSL_HOST = "www.example.com"; or None, '
    "which keeps the host of the request.",
    setting="SECURE_SSL_HOST",
)
E112 = Rule(
    "E112",
    "AllowCIDRMiddleware sets ALLOWED_HOSTS to ['*'] for the whole process when it starts: what "
    "runs in front of it, or beside it, accepts any host.",
    'HARDENED_HEALTH_PATHS = ["/healthz"]  # whatever its Host; and remove AllowCIDRMiddleware '
    "and ALLOWED_CIDR_NETS",
    setting="MIDDLEWARE",
    cwe=20,
)
RULES = (W106, I107, E108, E109, W110, W136, E111, E112)


def open_entries() -> list[str]:
    """Return the entries of ``ALLOWED_HOSTS`` that admit names which are not written there."""
    entries = listed("ALLOWED_HOSTS")
    return [entry for entry in entries if entry == "*" or _is_suffix(entry)]


def _is_suffix(entry: str) -> bool:
    """Whether ``entry`` admits subdomains, which may be reached from outside."""
    private = entry.rpartition(".")[2].lower() in SPECIAL_USE_NAMES
    return entry.startswith(".") and not private and pattern_problem(entry) is None


def has_tenant_resolver() -> bool:
    """Whether a resolver says which names exist, and the middleware that asks it is there."""
    return bool(getattr(settings, "HARDENED_TENANT_RESOLVER", None)) and is_present(HOST_PINNING)


def check_host_suffixes(**kwargs: Any) -> list[CheckMessage]:
    if has_tenant_resolver():
        return []
    # '*' and overbroad suffixes are Errors of their own.
    suffixes = [entry for entry in open_entries() if entry != "*" and not is_overbroad(entry)]
    return [W106.found(subject=entry) for entry in suffixes]


def check_host_pinning(**kwargs: Any) -> list[CheckMessage]:
    if is_present(HOST_PINNING):
        return []
    return [I107.found()]


def check_pinning_order(**kwargs: Any) -> list[CheckMessage]:
    findings = [
        E108.found(subject=dotted.rpartition(".")[2])
        for dotted in (TRUSTED_PROXY, HOST_PINNING)
        if not stack.comes_before(dotted, _SECURITY)
    ]
    if not stack.comes_before(TRUSTED_PROXY, HOST_PINNING):
        findings.append(E109.found())
    if not all(stack.comes_before(HOST_PINNING, c) for c in (_UPDATE_CACHE, _FETCH_FROM_CACHE)):
        findings.append(W110.found())
    findings += [
        W136.found(subject=dotted.rpartition(".")[2])
        for dotted in _READS_HOST
        if not stack.comes_before(HOST_PINNING, dotted)
    ]
    return findings


def check_ssl_host(**kwargs: Any) -> list[CheckMessage]:
    value = settings.SECURE_SSL_HOST
    if not value or not settings.SECURE_SSL_REDIRECT or _is_allowed(str(value)):
        return []
    return [E111.found(value=str(value))]


def _is_allowed(host: str) -> bool:
    table = HostTable.from_allowed_hosts(listed("ALLOWED_HOSTS"), wildcard=True)
    try:
        return parse_host(host).name in table
    except InvalidHost:
        return False


def check_allow_cidr(**kwargs: Any) -> list[CheckMessage]:
    # Without networks it raises MiddlewareNotUsed before it touches anything.
    in_use = getattr(settings, "ALLOWED_CIDR_NETS", None) and stack.has(_ALLOW_CIDR)
    return [E112.found()] if in_use else []


CHECKS = (
    check_host_suffixes,
    check_host_pinning,
    check_pinning_order,
    check_ssl_host,
    check_allow_cidr,
)
