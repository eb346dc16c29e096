"""9xx: how this package itself is installed. These run always, not only before a deploy."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.management import get_commands

from django_hardened.checks.rules import Rule
from django_hardened.own_settings import EDGE_WORDS, OWN_SETTINGS

E901 = Rule(
    "E901",
    "The command {subject} of {app} hides that of django_hardened, which {purpose}.",
    'Put "django_hardened" first in INSTALLED_APPS.',
    setting="INSTALLED_APPS",
)
W902 = Rule("W902", "{setting} is set, but nothing reads it.", "{advice}")
E903 = Rule("E903", "{setting} is a {kind}; it has to be {expected}.", "{setting} = {example}")
E904 = Rule(
    "E904",
    "HARDENED_EDGE has {subject!r}, which means nothing here.",
    f"The words are {', '.join(EDGE_WORDS)}.",
    setting="HARDENED_EDGE",
)
RULES = (E901, W902, E903, E904)

_COMMANDS = {
    "check": "applies the waivers, and heeds no SILENCED_SYSTEM_CHECKS",
    "runserver": "refuses to serve production",
}
_PREFIX = "HARDENED_"


def check_command_order(**kwargs: Any) -> list[CheckMessage]:
    apps = get_commands()
    return [
        E901.found(subject=command, app=apps[command], purpose=purpose)
        for command, purpose in _COMMANDS.items()
        if apps[command] != "django_hardened"
    ]


def check_unknown_names(**kwargs: Any) -> list[CheckMessage]:
    names = [name for name in dir(settings) if name.startswith(_PREFIX)]
    return [
        W902.found(setting=name, advice=_advice(name)) for name in names if name not in OWN_SETTINGS
    ]


def _advice(name: str) -> str:
    known = [own.removeprefix(_PREFIX) for own in OWN_SETTINGS]
    matches = get_close_matches(name.removeprefix(_PREFIX), known, n=1)
    return f"Did you mean {_PREFIX}{matches[0]}? Rename it." if matches else "Remove it."


def check_types(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for name, kind in OWN_SETTINGS.items():
        value = getattr(settings, name, None)
        if hasattr(settings, name) and not kind.admits(value):
            found = type(value).__name__
            findings.append(
                E903.found(setting=name, kind=found, expected=kind.words, example=kind.example)
            )
    return findings


def check_edge_words(**kwargs: Any) -> list[CheckMessage]:
    words = getattr(settings, "HARDENED_EDGE", ())
    if not OWN_SETTINGS["HARDENED_EDGE"].admits(words):
        return []  # E903 says so
    return [E904.found(subject=word) for word in sorted(map(str, words)) if word not in EDGE_WORDS]


CHECKS = (check_command_order, check_unknown_names, check_types, check_edge_words)
