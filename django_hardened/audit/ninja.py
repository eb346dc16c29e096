"""Django Ninja: its operations, and what stands before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django_hardened.audit import functions, layers


def path_view(view: object) -> Any:
    """Return Ninja's object with the operations of a path, or None for other views."""
    owner = getattr(view, "__self__", None) or functions.cells(view).get("self")
    is_path_view = type(owner).__name__ == "PathView" and hasattr(owner, "operations")
    return owner if is_path_view and type(owner).__module__.startswith("ninja") else None


def operation(path_view: Any, method: str) -> Any:
    """Return what Ninja runs for ``method``: the first that takes it."""
    return next(each for each in path_view.operations if method in each.methods)


@contextmanager
def emptied(path_view: Any, sentinel: Callable[..., Any]) -> Iterator[None]:
    """Have ``sentinel`` called where arguments are read, which is after authentication."""
    kept = [(each, dict(vars(each))) for each in path_view.operations]
    for each, _ in kept:
        each._get_values = _no_values
        each._check_throttles = _no_answer
        each.view_func = layers.with_view(each.view_func, sentinel)
    try:
        yield
    finally:
        for each, attributes in kept:
            vars(each).clear()
            vars(each).update(attributes)


def _no_values(*args: Any) -> dict[str, Any]:
    return {}


def _no_answer(request: Any) -> None:
    """Limits are no matter of who may call."""


def authenticators(operation: Any) -> tuple[str, ...]:
    """Return the names of what authenticates."""
    return tuple(functions.name_of(each).rpartition(".")[2] for each in operation.auth_callbacks)


def throttles(operation: Any) -> tuple[str, ...]:
    """Return the throttles with their rates."""
    found = getattr(operation, "throttle_objects", ())
    return tuple(f"{type(each).__name__}: {getattr(each, 'rate', None) or '?'}" for each in found)
