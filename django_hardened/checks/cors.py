"""2xx: which other sites may read answers: the settings of django-cors-headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks import origin_patterns, stack
from django_hardened.checks.classes import listed
from django_hardened.checks.rules import Rule
from django_hardened.hosts import is_loopback

_MIDDLEWARE = "corsheaders.middleware.CorsMiddleware"
_COMMON = "django.middleware.common.CommonMiddleware"
# The names of today, each with the one before version 3.5, which counts where the new is not set.
_ALL = ("CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL")
_ORIGINS = ("CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST")
_PATTERNS = ("CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST")

_NAMED = '{setting} = False; CORS_ALLOWED_ORIGINS = ["https://www.example.com"]'
_SAFE_PATTERNS = '[r"^https://[a-z0-9-]+\\.example\\.com$"]'
_PATTERN = (
    f"{{setting}} = {_SAFE_PATTERNS}  # a backslash before each dot, a dot before the domain, and "
    "$ at the end"
)

E270 = Rule(
    "E270",
    "{setting} is on, with CORS_ALLOW_CREDENTIALS: any site acts as the user who visits it, and "
    "reads the answers.",
    _NAMED,
    asvs="3.4.2",
    cwe=942,
)
W271 = Rule(
    "W271",
    "{setting} is on, for every path: any site reads the answers.",
    f'{_NAMED}  # for a public API: CORS_URLS_REGEX = r"^/api/public/"',
    asvs="3.4.2",
    cwe=942,
)
W272 = Rule(
    "W272",
    "{setting} is on: any site reads the answers from the paths {paths!r}.",
    f"{_NAMED}  # leave it if what is there is public",
    asvs="3.4.2",
    cwe=942,
)
E273 = Rule(
    "E273",
    "{setting} has {subject!r}, which admits {origin!r}: a stranger can own that.",
    _PATTERN,
    asvs="3.4.2",
    cwe=942,
)
W274 = Rule(
    "W274",
    "{setting} has {subject!r}, which admits {origin!r}: make sure that it is yours.",
    _PATTERN,
    asvs="3.4.2",
    cwe=942,
)
E275 = Rule(
    "E275",
    "{setting} has {subject!r}, which any page can be: one in a sandboxed frame, or a file.",
    "Remove it from {setting}.",
    asvs="3.4.2",
    cwe=942,
)
W276 = Rule(
    "W276",
    "{setting} admits pages that arrive without TLS, and that anybody on the way can write: "
    "{entries}.",
    "{setting} = {fix}",
    asvs="3.4.2",
    cwe=319,
)
W277 = Rule(
    "W277",
    "{setting} admits whatever runs on a visitor's own machine: {entries}.",
    "Keep these in the settings of development.",
    asvs="3.4.2",
    cwe=942,
)
W278 = Rule(
    "W278",
    "{setting} has {subject!r}, where the * stands for itself: no origin matches.",
    f"CORS_ALLOWED_ORIGIN_REGEXES = {_SAFE_PATTERNS}  # in place of that entry",
)
W279 = Rule(
    "W279",
    "{setting} is set, but CorsMiddleware is not in MIDDLEWARE: it has no effect.",
    f'Put "{_MIDDLEWARE}" into MIDDLEWARE, before CommonMiddleware; or remove the setting.',
)
W280 = Rule(
    "W280",
    "CorsMiddleware stands behind CommonMiddleware: redirects and refusals have no CORS headers, "
    "and preflight requests fail.",
    f'In MIDDLEWARE put "{_MIDDLEWARE}" before "{_COMMON}".',
    setting="MIDDLEWARE",
)
RULES = (E270, W271, W272, E273, W274, E275, W276, W277, W278, W279, W280)

_PROBED_PATHS = ("/", "/accounts/login/", "/hardened")


def _named(names: tuple[str, str], default: Any) -> tuple[str, Any]:
    """Return which of the two settings counts, and its value."""
    setting = next((name for name in names if hasattr(settings, name)), names[0])
    return setting, getattr(settings, setting, default)


def _listed(names: tuple[str, str]) -> tuple[str, list[Any]]:
    setting, value = _named(names, ())
    if isinstance(value, list | tuple | set | frozenset):
        return setting, [entry if _is_compiled(entry) else str(entry) for entry in value]
    return setting, [str(value)] if value else []


def _is_compiled(entry: object) -> bool:
    return isinstance(entry, re.Pattern) and isinstance(entry.pattern, str)


def _is_active() -> bool:
    """Whether the settings have an effect: by the middleware, or one of the project's own."""
    return stack.has(_MIDDLEWARE) or any("cors" in e.lower() for e in listed("MIDDLEWARE"))


