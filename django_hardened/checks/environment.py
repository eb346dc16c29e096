"""0xx: debug mode, and the environment that the settings were read from."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.rules import Rule
from django_hardened.conf import conf
from django_hardened.sources import Sources

E001 = Rule(
    "E001",
    "DEBUG is on: every error shows source code, settings and the request to whoever caused it.",
    "Set DEBUG = False, or DEBUG=false in the environment.",
    setting="DEBUG",
    replaces=("security.W018",),
    asvs="13.4.2",
    cwe=489,
)
W002 = Rule(
    "W002",
    "TEMPLATES[{index}] has OPTIONS['debug'] on, whatever DEBUG says.",
    "Remove 'debug' from TEMPLATES[{index}]['OPTIONS']; without it the value follows DEBUG.",
    setting="TEMPLATES",
    asvs="13.4.2",
)
E003 = Rule(
    "E003",
    "HARDENED_ENVIRONMENT is {environment!r}: this is not a configuration to deploy.",
    "Set HARDENED_ENVIRONMENT=production in the environment, or remove it.",
    setting="HARDENED_ENVIRONMENT",
)
E004 = Rule(
    "E004",
    "DEBUG_PROPAGATE_EXCEPTIONS is on: the server, not Django, answers every error, and what it "
    "shows and logs is up to it.",
    "DEBUG_PROPAGATE_EXCEPTIONS = False",
    setting="DEBUG_PROPAGATE_EXCEPTIONS",
    asvs="16.5.1",
    cwe=209,
)
W020 = Rule(
    "W020",
    "The variable {name} is set ({source}), but nothing reads it.",
    "Did you mean {match}? Rename it, or remove it.",
    setting="HARDENED_ENV_SOURCES",
)
W021 = Rule(
    "W021",
    "The file {path}, which holds secrets, can be read by every user of this machine.",
    "chmod 600 {quoted}",
    setting="HARDENED_ENV_SOURCES",
    cwe=732,
)
RULES = (E001, W002, E003, E004, W020, W021)

# High enough that names with a common part, such as DATABASE_URL and CACHE_URL, are no match.
_TYPO_SIMILARITY = 0.85


def check_debug(**kwargs: Any) -> list[CheckMessage]:
    return [E001.found()] if settings.DEBUG else []


def check_template_debug(**kwargs: Any) -> list[CheckMessage]:
    return [
        W002.found(subject=index, index=index)
        for index, options in template_options()
        if options.get("debug")
    ]


def template_options() -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the index and the ``OPTIONS`` of each template engine that is written as one."""
    engines: Any = settings.TEMPLATES
    for index, engine in enumerate(engines if isinstance(engines, list | tuple) else ()):
        options = engine.get("OPTIONS") if isinstance(engine, Mapping) else None
        if isinstance(options, Mapping):
            yield index, options


def check_environment(**kwargs: Any) -> list[CheckMessage]:
    # Without the setting the environment follows DEBUG, and E001 has said all there is to say.
    environment = getattr(settings, "HARDENED_ENVIRONMENT", None)
    known = environment is None or environment == "production"
    return [] if known else [E003.found(environment=environment)]


def check_propagated_exceptions(**kwargs: Any) -> list[CheckMessage]:
    return [E004.found()] if settings.DEBUG_PROPAGATE_EXCEPTIONS else []


def check_unread_variables(**kwargs: Any) -> list[CheckMessage]:
    sources = conf.env_sources
    if not isinstance(sources, Sources):
        return []
    findings = []
    for name, source in sources.unread.items():
        matches = get_close_matches(name, sources, n=1, cutoff=_TYPO_SIMILARITY)
        if matches:
            findings.append(W020.found(subject=name, name=name, source=source, match=matches[0]))
    return findings


def check_env_file_mode(**kwargs: Any) -> list[CheckMessage]:
    sources = conf.env_sources
    path = sources.file if isinstance(sources, Sources) else None
    if path is None or not _is_readable_by_others(path):
        return []
    return [W021.found(path=path, quoted=shlex.quote(str(path)))]


def _is_readable_by_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


CHECKS = (
    check_debug,
    check_template_debug,
    check_environment,
    check_propagated_exceptions,
    check_unread_variables,
    check_env_file_mode,
)
