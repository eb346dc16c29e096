"""What of the project lies in a folder that somebody else may read, or write to."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from os.path import realpath
from pathlib import Path
from typing import Any, cast

from django.apps import apps
from django.conf import settings

from django_hardened import assignments
from django_hardened.checks.dictionaries import mapping
from django_hardened.conf import conf
from django_hardened.installed import is_installed
from django_hardened.sources import Sources


def env_file() -> Path | None:
    """Return the ``.env`` file that the settings were read from, if there is one."""
    sources = conf.env_sources
    path = sources.file if isinstance(sources, Sources) else None
    return path.absolute() if path and path.is_file() else None


def secrets_in(folder: Path) -> str:
    """Say what lies in ``folder`` that no stranger may read, or nothing."""
    path = env_file()
    if path and is_in(path, folder):
        return f"{path.name}, which holds secrets,"
    return code_in(folder)


def code_in(folder: Path) -> str:
    """Say which code or templates of the project lie in ``folder``, or nothing."""
    return next((what for what, path in _code() if is_in(path, folder)), "")


def own_apps() -> Iterator[tuple[str, Path]]:
    """Yield the name and the folder of each app that the project has written itself."""
    for app in apps.get_app_configs():
        path = Path(app.path)
        if not is_installed(path):
            yield app.name, path


def is_in(path: Path, folder: Path) -> bool:
    """Whether ``path`` is ``folder`` or below it, whatever links lead to either."""
    return Path(realpath(path)).is_relative_to(realpath(folder))


def _code() -> Iterator[tuple[str, Path]]:
    module = assignments.settings_file()
    if module:
        yield "the settings module", module
    base = getattr(settings, "BASE_DIR", None)
    if base and isinstance(base, str | PathLike):
        yield "BASE_DIR", Path(base)
    for folder in _template_folders():
        yield "templates", Path(str(folder))
    for name, path in own_apps():
        yield f"the code of {name}", path


def _template_folders() -> Iterator[object]:
    for engine in cast(list[Any], settings.TEMPLATES):
        folders = mapping(engine).get("DIRS")
        yield from folders if isinstance(folders, list | tuple) else ()