def check_cors_middleware(**kwargs: Any) -> list[CheckMessage]:
    if _is_active():
        return [] if stack.comes_before(_MIDDLEWARE, _COMMON) else [W280.found()]
    named = [_named(names, None) for names in (_ALL, _ORIGINS, _PATTERNS)]
    used = [setting for setting, value in named if value]
    return [W279.found(setting=used[0])] if used and apps.is_installed("corsheaders") else []


def check_cors_for_all(**kwargs: Any) -> list[CheckMessage]:
    setting, is_on = _named(_ALL, False)
    if not is_on or not _is_active():
        return []
    if getattr(settings, "CORS_ALLOW_CREDENTIALS", False):
        return [E270.found(setting=setting)]
    paths = getattr(settings, "CORS_URLS_REGEX", "")
    if _is_everywhere(paths):
        return [W271.found(setting=setting)]
    return [W272.found(setting=setting, paths=getattr(paths, "pattern", paths))]


def _is_everywhere(paths: Any) -> bool:
    pattern = paths if isinstance(paths, re.Pattern) else str(paths)
    try:
        return all(re.match(pattern, path) for path in _PROBED_PATHS)
    except (re.error, TypeError):
        return True


def check_cors_origins(**kwargs: Any) -> list[CheckMessage]:
    setting, origins = _listed(_ORIGINS)
    if not origins or not _is_active():
        return []
    origins = [str(origin) for origin in origins]
    findings = [E275.found(setting=setting, subject=o) for o in origins if _is_nobody(o)]
    findings += [W278.found(setting=setting, subject=o) for o in origins if "*" in o]
    local = [origin for origin in origins if _is_local(origin)]
    plain = [o for o in origins if o.startswith("http://") and not _is_local(o) and "*" not in o]
    return findings + list(_summaries(setting, plain, local))


def _is_nobody(origin: str) -> bool:
    return origin == "null" or origin.startswith("file://")


def _is_local(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return is_loopback(f"[{host}]" if ":" in host else host)


def _summaries(setting: str, plain: list[str], local: list[str]) -> Iterator[CheckMessage]:
    fix = _SAFE_PATTERNS if setting in _PATTERNS else '["https://www.example.com"]'
    for rule, entries in ((W276, plain), (W277, local)):
        if entries:
            yield rule.found(setting=setting, entries=", ".join(map(repr, entries)), fix=fix)


def check_cors_patterns(**kwargs: Any) -> list[CheckMessage]:
    setting, patterns = _listed(_PATTERNS)
    if not _is_active():
        return []
    findings: list[CheckMessage] = []
    plain, local = [], []
    for pattern in patterns:
        finding = _judge_pattern(setting, pattern)
        if finding:
            findings.append(finding)
        elif origin_patterns.loopback(pattern):
            local.append(_source(pattern))
        elif origin_patterns.plain_http(pattern):
            plain.append(_source(pattern))
    return findings + list(_summaries(setting, plain, local))


def _judge_pattern(setting: str, pattern: Any) -> CheckMessage | None:
    for rule, probe in ((E273, origin_patterns.stranger), (W274, origin_patterns.doubtful)):
        origin = probe(pattern)
        if origin:
            return rule.found(setting=setting, subject=_source(pattern), origin=origin)
    if origin_patterns.is_null(pattern):
        return E275.found(setting=setting, subject=_source(pattern))
    return None


def _source(pattern: Any) -> str:
    return str(getattr(pattern, "pattern", pattern))


CHECKS = (
    check_cors_middleware,
    check_cors_for_all,
    check_cors_origins,
    check_cors_patterns,
)
