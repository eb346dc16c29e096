"""5xx: caches, and what breaks where a cache is not shared or not ours alone."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks import limit_counts
from django_hardened.checks.classes import is_subclass
from django_hardened.checks.dictionaries import entries, mapping, options_of
from django_hardened.checks.rules import Rule
from django_hardened.checks.services import Address, is_remote, parse_address, skips_verification
from django_hardened.checks.throttle_rates import default_throttles
from django_hardened.conf import conf

_REDIS = (
    'CACHES[{subject!r}] = {{"BACKEND": "django.core.cache.backends.redis.RedisCache", '
    '"LOCATION": os.environ["REDIS_URL"]}}'
)

W501 = Rule(
    "W501",
    "The cache {subject!r} is LocMemCache, one for each process, and {dependents} need one that "
    "all processes share.",
    f"{_REDIS}  # or another that is shared",
    "CACHES",
)
W502 = Rule(
    "W502",
    "The cache {subject!r} is DummyCache and keeps nothing: a limit or a lock-out that is counted "
    "in it never comes.",
    f"{_REDIS}  # or another that keeps what it is given",
    "CACHES",
)
E503 = Rule(
    "E503",
    "The cache {subject!r} is DummyCache and keeps nothing, and {dependents} need it.",
    f"{_REDIS}  # or another that keeps what it is given",
    "CACHES",
)
W504 = Rule(
    "W504",
    "The cache {subject!r} is at {host}, without {missing}: whoever reaches it or listens on the "
    "way reads and plants sessions and pickles.",
    'CACHES[{subject!r}]["LOCATION"] = os.environ["REDIS_URL"]  # '
    "rediss://:<password>@{host}:6379/0 there; Memcached has neither, and belongs into a private "
    "network",
    "CACHES",
    asvs="12.3.1",
    cwe=319,
)
W505 = Rule(
    "W505",
    "The cache {subject!r} keeps pickles in {location}, where every user of this machine can "
    "write: who plants one there runs code in this process.",
    'CACHES[{subject!r}]["LOCATION"] = "/var/cache/<project>"  # a folder of this user alone',
    "CACHES",
    cwe=379,
)
W506 = Rule(
    "W506",
    "The cache {subject!r} does not verify the certificate of {host}: anybody on the way can "
    "answer in its place.",
    "Take ssl_cert_reqs out of CACHES[{subject!r}]; for a certificate of your own, name its CA "
    "with ssl_ca_certs.",
    "CACHES",
    asvs="12.3.2",
    cwe=295,
)
RULES = (W501, W502, E503, W504, W505, W506)

_BACKENDS = "django.core.cache.backends."
_LOCMEM = f"{_BACKENDS}locmem.LocMemCache"
_DUMMY = f"{_BACKENDS}dummy.DummyCache"
_MEMCACHED = (
    f"{_BACKENDS}memcached.PyMemcacheCache",
    f"{_BACKENDS}memcached.PyLibMCCache",
)
_REDIS_SCHEMES = ("redis", "valkey")
_TLS_SCHEMES = ("rediss", "valkeys")
_SESSION_ENGINES = (
    "django.contrib.sessions.backends.cache",
    "django.contrib.sessions.backends.cached_db",
)
_SHARED_FOLDER = re.compile(r"/(?:private/)?(?:tmp|var/tmp|dev/shm)(?:/|$)")


# -- Shared between processes --------------------------------------------------------------------


def check_cache_sharing(**kwargs: Any) -> list[CheckMessage]:
    """Sessions have checks of their own, and so do our limits, django-ratelimit and django-axes."""
    findings = []
    for alias, config in entries(settings.CACHES):
        dependents = " and ".join(_dependents(alias))
        backend = config.get("BACKEND")
        if is_subclass(backend, _DUMMY):
            if dependents:
                findings.append(E503.found(subject=alias, dependents=dependents))
            elif alias == "default" and not _holds_sessions(alias):
                findings.append(W502.found(subject=alias))
        elif dependents and is_subclass(backend, _LOCMEM):
            findings.append(W501.found(subject=alias, dependents=dependents))
    return findings


def _dependents(alias: str) -> list[str]:
    """Say what counts in the cache ``alias``."""
    if alias != "default" or "rate_limit" in conf.edge:
        return []
    dependents = []
    if apps.is_installed("rest_framework") and not all(
        map(limit_counts.counts_itself, default_throttles())
    ):
        dependents.append("the limits of REST framework")
    limits = getattr(settings, "ACCOUNT_RATE_LIMITS", True)
    if apps.is_installed("allauth.account") and limits is not False:
        dependents.append("the login limits of allauth")
    return dependents


def _holds_sessions(alias: str) -> bool:
    return settings.SESSION_ENGINE in _SESSION_ENGINES and alias == settings.SESSION_CACHE_ALIAS


# -- On the way to it ----------------------------------------------------------------------------


def check_cache_transport(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for alias, config in entries(settings.CACHES):
        for address in _remote_servers(config):
            options = _options(config)
            missing = _missing(address, options)
            if missing:
                findings.append(W504.found(subject=alias, host=address.host, missing=missing))
            elif skips_verification(options) or skips_verification(address.query):
                findings.append(W506.found(subject=alias, host=address.host))
            else:
                continue
            break  # one finding for one cache, however many servers it has
    return findings


def _remote_servers(config: dict[str, Any]) -> list[Address]:
    """Return the Redis and Memcached servers of a cache that are not in our own network."""
    location = config.get("LOCATION") or ()
    servers = re.split("[;,]", location) if isinstance(location, str) else location
    if not isinstance(servers, list | tuple):
        return []
    found = [address for server in servers if (address := parse_address(server))]
    known = (*_REDIS_SCHEMES, *_TLS_SCHEMES)
    if not is_subclass(config.get("BACKEND"), *_MEMCACHED):
        found = [address for address in found if address.scheme in known]
    return [address for address in found if is_remote(address.host)]


def _options(config: dict[str, Any]) -> dict[str, Any]:
    found = options_of(config)
    return {**found, **mapping(found.get("CONNECTION_POOL_KWARGS"))}  # django-redis


def _missing(address: Address, options: dict[str, Any]) -> str:
    has_tls = address.scheme in _TLS_SCHEMES or options.get("ssl") or options.get("tls_context")
    has_password = (
        address.password
        or address.query.get("password")
        or options.get("PASSWORD")
        or options.get("password")
        or options.get("credential_provider")
    )
    missing = [
        word for word, there in (("TLS", has_tls), ("a password", has_password)) if not there
    ]
    return " and ".join(missing)


def check_cache_files(**kwargs: Any) -> list[CheckMessage]:
    return [
        W505.found(subject=alias, location=location)
        for alias, config in entries(settings.CACHES)
        if is_subclass(config.get("BACKEND"), f"{_BACKENDS}filebased.FileBasedCache")
        and _SHARED_FOLDER.match(location := str(config.get("LOCATION", "")))
    ]


CHECKS = (check_cache_sharing, check_cache_transport, check_cache_files)
