"""Settings that are dictionaries, such as ``CACHES``, read whatever stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapping(value: object) -> Mapping[Any, Any]:
    """Return ``value``, or an empty mapping in the place of anything else."""
    return value if isinstance(value, Mapping) else {}


def options_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``OPTIONS`` of an entry, such as one of ``CACHES``."""
    return dict(mapping(config.get("OPTIONS")))


def entry_of(setting: object, alias: str) -> dict[str, Any]:
    """Return the entry ``alias`` of a setting such as ``CACHES``; an empty one if there is none."""
    return dict(entries(setting)).get(alias, {})


def entries(setting: object) -> list[tuple[str, dict[str, Any]]]:
    """Return the aliases and entries of a setting such as ``CACHES``; what is no dict is left."""
    found = mapping(setting).items()
    return [(str(alias), dict(each)) for alias, each in found if isinstance(each, Mapping)]
