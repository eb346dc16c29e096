"""Views that hand each method to a view of its own, which they look up in a dictionary."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from django_hardened.audit import bodies
from django_hardened.audit.functions import cells, with_cells

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
    """Return the views by method, ``{"GET": …}``, that ``view`` encloses or holds; else nothing."""
    _, table = _found(view)
    return {method.upper(): each for method, each in table.items()}


def with_table(view: View, change: Callable[[View], View]) -> View:
    """Return a copy of ``view`` that holds what ``change`` makes of each view in its table."""
    name, table = _found(view)
    changed = {name: {method: change(each) for method, each in table.items()}}
    if isinstance(view, FunctionType):
        return with_cells(view, changed)
    twin: Any = copy.copy(_owner(view))
    vars(twin).update(changed)
    return MethodType(view.__func__, twin) if isinstance(view, MethodType) else twin


def _found(view: View) -> tuple[str, dict[str, View]]:
    held = cells(view) if isinstance(view, FunctionType) else getattr(_owner(view), "__dict__", {})
    tables = ((name, each) for name, each in held.items() if _is_table(each))
    name, table = next(tables, ("", {}))
    function = bodies.function_of(view) if table else None
    if function is None or not bodies.names_in(function.__code__) <= {*_NAMES, name}:
        return "", {}
    return name, table


def _owner(view: View) -> Any:
    return view.__self__ if isinstance(view, MethodType) else view


def _is_table(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(str(key).upper() in _METHODS and callable(each) for key, each in value.items())
    )
