"""1xx: what a proxy forwards, and whether it is one of ours that says so."""

from __future__ import annotations

import os
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.pinning import HOST_PINNING, TRUSTED_PROXY, open_entries
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.proxies import FORWARDED_HEADERS, TrustedProxies

DECLARE = (
    'HARDENED_TRUSTED_PROXIES = ["10.0.0.0/8"]  # your proxies, or "unix" for a unix socket; with '
    f'"{TRUSTED_PROXY}" first in MIDDLEWARE'
)

E115 = Rule(
    "E115",
    "USE_X_FORWARDED_HOST is on, no trusted proxy is declared, and ALLOWED_HOSTS has {entries}: "
    "whoever sends X-Forwarded-Host decides where links lead, and poisons caches.",
    f"{DECLARE}, which forwards the host by itself: USE_X_FORWARDED_HOST = False",
    setting="USE_X_FORWARDED_HOST",
    asvs="4.1.3",
    cwe=348,
)
I116 = Rule(
    "I116",
    "USE_X_FORWARDED_HOST is on, and no trusted proxy is declared: any client may send "
    "X-Forwarded-Host, past the proxy's own choice of host.",
    f"{DECLARE}, which forwards the host by itself: USE_X_FORWARDED_HOST = False",
    setting="USE_X_FORWARDED_HOST",
    asvs="4.1.3",
    cwe=348,
)
W117 = Rule(
    "W117",
    "USE_X_FORWARDED_PORT is on, and no trusted proxy is declared: any client may put a port of "
    "its choice into links and cache keys.",
    f"{DECLARE}, and USE_X_FORWARDED_PORT = False",
    setting="USE_X_FORWARDED_PORT",
    asvs="4.1.3",
    cwe=348,
)
E120 = Rule(
    "E120",
    "HARDENED_TRUSTED_PROXIES has {subject!r}, which {problem}.",
    'Write addresses and networks, HARDENED_TRUSTED_PROXIES = ["10.0.0.0/8", "::1"], "unix" for a '
    "unix socket, or how many proxies there are in a row: [2].",
    setting="HARDENED_TRUSTED_PROXIES",
)
E121 = Rule(
    "E121",
    "HARDENED_TRUSTED_PROXIES has {entries}, which is {extent}: every client there is believed "
    "about its own address, host and scheme.",
    'Name your proxies only: HARDENED_TRUSTED_PROXIES = ["10.0.0.0/8"]',
    setting="HARDENED_TRUSTED_PROXIES",
    asvs="4.1.3",
    cwe=348,
)
E122 = Rule(
    "E122",
    "HARDENED_TRUSTED_PROXIES has no effect: TrustedProxyMiddleware is not in MIDDLEWARE, and "
    "forwarded headers are believed or ignored whoever sent them.",
    f'MIDDLEWARE = ["{TRUSTED_PROXY}", *MIDDLEWARE]',
    setting="HARDENED_TRUSTED_PROXIES",
    asvs="4.1.3",
)
E128 = Rule(
    "E128",
    "HARDENED_FORWARDED_HEADER is {value!r}, which is no header that is read.",
    'HARDENED_FORWARDED_HEADER = "X-Forwarded-For"  # or "Forwarded" if the proxies write RFC 7239',
    setting="HARDENED_FORWARDED_HEADER",
)
I129 = Rule(
    "I129",
    "HARDENED_TRUSTED_PROXIES is a number alone: whoever reaches the server past the proxies is "
    "believed about its own address, host and scheme.",
    'Name their addresses as well, HARDENED_TRUSTED_PROXIES = ["10.0.0.0/8", {count}]; or see to '
    "it that nothing but the proxies can connect.",
    setting="HARDENED_TRUSTED_PROXIES",
    asvs="4.1.3",
    cwe=348,
)
W138 = Rule(
    "W138",
    "The variable FORWARDED_ALLOW_IPS has '*': uvicorn and gunicorn believe what any client "
    "forwards, before TrustedProxyMiddleware sees it.",
    'Unset it, and name the proxies here: HARDENED_TRUSTED_PROXIES = ["10.0.0.0/8"]',
    asvs="4.1.3",
    cwe=348,
)
RULES = (E115, I116, W117, E120, E121, E122, E128, I129, W138)

