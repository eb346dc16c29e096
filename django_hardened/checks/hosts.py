"""1xx: ``ALLOWED_HOSTS``, on which links, mails and cache keys depend."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage

from django_hardened.checks.rules import Rule
from django_hardened.conf import conf
from django_hardened.hosts import is_loopback, is_overbroad, parse_host, pattern_problem

_EXAMPLE = (
    'ALLOWED_HOSTS = ["www.example.com"], or ALLOWED_HOSTS=www.example.com in the environment'
)

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
    f"Name the hosts of the site: {_EXAMPLE}.",
    setting="ALLOWED_HOSTS",
)
E103 = Rule(
    "E103",
    "ALLOWED_HOSTS has {subject!r}, under which strangers can register names.",
    f"Name your own hosts only: {_EXAMPLE}.",
    setting="ALLOWED_HOSTS",
)
E104 = Rule(
    "E104",
    "ALLOWED_HOSTS has {subject!r}, which {problem}: it never matches a request.",
    "Write the bare host name; for a domain with its subdomains, '.example.com'.",
    setting="ALLOWED_HOSTS",
)
E105 = Rule(
    "E105",
    "ALLOWED_HOSTS has only names of this machine ({entries}): nobody else can reach the site.",
    f"Add the public name: {_EXAMPLE}.",
    setting="ALLOWED_HOSTS",
)
RULES = (E101, E102, E103, E104, E105)


def check_allowed_hosts(**kwargs: Any) -> list[CheckMessage]:
    entries = conf.allowed_hosts
    if not entries:
        return [E101.found()]
    findings = [finding for entry in entries for finding in _check_entry(entry)]
    if not findings and all(_is_local(entry) for entry in entries):
        findings.append(E105.found(entries=", ".join(map(str, entries))))
    return findings


def _check_entry(entry: Any) -> list[CheckMessage]:
    problem = pattern_problem(entry)
    if problem:
        return [E104.found(subject=entry, problem=problem)]
    if entry == "*":
        return [E102.found()]
    return [E103.found(subject=entry)] if is_overbroad(entry) else []


def _is_local(entry: object) -> bool:
    name = parse_host(str(entry).removeprefix(".")).name
    return is_loopback(name) or name == "0.0.0.0"  # noqa: S104  # compared, not bound to


CHECKS = (check_allowed_hosts,)
