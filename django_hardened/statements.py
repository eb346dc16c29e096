"""What one statement of the settings source assigns, and where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# The name under which the table has what the source itself puts into the environment.
ENVIRONMENT = "os.environ"
_CHANGING_METHODS = frozenset({"add", "append", "extend", "insert", "setdefault", "update"})


@dataclass(frozen=True)
class Location:
    """One place that gives a setting its value, or changes it.

    Attributes:
        file: the source file.
        line: counted from 1.
        value: what is assigned, as it is written; for ``NAME.append(...)`` the call.
        keys: ``("default", "PASSWORD")`` for ``NAME["default"]["PASSWORD"] = ...``.
        changes: whether the value that was there before lives on (``+=``, ``NAME["x"] = ...``).
    """

    file: Path
    line: int
    value: ast.expr = field(compare=False)
    keys: tuple[str, ...] = ()
    changes: bool = False


def places_in(statement: ast.stmt, file: Path) -> Iterator[tuple[str, Location]]:
    """Yield each name that ``statement`` assigns or changes, with the place."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _assigned(target, value, file)
            yield from _keywords_of_helper(value, file)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _assigned(target, value, file)
        case ast.AugAssign(target=ast.Name(id=name) as target, value=value):
            yield name, Location(file, target.lineno, value, changes=True)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr, value=owner)) as call):
            name, keys = _path(owner)
            if name and attr in _CHANGING_METHODS:
                yield name, Location(file, call.lineno, call, keys, changes=True)
            yield from _keywords_of_helper(call, file)


def _assigned(target: ast.expr, value: ast.expr, file: Path) -> Iterator[tuple[str, Location]]:
    if isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        one_each = len(values) == len(target.elts)
        for index, element in enumerate(target.elts):
            yield from _assigned(element, values[index] if one_each else value, file)
        return
    name, keys = _path(target)
    if name:
        changes = isinstance(target, ast.Subscript)
        yield name, Location(file, target.lineno, value, keys, changes)


def _path(node: ast.expr) -> tuple[str, tuple[str, ...]]:
    """Return ``("NAME", ("a",))`` for ``NAME["a"]``; the name is "" for anything else."""
    keys: list[str] = []
    while isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant):
            keys.insert(0, str(node.slice.value))
        node = node.value
    if _last_name(node) == "environ":
        return ENVIRONMENT, tuple(keys)
    return (node.id if isinstance(node, ast.Name) else ""), tuple(keys)


def _keywords_of_helper(node: ast.expr, file: Path) -> Iterator[tuple[str, Location]]:
    """Yield the settings that are given by keyword to ``hardened_settings(...)``."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or _last_name(call.func) != "hardened_settings":
            continue
        for keyword in call.keywords:
            if keyword.arg:
                yield keyword.arg.upper(), Location(file, keyword.value.lineno, keyword.value)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
