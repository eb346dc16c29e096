"""0xx: the ``.env`` file and the settings module, as files: who else can get hold of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened import assignments, repository
from django_hardened.checks.project_files import env_file
from django_hardened.checks.rules import Rule

E050 = Rule(
    "E050",
    "The file {path}, which holds secrets, is in git: they are in every clone, and in its history.",
    "git rm --cached {name}  # then add {name} to .gitignore, and change every secret in it",
    setting="HARDENED_ENV_SOURCES",
    asvs="13.3.1",
    cwe=540,
)
E051 = Rule(
    "E051",
    "The file {path}, which holds secrets, lies under {setting}: the web server gives it to "
    "whoever asks.",
    "Move it out of {folder}, or point {setting} to a folder of its own; then change every secret "
    "in it.",
    asvs="13.4.1",
    cwe=552,
)
W052 = Rule(
    "W052",
    "The file {path}, which holds secrets, is not ignored by git: the next 'git add .' takes it.",
    "echo {name} >> .gitignore",
    setting="HARDENED_ENV_SOURCES",
    asvs="13.3.1",
    cwe=540,
)
E053 = Rule(
    "E053",
    "The settings module {path} lies under {setting}: the web server gives it to whoever asks.",
    "Point {setting} to a folder of its own that holds no code.",
    asvs="13.4.1",
    cwe=552,
)
RULES = (E050, E051, W052, E053)


def check_env_file_in_git(**kwargs: Any) -> list[CheckMessage]:
    path = env_file()
    if path is None or repository.work_tree(path) is None:
        return []
    if repository.is_tracked(path):
        return [E050.found(path=path, name=path.name)]
    return [] if repository.is_ignored(path) else [W052.found(path=path, name=path.name)]


def check_served_files(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for rule, path in ((E051, env_file()), (E053, assignments.settings_file())):
        for setting, folder in _served_folders() if path else ():
            if path and path.resolve().is_relative_to(folder):
                findings.append(rule.found(setting=setting, path=path, folder=folder))
                break
    return findings


def _served_folders() -> Iterator[tuple[str, Path]]:
    """Yield each folder that a web server hands out, with the setting that names it."""
    for setting in ("STATIC_ROOT", "MEDIA_ROOT", "STATICFILES_DIRS", "WHITENOISE_ROOT"):
        for folder in _paths(getattr(settings, setting, None)):
            yield setting, folder.resolve()


def _paths(value: object) -> Iterator[Path]:
    if isinstance(value, str | os.PathLike):
        if str(value):  # "" is not set; it would mean the current directory
            yield Path(value)
    elif isinstance(value, Iterable):
        for entry in value:
            # STATICFILES_DIRS has folders and (prefix, folder) pairs.
            yield from _paths(entry[-1] if isinstance(entry, tuple) and entry else entry)


CHECKS = (check_env_file_in_git, check_served_files)
