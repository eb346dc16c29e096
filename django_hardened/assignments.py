"""Where a setting is written: the file and the line that gave it the value in effect.

The settings source is parsed and never run again. Only modules that Python has loaded are
followed, so a ``development.py`` that nobody imported is not looked at.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

from django.conf import settings

_CHANGING_METHODS = frozenset({"add", "append", "extend", "insert", "setdefault", "update"})
_UNKNOWN = object()


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


Table = dict[str, tuple[Location, ...]]


def locate(setting: str, subject: str = "") -> Location | None:
    """Return where ``setting`` got the value in effect, or None where that cannot be told.

    A place whose literal value is not the one in effect, such as the branch of an ``if`` that was
    not taken, is passed over. ``NAME["key"] = ...`` is the place of a ``subject`` that names the
    key; where the setting as such is meant, its assignment is.
    """
    effective = getattr(settings, setting, _UNKNOWN)
    places = [
        place for place in reversed(assignments(setting)) if not _contradicts(place, effective)
    ]
    meant = (place for place in places if _is_meant(place, subject))
    return next(meant, next(iter(places), None))


def _is_meant(place: Location, subject: str) -> bool:
    """Whether ``subject``, such as ``default`` or ``X['default']['USER']``, is or has the keys."""
    return place.keys[:1] == (subject,) or all(key in subject for key in place.keys)


def assignments(setting: str) -> tuple[Location, ...]:
    """Return every place in the settings source that assigns or changes ``setting``, in order."""
    return _table().get(setting, ())


def files() -> frozenset[Path]:
    """Return the files of the settings source: each one that assigns something."""
    return frozenset(place.file for places in _table().values() for place in places)


def settings_file() -> Path | None:
    """Return the file of the settings module; None for ``settings.configure()``."""
    module = getattr(settings, "SETTINGS_MODULE", None)
    return _file_of(str(module)) if module else None


def _table() -> Table:
    file = settings_file()
    if file is None:
        return {}
    try:
        return _table_of(str(settings.SETTINGS_MODULE), file, file.stat().st_mtime_ns)
    except (OSError, RecursionError):
        return {}


@lru_cache(maxsize=32)
def _table_of(module: str, file: Path, modified: int) -> Table:
    return _read(module, file, ())


def _contradicts(place: Location, effective: object) -> bool:
    if place.changes:
        return False
    try:
        return not _is_contained(ast.literal_eval(place.value), effective)
    except Exception:  # noqa: BLE001  # no literal, or nothing that can be compared
        return False


def _is_contained(written: object, effective: object) -> bool:
    """Whether ``written`` is in effect. Django fills in defaults of what DATABASES leaves out."""
    if isinstance(written, dict) and isinstance(effective, dict):
        return all(
            key in effective and _is_contained(value, effective[key])
            for key, value in written.items()
        )
    return bool(written == effective)


# -- One module ----------------------------------------------------------------------------------


def _file_of(module: str) -> Path | None:
    """Return the source of ``module``; no module is imported for it."""
    loaded = sys.modules.get(module)
    try:
        spec = None if loaded or "." in module else find_spec(module)
    except (ImportError, ValueError):
        spec = None
    name = getattr(loaded, "__file__", None) or (spec and spec.origin)
    return Path(name) if name and str(name).endswith(".py") else None


def _read(module: str, file: Path, above: tuple[str, ...]) -> Table:
    """Return the assignments of ``module``, those of its ``import *`` where they stand."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found: defaultdict[str, tuple[Location, ...]] = defaultdict(tuple)
    for statement in _statements(tree.body):
        if isinstance(statement, ast.ImportFrom):
            imported = _imported(statement, package, (*above, module))
            for name, places in imported.items():
                found[name] += places
        for name, place in _places(statement, file):
            found[name] += (place,)
    return dict(found)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when the module is loaded, those in blocks as well.

    Classes are blocks too: the settings of django-configurations are their attributes.
    """
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield statement
        for block in ("body", "handlers", "cases", "orelse", "finalbody"):
            for child in getattr(statement, block, ()):
                yield from _statements([child] if isinstance(child, ast.stmt) else child.body)


def _imported(statement: ast.ImportFrom, package: str, above: tuple[str, ...]) -> Table:
    # Settings are spelled in capitals; "from pathlib import Path" leads nowhere.
    if not any(alias.name == "*" or alias.name.isupper() for alias in statement.names):
        return {}
    try:
        module = resolve_name("." * statement.level + (statement.module or ""), package)
    except ImportError:
        return {}
    # ``UTC`` of the standard library is a constant of that, whose others are no settings.
    ours = module.partition(".")[0] not in sys.stdlib_module_names
    file = _file_of(module) if ours and module in sys.modules and module not in above else None
    if file is None:
        return {}
    table = _read(module, file, above)
    if statement.names[0].name == "*":
        return {name: places for name, places in table.items() if not name.startswith("_")}
    return {
        alias.asname or alias.name: table[alias.name]
        for alias in statement.names
        if alias.name in table
    }


# -- One statement -------------------------------------------------------------------------------


def _places(statement: ast.stmt, file: Path) -> Iterator[tuple[str, Location]]:
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
