"""The days that the settings source spells out: one that is computed anew each day never comes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from django_hardened import assignments

_CLASSES = ("date", "datetime")
_PARTS = ("year", "month", "day")


def written_dates(setting: str) -> frozenset[date] | None:
    """Return each date in the files that make the settings, as text or as ``date(2027, 3, 31)``.

    None where ``setting`` is not assigned in them, so that nothing can be told about it.
    """
    if not assignments.assignments(setting):
        return None
    found: set[date] = set()
    for file in assignments.files():
        # What has been read before may be gone by now.
        with suppress(OSError, SyntaxError, ValueError):
            found.update(_dates(ast.parse(file.read_bytes())))
    return frozenset(found)


def _dates(tree: ast.AST) -> Iterator[date]:
    for node in ast.walk(tree):
        with suppress(ValueError, TypeError, OverflowError):
            match node:
                case ast.Constant(value=str() as text):
                    yield date.fromisoformat(text)
                case ast.Call(
                    func=ast.Name(id=name) | ast.Attribute(attr=name), args=parts, keywords=named
                ) if name in _CLASSES:
                    by_name = {each.arg: each.value for each in named if each.arg in _PARTS}
                    yield date(
                        *map(ast.literal_eval, parts[:3]),
                        **{key: ast.literal_eval(value) for key, value in by_name.items() if key},
                    )
