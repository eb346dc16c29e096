"""0xx: debug mode, and the environment that the settings were read from."""

from __future__ import annotations

import stat
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import Any, cast

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.rules import Rule
from django_hardened.conf import conf

E001 = Rule(
    "E001",
    "DEBUG is on: every error shows source code, settings and the request to whoever caused it.",
    "Set DEBUG = False, or DEBUG=false in the environment.",
    replaces=("security.W018",),
)
E002 = Rule(
    "E002",
    "TEMPLATES[{index}] has OPTIONS['debug'] on, whatever DEBUG says.",
    "Remove 'debug' from TEMPLATES[{index}]['OPTIONS']; without it the value follows DEBUG.",
)
E003 = Rule(
    "E003",
    "HARDENED_ENVIRONMENT is {environment!r}: this is not a configuration to deploy.",
    "Set HARDENED_ENVIRONMENT=production in the environment, or remove it.",
)
W020 = Rule(
    "W020",
    "The variable {name} is set ({source}), but nothing reads it.",
    "Did you mean {match}? Rename it, or remove it.",
)
W021 = Rule(
    "W021",
    "The file {path}, which holds secrets, can be read by every user of this machine.",
    "chmod 600 {quoted}",
)
RULES = (E001, E002, E003, W020, W021)

# High enough that names with a common part, such as DATABASE_URL and CACHE_URL, are no match.
_TYPO_SIMILARITY = 0.85


def check_debug(**kwargs: Any) -> list[CheckMessage]:
    return [E001.found()] if settings.DEBUG else []


def check_template_debug(**kwargs: Any) -> list[CheckMessage]:
    return [
        E002.found(index=index)
        for index, engine in enumerate(cast(list[dict[str, Any]], settings.TEMPLATES))
        if engine.get("OPTIONS", {}).get("debug")
    ]


def check_environment(**kwargs: Any) -> list[CheckMessage]:
    # Without the setting the environment follows DEBUG, and E001 has said all there is to say.
    environment = getattr(settings, "HARDENED_ENVIRONMENT", None)
    if environment is None or environment == "production":
        return []
    return [E003.found(environment=environment)]


def check_unread_variables(**kwargs: Any) -> list[CheckMessage]:
    sources = conf.env_sources
    if sources is None:
        return []
    findings = []
    for name, source in sources.unread.items():
        matches = get_close_matches(name, sources, n=1, cutoff=_TYPO_SIMILARITY)
        if matches:
            findings.append(W020.found(name=name, source=source, match=matches[0]))
    return findings


def check_env_file_mode(**kwargs: Any) -> list[CheckMessage]:
    path = conf.env_sources.file if conf.env_sources is not None else None
    if path is None or not _is_readable_by_others(path):
        return []
    return [W021.found(path=path, quoted=quote(str(path)))]


def _is_readable_by_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


CHECKS = (
    check_debug,
    check_template_debug,
    check_environment,
    check_unread_variables,
    check_env_file_mode,
)
