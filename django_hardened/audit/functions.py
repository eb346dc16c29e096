"""Functions as they are made: what they enclose, what they are called, and where their code is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

FRAMEWORKS = ("django.", "rest_framework.")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


def cells(function: object) -> dict[str, Any]:
    """Return the variables that ``function`` encloses, by name; those not set yet are left out."""
    if isinstance(function, MethodType):
        function = function.__func__
    if not isinstance(function, FunctionType) or not function.__closure__:
        return {}
    return {
        name: cell.cell_contents
        for name, cell in zip(function.__code__.co_freevars, function.__closure__, strict=True)
        if _is_set(cell)
    }


def with_cells(function: FunctionType, changed: Mapping[str, Any]) -> FunctionType:
    """Return a copy of ``function`` that encloses other values in variables of these names."""
    names = function.__code__.co_freevars
    closure = tuple(
        CellType(changed[name]) if name in changed else cell
        for name, cell in zip(names, function.__closure__ or (), strict=True)
    )
    return _twin(function, function.__globals__, closure)


def with_globals(function: FunctionType, changed: Mapping[str, Any]) -> FunctionType:
    """Return a copy of ``function`` that finds other values under these names in its module."""
    return _twin(function, {**function.__globals__, **changed}, function.__closure__)


def _twin(
    function: FunctionType, module: dict[str, Any], closure: tuple[CellType, ...] | None
) -> FunctionType:
    twin = FunctionType(
        function.__code__, module, function.__name__, function.__defaults__, closure
    )
    twin.__kwdefaults__ = function.__kwdefaults__
    twin.__qualname__ = function.__qualname__
    vars(twin).update(vars(function))
    return twin


def middleware_of(layer: object) -> Any:
    """Return the middleware that Django's ``decorator_from_middleware`` made ``layer`` of."""
    return cells(cells(layer).get("_pre_process_request")).get("middleware")


def is_bare(view: object) -> bool:
    """Whether ``view`` is a function as it is written, with nothing of a decorator around it."""
    if not isinstance(view, FunctionType):
        return False
    return not (view.__closure__ or hasattr(view, "__wrapped__"))


def is_table(value: object) -> bool:
    """Whether ``value`` is a dictionary of views by their methods."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(str(key).upper() in _METHODS and callable(each) for key, each in value.items())
    )


def is_class_view(view: object) -> bool:
    """Whether ``view`` is what the ``as_view`` of a class returned, without decorators."""
    names = getattr(getattr(view, "__code__", None), "co_freevars", ())
    return "cls" in names and "initkwargs" in names and isinstance(cells(view).get("cls"), type)


def is_as_view_of_a_library(view: object) -> bool:
    """Whether it is Django's or REST framework's ``as_view`` that made it, and no other."""
    return module_of(view).startswith(("django.views.generic.", "rest_framework."))


def name_of(view: object) -> str:
    """Return the dotted name of a function, a class, or the class of an instance."""
    while isinstance(view, partial):
        view = view.func
    named = view if hasattr(view, "__qualname__") else type(view)
    return f"{named.__module__}.{named.__qualname__}"


def module_of(view: object) -> str:
    """Return the module whose code runs, whatever ``functools.wraps`` says."""
    if isinstance(view, MethodType):
        view = view.__func__
    if isinstance(view, FunctionType):
        return str(view.__globals__.get("__name__", ""))
    return type(view).__module__


def _is_set(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # raises where nothing is in it yet
    except ValueError:
        return False
    return True
