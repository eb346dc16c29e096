"""``REST_FRAMEWORK`` as it is in effect, judged by the names in it.

DRF imports what its settings name as soon as ``rest_framework.views`` is imported, and fails
where one of them is missing. Here nothing of that is imported: what it means is known to those
who ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from rest_framework.settings import DEFAULTS, IMPORT_STRINGS


def configured() -> Mapping[str, Any]:
    """Return what the project says, after whatever replaced or edited it."""
    found = getattr(settings, "REST_FRAMEWORK", None)
    return found if isinstance(found, Mapping) else {}


def value(name: str) -> Any:
    """Return the value in effect: the project's, or DRF's default."""
    return configured().get(name, DEFAULTS.get(name))


def paths(name: str) -> tuple[str, ...]:
    """Return the dotted paths in effect of a setting that is a list of classes."""
    found = value(name)
    if isinstance(found, str):
        return (found,)
    return tuple(map(str, found)) if isinstance(found, list | tuple | set) else ()


def named() -> Iterator[tuple[str, str]]:
    """Yield the name of each setting of the project that DRF imports, with each path in it."""
    for name in dict.fromkeys(IMPORT_STRINGS):
        if name in configured() and not name.startswith("TEST_"):
            for path in paths(name):
                yield name, path


def misshapen() -> Iterator[str]:
    """Yield the names of settings that DRF iterates over and that are no list here."""
    for name in dict.fromkeys(IMPORT_STRINGS):
        if isinstance(DEFAULTS.get(name), list) and not isinstance(value(name), list | tuple):
            yield name
