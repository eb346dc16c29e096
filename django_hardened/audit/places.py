"""Where a view is written: its file and line, and whether the project or a package has it."""

from __future__ import annotations

import ast
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

from django_hardened.repository import relative

_INSTALLED = ("/site-packages/", "/dist-packages/")
_STANDARD = Path(sysconfig.get_path("stdlib")).as_posix()
# What views are made of. Where they turn people away, they are asked.
_LIBRARIES = ("django", "rest_framework", "adrf", "asgiref", "functools", "contextlib", "typing")


def is_library(function: FunctionType) -> bool:
    """Whether ``function`` is of Django, REST framework or Python, which decide in the open."""
    module = str(function.__globals__.get("__name__", ""))
    if module.partition(".")[0] in _LIBRARIES:
        return not module.startswith("django.contrib.auth.decorators")
    return function.__code__.co_filename.startswith("<frozen") or (
        Path(function.__code__.co_filename).as_posix().startswith(_STANDARD)
        and not is_third_party_file(function.__code__.co_filename)
    )


def is_third_party(module: str) -> bool:
    """Whether ``module`` was installed, and not written for this project."""
    return is_third_party_file(getattr(sys.modules.get(module), "__file__", None) or "")


@lru_cache(maxsize=4096)
def is_third_party_file(file: str) -> bool:
    """Whether ``file`` lies among installed packages."""
    path = Path(file).as_posix()
    return any(folder in path for folder in _INSTALLED)


def place_of(view: Any, handler: Any = None) -> tuple[str | None, int | None]:
    """Return file and line of a view: of the method that answers where its class has it itself."""
    if isinstance(view, type):
        file = getattr(sys.modules.get(view.__module__), "__file__", None)
        code = getattr(handler, "__code__", None)
        own = vars(view).get(getattr(handler, "__name__", ""))
        if code is not None and own is not None and code.co_filename == file:
            return _relative(file), code.co_firstlineno
        return (_relative(file), _line_of_class(file, view.__qualname__)) if file else (None, None)
    if isinstance(view, MethodType):
        view = view.__func__
    code = getattr(view, "__code__", None)
    if code is None:
        return place_of(type(view))
    return _relative(code.co_filename), code.co_firstlineno


@lru_cache(maxsize=4096)
def _relative(file: str) -> str:
    """Return ``file`` from the root of the checkout, or from where packages are installed."""
    path = Path(file).as_posix()
    for folder in _INSTALLED:
        if folder in path:
            return path.rpartition(folder)[2]
    return relative(Path(file))


def _line_of_class(file: str, name: str) -> int | None:
    return _lines_of_classes(file).get(name)


@lru_cache(maxsize=512)
def _lines_of_classes(file: str) -> dict[str, int]:
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, int] = {}
    _collect(tree, "", found)
    return found


def _collect(tree: ast.AST, prefix: str, found: dict[str, int]) -> None:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            found[prefix + node.name] = node.lineno
            _collect(node, f"{prefix}{node.name}.", found)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            _collect(node, f"{prefix}{node.name}.<locals>.", found)
        else:
            _collect(node, prefix, found)
