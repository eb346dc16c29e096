"""Views that hand each method to a view of its own, which they look up in a dictionary."""

from __future__ import annotations

import copy
from collections.abc import Callable
from inspect import getattr_static
from types import FunctionType, MethodType
from typing import Any

from django_hardened.audit import bodies
from django_hardened.audit.functions import cells, with_cells, with_globals
from django_hardened.audit.memos import remembered

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
# What is named by code that looks a view up, or answers that there is none, or looks at the user.
# Any other does work of its own, and is not run.
_NAMES = frozenset(
    """method get lower upper str keys join sorted list callable KeyError AttributeError
    HttpResponse HttpResponseNotAllowed HttpResponseForbidden Http404 PermissionDenied status
    user is_authenticated is_active is_staff is_superuser has_perm has_perms""".split()
)

View = Callable[..., Any]


def table_of(view: View) -> dict[str, View]:
    """Return the views by method, ``{"GET": …}``, that ``view`` hands requests to; else nothing.

    It encloses the dictionary, finds it in its module, or has it as an attribute.
    """
    _, table = _found(view)
    return {method.upper(): each for method, each in table.items()}


def with_table(view: View, change: Callable[[View], View]) -> View:
    """Return a copy of ``view`` that finds what ``change`` makes of each view in its table."""
    name, table = _found(view)
    changed = {name: {method: change(each) for method, each in table.items()}}
    if isinstance(view, FunctionType):
        return (with_cells if name in cells(view) else with_globals)(view, changed)
    twin: Any = copy.copy(_owner(view))
    vars(twin).update(changed)
    return MethodType(view.__func__, twin) if isinstance(view, MethodType) else twin


def _found(view: View) -> tuple[str, dict[str, View]]:
    function = bodies.function_of(view)
    names = _names_of(function) if function is not None else frozenset()
    if len(names) != 1:
        return "", {}
    (name,) = names
    table = _held(view, name)
    return (name, table) if _is_table(table) else ("", {})


@remembered
def _names_of(function: FunctionType) -> frozenset[str]:
    """Return what a function that looks at the method names beside what is harmless."""
    names = bodies.names_in(function.__code__)
    return frozenset(names - _NAMES) if "method" in names else frozenset()


def _held(view: View, name: str) -> Any:
    if isinstance(view, FunctionType):
        return cells(view).get(name, view.__globals__.get(name))
    owner = _owner(view)
    return getattr_static(owner, name, None) if hasattr(owner, "__dict__") else None


def _owner(view: View) -> Any:
    return view.__self__ if isinstance(view, MethodType) else view


def _is_table(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(str(key).upper() in _METHODS and callable(each) for key, each in value.items())
    )