_EVERYBODY = "the whole internet"
_TOO_WIDE = "more of the internet than anybody has for proxies"
# Nobody was ever given more than a /8 of IPv4; of IPv6 it is more than all that is in use.
_NARROWEST = 8
_MAX_SHOWN = 4


def are_declared() -> bool:
    """Whether any proxy is declared to be ours."""
    return bool(getattr(settings, "HARDENED_TRUSTED_PROXIES", None))


def check_forwarded_host_and_port(**kwargs: Any) -> list[CheckMessage]:
    # Either middleware removes both headers before anything reads them.
    if are_declared() or is_present(TRUSTED_PROXY) or is_present(HOST_PINNING):
        return []
    findings = []
    if settings.USE_X_FORWARDED_HOST:
        entries = ", ".join(map(repr, open_entries()))
        findings.append(E115.found(entries=entries) if entries else I116.found())
    if settings.USE_X_FORWARDED_PORT:
        findings.append(W117.found())
    return findings


def check_trusted_proxies(**kwargs: Any) -> list[CheckMessage]:
    value = getattr(settings, "HARDENED_TRUSTED_PROXIES", None)
    if not value:
        return []
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [E120.found(subject=value, problem="is no list")]
    entries = list(value)
    findings = [finding for entry in entries for finding in _check_proxy(entry)]
    if not findings:
        findings = _check_count(entries) or _check_extent(entries)
    if not is_present(TRUSTED_PROXY):
        findings.append(E122.found())
    return findings


def _check_count(entries: list[Any]) -> list[CheckMessage]:
    try:
        proxies = TrustedProxies.parse(entries)
    except ValueError as error:  # of entries that are right one by one
        counts = [entry for entry in entries if isinstance(entry, int)]
        return [E120.found(subject=counts[1], problem=str(error))]
    return [I129.found(count=proxies.count)] if proxies.is_count_alone else []


def check_forwarded_header(**kwargs: Any) -> list[CheckMessage]:
    value = getattr(settings, "HARDENED_FORWARDED_HEADER", None)
    return [E128.found(value=value)] if value and value not in FORWARDED_HEADERS else []


def _check_proxy(entry: Any) -> list[CheckMessage]:
    if _is_everybody(str(entry)):
        return [_everybody(entry)]
    try:
        networks = TrustedProxies.parse([entry]).networks
    except ValueError as error:
        return [E120.found(subject=entry, problem=str(error))]
    # An IPv4 network, written as IPv6.
    return [_everybody(entry) for network in networks if _is_everybody(str(network))]


def _everybody(entry: Any) -> CheckMessage:
    return E121.found(subject=entry, entries=repr(str(entry)), extent=_EVERYBODY)


def _check_extent(entries: list[Any]) -> list[CheckMessage]:
    """Judge what the entries are together: four quarters are the whole."""
    networks = TrustedProxies.parse(entries).networks
    findings = []
    for kind in (IPv4Network, IPv6Network):
        of_a_kind: list[Any] = [n for n in networks if isinstance(n, kind)]
        for whole in collapse_addresses(of_a_kind):
            if whole.prefixlen > 1 and (whole.prefixlen >= _NARROWEST or not whole.is_global):
                continue
            parts = [str(network) for network in of_a_kind if network.subnet_of(whole)]
            shown = ", ".join(map(repr, parts[:_MAX_SHOWN]))
            more = ", ..." if len(parts) > _MAX_SHOWN else ""
            extent = _EVERYBODY if whole.prefixlen <= 1 else _TOO_WIDE
            findings.append(E121.found(subject=whole, entries=shown + more, extent=extent))
    return findings


def _is_everybody(entry: str) -> bool:
    try:
        # One bit is half of all addresses, and nobody's proxies.
        return ip_network(entry).prefixlen <= 1
    except ValueError:
        return False


def check_server_trust(**kwargs: Any) -> list[CheckMessage]:
    believed = os.environ.get("FORWARDED_ALLOW_IPS", "").split(",")
    return [W138.found()] if "*" in map(str.strip, believed) else []


CHECKS = (
    check_forwarded_host_and_port,
    check_trusted_proxies,
    check_forwarded_header,
    check_server_trust,
)
