"""Asking a view whom it lets in: it is called with nothing behind its last door.

Decorators, ``dispatch`` and permissions run as they do for a request. What they let through
arrives at a function that only notes it, in the place of the view's own code.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial, update_wrapper
from inspect import iscoroutine
from types import FunctionType, MethodType
from typing import Any, cast

from asgiref.sync import async_to_sync
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404

from django_hardened.audit import functions, layers, ninja, tables
from django_hardened.audit.layers import View
from django_hardened.audit.memos import remembered
from django_hardened.audit.methods import has_own
from django_hardened.audit.roles import no_database


class Reached(BaseException):
    """The call came to where the view's own code would have run."""


@dataclass(frozen=True)
class Answer:
    """What came of asking: the view was reached, or somebody answered in its place."""

    is_reached: bool
    status: int | None = None
    location: str = ""
    is_looked_up: bool = False
    problem: str = ""


class _Sentinel:
    def __init__(self) -> None:
        self.is_reached = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.is_reached = True
        raise Reached


_sentinel = _Sentinel()


def arrive(*args: Any, **kwargs: Any) -> Any:
    """Note that a call came through; for the place of what is not to run."""
    return _sentinel()


def ask(
    view: View,
    request: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    prepare: Callable[[Any], None] = lambda instance: None,
) -> Answer:
    """Call ``view`` with ``request`` and tell what happened.

    ``prepare`` may take from an instance of a class what is not about access. No code of the
    innermost layer runs, and no database is used.
    """

    def call() -> Any:
        with _patched(view):
            return _finished(emptied(view, prepare)(request, *args, **kwargs))

    return answer_of(call)


def answer_of(call: Callable[[], Any]) -> Answer:
    """Return what became of a call that may arrive, answer or fail."""
    _sentinel.is_reached = no_database.touched = False
    try:
        response = _finished(call())
    except Reached:
        return Answer(is_reached=True)
    except layers.OpaqueLayer as error:
        return Answer(is_reached=False, problem=f"the decorator {error} cannot be looked into")
    except Exception as error:  # noqa: BLE001  # the code of others
        if _sentinel.is_reached:
            return Answer(is_reached=True)
        return _failed(error, is_looked_up=no_database.touched)
    if _sentinel.is_reached:
        return Answer(is_reached=True)
    status = getattr(response, "status_code", None)
    location = response.get("Location", "") if hasattr(response, "headers") else ""
    problem = "" if status else "it answers with no response"
    return Answer(
        is_reached=False,
        status=status,
        location=str(location),
        is_looked_up=no_database.touched,
        problem=problem,
    )


def _finished(response: Any) -> Any:
    return async_to_sync(partial(_awaited, response))() if iscoroutine(response) else response


async def _awaited(coroutine: Any) -> Any:
    return await coroutine


def _failed(error: Exception, *, is_looked_up: bool) -> Answer:
    status = getattr(error, "status_code", None)
    if isinstance(error, PermissionDenied):
        status = 403
    elif isinstance(error, Http404):
        status = 404
    elif isinstance(error, SuspiciousOperation):
        status = 400
    if isinstance(status, int):
        return Answer(is_reached=False, status=status, is_looked_up=is_looked_up)
    problem = "it asks a database" if is_looked_up else f"{type(error).__name__} when asked"
    return Answer(is_reached=False, is_looked_up=is_looked_up, problem=problem)


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
    if tables.table_of(target):
        in_its_place = tables.with_table(target, lambda each: emptied(each, prepare))
        return layers.with_view(view, in_its_place)
    return layers.with_view(view, _noting(target))


@remembered
def _noting(target: Any) -> View:
    """Return what notes that it was called, and has the marks of ``target``."""

    def reached(*args: Any, **kwargs: Any) -> Any:
        return _sentinel(*args, **kwargs)

    update_wrapper(reached, target)
    del reached.__wrapped__  # type: ignore[attr-defined]
    return reached


def _run_class(
    target: Any, prepare: Callable[[Any], None], request: Any, *args: Any, **kwargs: Any
) -> Any:
    """Do what ``as_view`` does, with a handler that only notes that it was called."""
    instance, actions = instance_of(target)
    if type(instance).dispatch is PasswordResetConfirmView.dispatch:
        return _sentinel()  # it looks up whom the link is for, and lets in whoever has the link
    if actions is None:
        instance.setup(request, *args, **kwargs)
    else:
        instance.request, instance.args, instance.kwargs = request, args, kwargs
    prepare(instance)
    method = request.method.lower()
    names = {method, (actions or {}).get(method, method)}
    if has_own(instance, "dispatch"):  # which may call any of them
        names |= {*map(str.lower, instance.http_method_names), *(actions or {}).values()}
    _empty_handlers(instance, names)
    _quieten(instance)
    return instance.dispatch(request, *args, **kwargs)


def _empty_handlers(instance: Any, names: set[str]) -> None:
    """Put what only notes that it was called in the place of these methods."""
    empty: dict[Any, Any] = {}
    for name in names:
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
        names = {*map(str.lower, instance.http_method_names), *self._actions.values()}
        _empty_handlers(instance, names)
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


@contextlib.contextmanager
def _patched(view: View) -> Iterator[None]:
    path_view = ninja.path_view(layers.layers(view)[-1])
    if path_view is None:
        yield
        return
    with ninja.emptied(path_view, _sentinel):
        yield
