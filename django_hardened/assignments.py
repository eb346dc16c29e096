"""Where a setting is written: the file and the line that gave it the value in effect.

The settings source is parsed and never run again. Only modules that Python has loaded are
followed, so a ``development.py`` that nobody imported is not looked at.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

from django.conf import settings

from django_hardened.installed import is_installed
from django_hardened.statements import ENVIRONMENT, Location, places_in

__all__ = ["ENVIRONMENT", "Location", "assignments", "files", "locate", "settings_file"]

_UNKNOWN = object()


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
    return _read(module, file, (), follows=True)


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


def _read(module: str, file: Path, above: tuple[str, ...], *, follows: bool) -> Table:
    """Return the assignments of ``module``, those of what it imports where they stand.

    What is no settings module, but holds a value for one, is not followed any further.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found: defaultdict[str, tuple[Location, ...]] = defaultdict(tuple)
    for statement in _statements(tree.body):
        if follows and isinstance(statement, ast.ImportFrom | ast.Import):
            for name, places in _imported(statement, package, (*above, module)):
                found[name] += places
        for name, place in places_in(statement, file):
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


def _imported(
    statement: ast.ImportFrom | ast.Import, package: str, above: tuple[str, ...]
) -> Iterator[tuple[str, tuple[Location, ...]]]:
    """Yield the assignments that ``statement`` brings along, by the name that they get here."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield from _of_module(alias.name, alias.asname or alias.name)
        return
    try:
        module = resolve_name("." * statement.level + (statement.module or ""), package)
    except ImportError:
        return
    # ``UTC`` of the standard library is a constant of that, whose others are no settings.
    if module.partition(".")[0] in sys.stdlib_module_names:
        return
    # Settings are spelled in capitals; "from pathlib import Path" leads nowhere.
    is_settings = any(alias.name == "*" or alias.name.isupper() for alias in statement.names)
    table: Table = {}
    if module not in above and (is_settings or _is_own(module)):
        file = _file_of(module) if module in sys.modules else None
        table = _read(module, file, above, follows=is_settings) if file else {}
    if statement.names[0].name == "*":
        yield from ((name, places) for name, places in table.items() if name[0] != "_")
        return
    for alias in statement.names:
        yield from _of_module(f"{module}.{alias.name}", alias.asname or alias.name)
        yield alias.asname or alias.name, table.get(alias.name, ())


def _of_module(module: str, prefix: str) -> Iterator[tuple[str, tuple[Location, ...]]]:
    """Yield what a module of the project assigns, as ``prefix.NAME``."""
    file = _file_of(module) if module in sys.modules and _is_own(module) else None
    if file:
        for name, places in _read(module, file, (), follows=False).items():
            yield f"{prefix}.{name}", places


def _is_own(module: str) -> bool:
    """Whether ``module`` is written for this project."""
    file = _file_of(module) if module.partition(".")[0] not in sys.stdlib_module_names else None
    return file is not None and not is_installed(file)
