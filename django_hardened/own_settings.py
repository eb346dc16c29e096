"""The settings of this package, by name, each with what its value is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.utils.functional import Promise

from django_hardened.defaults import POLICY_MODES
from django_hardened.sources import Sources

# What HARDENED_EDGE may say that a proxy in front of Django does.
EDGE_WORDS: Final = ("ssl_redirect", "hsts", "headers", "csp", "rate_limit", "request_limits")

_ON_ERROR: Final = ("fallback", "deny", "allow")


@dataclass(frozen=True)
class Kind:
    """What a value has to be: in words, as an example, and as a test."""

    words: str
    example: str
    admits: Callable[[object], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str | Promise)  # a lazy string is a Promise


def _is_listing(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(map(_is_text, value))


def _are_proxies(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(
        _is_text(entry) or type(entry) is int for entry in value
    )


def _is_resolver(value: object) -> bool:
    return value is None or _is_text(value) or callable(value)


def _is_alias_map(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        _is_text(alias) and _is_text(name) for alias, name in value.items()
    )


def _is_place(value: object) -> bool:
    """Whether ``value`` is an absolute path, or none: a relative one means many places."""
    if not isinstance(value, str | Promise | Path):
        return False
    return not str(value) or Path(str(value)).is_absolute()


def _are_seconds(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def is_age(value: object) -> bool:
    """Whether ``value`` is a time of more than nothing, as seconds or as a timedelta."""
    if isinstance(value, timedelta):
        return value > timedelta(0)
    return type(value) is int and value > 0


OWN_SETTINGS: Final[Mapping[str, Kind]] = {
    "HARDENED_ADDRESS_RATES": Kind("a dictionary of rates", '{"address": "1200/m"}', _is_mapping),
    "HARDENED_API_KEY_AGE": Kind(
        "a whole number of seconds above 0, or a timedelta", "90 * 24 * 3600", is_age
    ),
    "HARDENED_API_KEY_CACHE": Kind(
        "an alias of CACHES", '"default"', lambda value: value is None or _is_text(value)
    ),
    "HARDENED_API_KEY_PREFIX": Kind("a string", '"dhk"', _is_text),
    "HARDENED_BOOT_OVERRIDE": Kind("a string with a reason", '""', _is_text),
    "HARDENED_CANONICAL_ORIGIN": Kind(
        "an origin", '"https://www.example.com"', lambda value: value is None or _is_text(value)
    ),
    "HARDENED_COOKIES": Kind(
        "a dictionary of cookies", '{"theme": {"httponly": False}}', _is_mapping
    ),
    "HARDENED_CROSS_SITE_PATHS": Kind("a list of paths", '["/payment/return/"]', _are_texts),
    "HARDENED_CSP": Kind(
        "a dictionary of directives",
        '{"default-src": ["\'self\'"]}',
        lambda value: value is None or _is_mapping(value),
    ),
    "HARDENED_CSP_MODE": Kind(
        '"enforce" or "report-only"', '"enforce"', lambda value: value in POLICY_MODES
    ),
    "HARDENED_CSP_REPORT_URI": Kind("a path or a URL", '"/csp-reports/"', _is_text),
    "HARDENED_CSP_SCOPES": Kind(
        "a dictionary of policies", '{"/maps/": {"img-src": ["https:"]}}', _is_mapping
    ),
    "HARDENED_DEV_SERVERS": Kind("a list of strings", '["uvicorn --reload"]', _are_texts),
    "HARDENED_EDGE": Kind("a set of words", '{"ssl_redirect", "hsts"}', _are_texts),
    "HARDENED_ENVIRONMENT": Kind(
        "a string", '"production"', lambda value: value is None or _is_text(value)
    ),
    "HARDENED_ENV_SOURCES": Kind(
        "what hardened_settings() gives",
        "None",
        lambda value: value is None or isinstance(value, Sources),
    ),
    "HARDENED_FORWARDED_HEADER": Kind(
        "a string", '"X-Forwarded-For"', lambda value: value is None or _is_text(value)
    ),
    "HARDENED_HEADERS": Kind(
        "a dictionary of header fields", '{"Permissions-Policy": "camera=()"}', _is_mapping
    ),
    "HARDENED_HEALTH_PATHS": Kind("a list of paths", '["/healthz"]', _are_texts),
    "HARDENED_HOST_ALIASES": Kind(
        "a dictionary of host names", '{"www.example.com": "example.com"}', _is_alias_map
    ),
    "HARDENED_LOGIN_RATES": Kind(
        "a dictionary of rates", '{"account": "10/15m", "address": "50/15m"}', _is_mapping
    ),
    "HARDENED_PUBLIC_ENDPOINTS": Kind("a list of declarations", "[]", _is_listing),
    "HARDENED_PUBLIC_ENDPOINTS_FILE": Kind(
        "a path",
        '"public_endpoints.toml"',
        lambda value: value is None or _is_text(value) or isinstance(value, Path),
    ),
    "HARDENED_RATELIMIT_CACHE": Kind("an alias of CACHES", '"default"', _is_text),
    "HARDENED_RATELIMIT_FILE": Kind(
        "an absolute path",
        '"/var/lib/mysite/ratelimit.sqlite3"',
        lambda value: value is None or _is_place(value),
    ),
    "HARDENED_RATELIMIT_FILE_MB": Kind(
        "a whole number above 0", "64", lambda value: type(value) is int and value > 0
    ),
    "HARDENED_RATELIMIT_ON_ERROR": Kind(
        '"fallback", "deny" or "allow"', '"fallback"', lambda value: value in _ON_ERROR
    ),
    "HARDENED_REDIRECT_HOST_ALIASES": Kind(
        "true or false", "False", lambda value: isinstance(value, bool)
    ),
    "HARDENED_SESSION_ABSOLUTE": Kind(
        "a number of seconds", "43200", lambda value: value is None or _are_seconds(value)
    ),
    "HARDENED_SESSION_IDLE": Kind("a number of seconds", "3600", _are_seconds),
    "HARDENED_TENANT_RESOLVER": Kind(
        "a dotted path or a callable", '"myproject.tenants.resolve"', _is_resolver
    ),
    "HARDENED_TRUSTED_PROXIES": Kind(
        "a list of strings, and perhaps a number", '["10.0.0.0/8"]', _are_proxies
    ),
    "HARDENED_WAIVERS": Kind("a list of waivers", "[]", _is_listing),
    "HARDENED_WAIVERS_FILE": Kind(
        "a path",
        '"hardened_waivers.toml"',
        lambda value: value is None or _is_text(value) or isinstance(value, Path),
    ),
}
