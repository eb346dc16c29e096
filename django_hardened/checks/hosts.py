"""1xx: ``ALLOWED_HOSTS``, on which links, mails and cache keys depend."""

from __future__ import annotations

import re
from typing import Any

from django.core.checks import CheckMessage

from django_hardened.checks.classes import listed, load_class
from django_hardened.checks.pinning import has_tenant_resolver
from django_hardened.checks.rules import Rule
from django_hardened.checks.setting_types import can_be_read
from django_hardened.conf import conf
from django_hardened.hosts import is_loopback, is_overbroad, parse_host, pattern_problem

_EXAMPLE = (
    'ALLOWED_HOSTS = ["www.example.com"], or ALLOWED_HOSTS=www.example.com in the environment'
)

_BARE_NAME = "Write the bare host name; for a domain with its subdomains, '.example.com'."

E101 = Rule(
    "E101",
    "ALLOWED_HOSTS is empty: every request is refused, unless DEBUG is on.",
    f"Name the hosts of the site: {_EXAMPLE}.",
    setting="ALLOWED_HOSTS",
    replaces=("security.W020",),
)
E102 = Rule(
    "E102",
    "ALLOWED_HOSTS has '*': whoever sends a forged Host decides where links in pages and "
    "password-reset mails lead, and can poison the cache.",
    f"Name the hosts of the site: {_EXAMPLE}.{{more}}",
    setting="ALLOWED_HOSTS",
    cwe=20,
)
W114 = Rule(
    "W114",
    "ALLOWED_HOSTS has '*', and whether {subject} refuses the hosts that it does not know is not "
    "to be seen here.",
    'Say which names exist: HARDENED_TENANT_RESOLVER = "myproject.tenants.resolve".',
    setting="ALLOWED_HOSTS",
)
E103 = Rule(
    "E103",
    "ALLOWED_HOSTS has {subject!r}, under which strangers can register names.",
    f"Name your own hosts only: {_EXAMPLE}.",
    setting="ALLOWED_HOSTS",
    cwe=20,
)
E104 = Rule(
    "E104",
    "ALLOWED_HOSTS has {subject!r}, which {problem}: it never matches a request, and nothing else "
    "does.",
    _BARE_NAME,
    setting="ALLOWED_HOSTS",
)
W113 = Rule(
    "W113",
    "ALLOWED_HOSTS has {subject!r}, which {problem}: it never matches a request.",
    _BARE_NAME,
    setting="ALLOWED_HOSTS",
)
W105 = Rule(
    "W105",
    "ALLOWED_HOSTS has only names of this machine ({entries}): nobody else can reach the site.",
    f"Add the public name: {_EXAMPLE}.",
    setting="ALLOWED_HOSTS",
)
RULES = (E101, E102, W114, E103, E104, W113, W105)

# Packages whose middleware finds out by the host whose site it is, and refuses the others.
_RESOLVERS = (
    "django_hosts.",
    "django_multitenant.",
    "django_tenants.",
    "multisite.",
    "pretix.multidomain.",
    "tenant_schemas.",
)
# A name says what a middleware may do, not that it does.
_MAY_RESOLVE = re.compile(r"tenant|multi_?domain|multi_?site", re.IGNORECASE)
_WITH_TENANTS = (
    " Where they are in the database, say which exist: "
    'HARDENED_TENANT_RESOLVER = "myproject.tenants.resolve".'
)


def check_allowed_hosts(**kwargs: Any) -> list[CheckMessage]:
    if not can_be_read("ALLOWED_HOSTS"):
        return []
    entries = conf.allowed_hosts
    if not entries:
        return [E101.found()]
    findings = _check_dead_entries(entries)
    findings += [finding for entry in entries for finding in _check_entry(entry)]
    if not findings and all(map(_is_local, entries)):
        findings.append(W105.found(entries=", ".join(map(str, entries))))
    return findings


def _check_dead_entries(entries: tuple[Any, ...]) -> list[CheckMessage]:
    problems = [(entry, pattern_problem(entry)) for entry in entries]
    # One that never matches does no harm beside one that does.
    rule = E104 if all(problem for _, problem in problems) else W113
    return [rule.found(subject=entry, problem=problem) for entry, problem in problems if problem]


def _check_entry(entry: Any) -> list[CheckMessage]:
    if entry == "*":
        return _check_wildcard()
    is_usable = pattern_problem(entry) is None
    return [E103.found(subject=entry)] if is_usable and is_overbroad(entry) else []


def _check_wildcard() -> list[CheckMessage]:
    if has_tenant_resolver():
        return []
    middleware = listed("MIDDLEWARE")
    resolving = next(filter(_resolves, middleware), None)
    if resolving:
        return [W114.found(subject=resolving)]
    has_tenants = any(map(_MAY_RESOLVE.search, middleware))
    return [E102.found(more=_WITH_TENANTS if has_tenants else "")]


def _resolves(dotted: str) -> bool:
    """Whether ``dotted`` is a middleware of one of those packages, or a subclass of one."""
    bases = getattr(load_class(dotted), "__mro__", ())
    return any(f"{name}.".startswith(_RESOLVERS) for name in (dotted, *map(_module, bases)))


def _module(cls: type) -> str:
    return cls.__module__


def _is_local(entry: object) -> bool:
    if entry == "*":
        return False
    name = parse_host(str(entry).removeprefix(".")).name
    return is_loopback(name) or name == "0.0.0.0"  # noqa: S104  # compared, not bound to


CHECKS = (check_allowed_hosts,)
