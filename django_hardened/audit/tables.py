"""Views that hand each method to a view of its own, which they look up in a dictionary."""

from __future__ import annotations

import copy
from collections.abc import Callable
from inspect import getattr_static
from types import FunctionType, MethodType
from typing import Any

from django_hardened.audit import bodies
from django_hardened.audit.functions import cells, is_table, with_cells, with_globals
from django_hardened.audit.layers import View
from django_hardened.audit.memos import remembered

# What is named by code that looks a view up, or answers that there is none, or looks at the user.
# Any other does work of its own, and is not run; nor is what the project calls by such a name.
_NAMES = frozenset(
    """method get lower upper str keys join sorted list callable KeyError AttributeError
    HttpResponse HttpResponseNotAllowed HttpResponseForbidden Http404 PermissionDenied status
    user is_authenticated is_active is_staff is_superuser has_perm has_perms""".split()
)


def table_of(view: View) -> dict[str, View]:
    """Return the views by method, ``{"GET": …}``, that ``view`` hands requests to; else nothing.

    It encloses the dictionary, finds it in its module, or has it as an attribute.
    """
    _, table = _found(view)
    return {method.upper(): each for method, each in table.items()}


def with_table(view: View, change: Callable[[View], View]) -> View | None:
    """Return a copy of ``view`` that finds what ``change`` makes of each view in its table.

    None if it has no table.
    """
    name, table = _found(view)
    if not table:
        return None
    changed = {name: {method: change(each) for method, each in table.items()}}
    if isinstance(view, FunctionType):
        return (with_cells if name in cells(view) else with_globals)(view, changed)
    twin: Any = copy.copy(_owner(view))
    vars(twin).update(changed)
    return MethodType(view.__func__, twin) if isinstance(view, MethodType) else twin


def _found(view: View) -> tuple[str, dict[str, View]]:
    function = bodies.function_of(view)
    names = _names_of(function) if function is not None else frozenset()
    others = names - _NAMES
    if function is None or "method" not in names or len(others) != 1:
        return "", {}
    (name,) = others
    table = _held(view, name)
    # One of another kind may have views that it does not show.
    if type(table) is not dict or not is_table(table) or _may_call_others(view, function, name):
        return "", {}
    return name, table


@remembered
def _names_of(function: FunctionType) -> frozenset[str]:
    return frozenset(bodies.names_in(function.__code__))


def _held(view: View, name: str) -> Any:
    if isinstance(view, FunctionType):
        return cells(view).get(name, view.__globals__.get(name))
    owner = _owner(view)
    is_copied = hasattr(owner, "__dict__") and not isinstance(owner, type)
    return getattr_static(owner, name, None) if is_copied else None


def _may_call_others(view: View, function: FunctionType, table: str) -> bool:
    """Whether a name in the code may be that of something of the project, beside the table."""
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    if any(map(callable, defaults)) or set(function.__code__.co_freevars) - {table}:
        return True
    names = _names_of(function) - {table}
    of_module = [function.__globals__[name] for name in names & function.__globals__.keys()]
    if not all(_is_of_django(each) for each in of_module):
        return True
    owner = None if isinstance(view, FunctionType) else _owner(view)
    return owner is not None and any(hasattr(type(owner), n) or n in vars(owner) for n in names)


def _is_of_django(value: object) -> bool:
    return str(getattr(value, "__module__", "")).startswith(("django.", "builtins"))


def _owner(view: View) -> Any:
    return view.__self__ if isinstance(view, MethodType) else view
