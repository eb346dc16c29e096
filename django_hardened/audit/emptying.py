"""Views with nothing behind their last door: what they let through arrives, and runs no code.

Decorators, ``dispatch`` and permissions are the view's own; in the place of its innermost code
stands a function that only notes that it was called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from types import FunctionType, MethodType
from typing import Any, cast

from django.contrib.auth.views import PasswordResetConfirmView

from django_hardened.audit import functions, layers, ninja, tables
from django_hardened.audit.layers import View
from django_hardened.audit.memos import remembered
from django_hardened.audit.methods import has_own


class Reached(BaseException):
    """The call came to where the view's own code would have run."""


class _Arrive:
    """Notes that a call came through, in the place of what is not to run."""

    has_happened = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.has_happened = True  # whoever catches the exception
        raise Reached


arrive = _Arrive()


def emptied(view: View, prepare: Callable[[Any], None] = lambda instance: None) -> View:
    """Return ``view`` with nothing in the place of its innermost code."""
    target = layers.layers(view)[-1]
    if functions.is_class_view(target):
        runs_as_usual = functions.is_as_view_of_a_library(target)
        emptied_class = (
            partial(_run_class, target, prepare)
            if runs_as_usual
            else (
                functions.with_cells(cast(FunctionType, target), {"cls": _Emptied(target, prepare)})
            )
        )
        return layers.with_view(view, emptied_class)
    if ninja.path_view(target) is not None:
        return view
    with_empty_table = tables.with_table(target, lambda each: emptied(each, prepare))
    return layers.with_view(view, with_empty_table or _noting(target))


@remembered
def _noting(target: Any) -> View:
    """Return what notes that it was called, and has the marks of ``target``."""

    def reached(*args: Any, **kwargs: Any) -> Any:
        return arrive(*args, **kwargs)

    update_wrapper(reached, target)
    del reached.__wrapped__  # type: ignore[attr-defined]
    return reached


def _run_class(
    target: Any, prepare: Callable[[Any], None], request: Any, *args: Any, **kwargs: Any
) -> Any:
    """Do what ``as_view`` does, with a handler that only notes that it was called."""
    instance, actions = instance_of(target)
    if type(instance).dispatch is PasswordResetConfirmView.dispatch:
        return arrive()  # it looks up whom the link is for, and lets in whoever has the link
    if actions is None:
        instance.setup(request, *args, **kwargs)
    else:
        instance.request, instance.args, instance.kwargs = request, args, kwargs
    prepare(instance)
    _empty_handlers(instance, actions or {})
    _quieten(instance)
    return instance.dispatch(request, *args, **kwargs)


def _empty_handlers(instance: Any, actions: Mapping[str, str]) -> None:
    """Put what only notes that it was called in the place of all handlers.

    Code of the class in front of them may call any, whatever the method.
    """
    empty: dict[Any, Any] = {}
    for name in {*map(str.lower, instance.http_method_names), *actions.values()}:
        handler = getattr(instance, name, None)
        # What Django and REST framework answer to OPTIONS is nothing of the view's.
        if handler is not None and (name != "options" or has_own(instance, name)):
            setattr(instance, name, empty.setdefault(handler, _emptied_handler(handler, instance)))


class _Emptied:
    """In the place of a class, for an ``as_view`` of the project's own, which calls what it likes.

    What it makes has empty handlers; all else is the class's.
    """

    def __init__(self, target: Any, prepare: Callable[[Any], None]) -> None:
        enclosed = functions.cells(target)
        self._cls, self._actions = enclosed["cls"], enclosed.get("actions") or {}
        self._prepare = prepare

    def __call__(self, **initkwargs: Any) -> Any:
        instance = self._cls(**initkwargs)
        self._prepare(instance)
        _empty_handlers(instance, self._actions)
        _quieten(instance)
        return instance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cls, name)


def instance_of(target: View) -> tuple[Any, Mapping[str, str] | None]:
    """Return an instance of the class of an ``as_view``, and for a viewset its actions."""
    enclosed = functions.cells(target)
    instance = enclosed["cls"](**enclosed["initkwargs"])
    actions = enclosed.get("actions")
    if actions is not None:
        if "get" in actions and "head" not in actions:  # as the view does with each request
            actions = {**actions, "head": actions["get"]}
        instance.action_map = actions
        for method, action in actions.items():
            setattr(instance, method, getattr(instance, action))
    return instance, actions


def _emptied_handler(handler: Any, instance: Any) -> View:
    if isinstance(handler, MethodType) and isinstance(handler.__func__, FunctionType):
        return MethodType(_emptied_function(handler.__func__), instance)
    return layers.with_view(handler, _noting(layers.layers(handler)[-1]))


@remembered
def _emptied_function(function: FunctionType) -> View:
    target = layers.layers(function)[-1]
    return layers.replaced(function, target, _noting(target))


def _quieten(instance: Any) -> None:
    """Have what decorates ``dispatch`` leave no trace, neither in a cache nor in a count."""
    quiet = _quiet_dispatch(type(instance).dispatch)
    if quiet is not None:
        instance.dispatch = MethodType(quiet, instance)


@remembered
def _quiet_dispatch(dispatch: Any) -> View | None:
    target = layers.layers(dispatch)[-1]
    return None if target is dispatch else layers.replaced(dispatch, target, target)
