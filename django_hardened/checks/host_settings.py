"""1xx: what this package is told about hosts: aliases, the origin, tenants, health checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from django_hardened.checks.pinning import FIRST, HOST_PINNING
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.conf import conf
from django_hardened.host_policy import path_problem
from django_hardened.hosts import HostTable

E130 = Rule(
    "E130",
    "{setting} cannot be used ({problem}): every request fails.",
    "{setting} = {example}",
)
E131 = Rule(
    "E131",
    "HARDENED_HOST_ALIASES has {subject!r} for {name!r}, which {problem}: who asks for it is "
    "refused.",
    "Let it stand for a name in ALLOWED_HOSTS that is no alias itself.",
    setting="HARDENED_HOST_ALIASES",
)
E132 = Rule(
    "E132",
    "HARDENED_CANONICAL_ORIGIN is {value}, which ALLOWED_HOSTS does not admit: links lead to where "
    "every request is refused.",
    "Use one of ALLOWED_HOSTS, with its scheme: HARDENED_CANONICAL_ORIGIN = "
    '"https://www.example.com"',
    setting="HARDENED_CANONICAL_ORIGIN",
)
W133 = Rule(
    "W133",
    "HARDENED_CANONICAL_ORIGIN is {value}: links in pages and mails lead to plain http.",
    'HARDENED_CANONICAL_ORIGIN = "https://www.example.com"',
    setting="HARDENED_CANONICAL_ORIGIN",
    asvs="12.2.1",
    cwe=319,
)
W134 = Rule(
    "W134",
    "HARDENED_HEALTH_PATHS has {subject!r}, which {problem}.",
    'Write the path as a probe asks for it: HARDENED_HEALTH_PATHS = ["/healthz"]',
    setting="HARDENED_HEALTH_PATHS",
)
W135 = Rule(
    "W135",
    "{setting} has no effect: HostPinningMiddleware is not in MIDDLEWARE.",
    FIRST,
)
RULES = (E130, E131, E132, W133, W134, W135)

_EXAMPLES = {
    "HARDENED_CANONICAL_ORIGIN": '"https://example.com"',
    "HARDENED_HOST_ALIASES": '{"www.example.com": "example.com"}',
    "HARDENED_TENANT_RESOLVER": '"myproject.tenants.resolve"',
}
_READ_BY_THE_PIN = (
    "HARDENED_CANONICAL_ORIGIN",
    "HARDENED_HEALTH_PATHS",
    "HARDENED_HOST_ALIASES",
    "HARDENED_TENANT_RESOLVER",
)


def check_effect(**kwargs: Any) -> list[CheckMessage]:
    if is_present(HOST_PINNING):
        return []
    used = [name for name in _READ_BY_THE_PIN if getattr(settings, name, None)]
    return [W135.found(setting=name, subject=name) for name in used]


def check_aliases(**kwargs: Any) -> list[CheckMessage]:
    try:
        aliases = conf.host_aliases
    except ImproperlyConfigured as error:
        return [_unusable("HARDENED_HOST_ALIASES", error)]
    findings = []
    for alias, name in aliases.items():
        if name in aliases:
            findings.append(E131.found(subject=alias, name=name, problem="is an alias itself"))
        elif not _is_ours(name):
            findings.append(E131.found(subject=alias, name=name, problem="is not in ALLOWED_HOSTS"))
    return findings


def check_canonical_origin(**kwargs: Any) -> list[CheckMessage]:
    try:
        origin = conf.canonical_origin
    except ImproperlyConfigured as error:
        return [_unusable("HARDENED_CANONICAL_ORIGIN", error)]
    if origin is None:
        return []
    if not _is_ours(origin.host.name):
        return [E132.found(value=str(origin))]
    return [W133.found(value=str(origin))] if origin.scheme == "http" else []


def check_tenant_resolver(**kwargs: Any) -> list[CheckMessage]:
    try:
        conf.tenants  # noqa: B018  # read for what it raises
    except ImproperlyConfigured as error:
        return [_unusable("HARDENED_TENANT_RESOLVER", error)]
    return []


def check_health_paths(**kwargs: Any) -> list[CheckMessage]:
    paths: Any = getattr(settings, "HARDENED_HEALTH_PATHS", None) or ()
    if not isinstance(paths, Iterable):
        return []  # E903 says so
    findings = []
    for path in map(str, paths):
        problem = path_problem(path)
        if problem:
            findings.append(W134.found(subject=path, problem=f"{problem}: it never matches"))
        elif path == "/":
            findings.append(W134.found(subject=path, problem="takes the place of the front page"))
    return findings


def _unusable(setting: str, error: ImproperlyConfigured) -> CheckMessage:
    problem = str(error).partition(": ")[2]
    example = _EXAMPLES[setting]
    return E130.found(setting=setting, subject=setting, problem=problem, example=example)


def _is_ours(name: str) -> bool:
    return name in HostTable.from_allowed_hosts(conf.allowed_hosts, wildcard=True)


CHECKS = (
    check_effect,
    check_aliases,
    check_canonical_origin,
    check_tenant_resolver,
    check_health_paths,
)
