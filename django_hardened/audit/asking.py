"""Asking a view whom it lets in, by calling it with nothing behind its last door."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import iscoroutine
from typing import Any

from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404

from django_hardened.audit import layers, ninja
from django_hardened.audit.emptying import Reached, arrive, emptied
from django_hardened.audit.layers import View
from django_hardened.audit.roles import no_database


@dataclass(frozen=True)
class Answer:
    """What came of asking: the view was reached, or somebody answered in its place."""

    is_reached: bool
    status: int | None = None
    location: str = ""
    is_looked_up: bool = False
    problem: str = ""


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
    innermost layer runs, but what only looks a view up, and no database is used.
    """

    def call() -> Any:
        with _patched(view):
            return _finished(emptied(view, prepare)(request, *args, **kwargs))

    return answer_of(call)


def answer_of(call: Callable[[], Any]) -> Answer:
    """Return what became of a call that may arrive, answer or fail."""
    arrive.has_happened = no_database.touched = False
    try:
        response = _finished(call())
    except Reached:
        return Answer(is_reached=True)
    except layers.OpaqueLayer as error:
        return Answer(is_reached=False, problem=f"the decorator {error} cannot be looked into")
    except Exception as error:  # noqa: BLE001  # the code of others
        if arrive.has_happened:
            return Answer(is_reached=True)
        return _failed(error, is_looked_up=no_database.touched)
    if arrive.has_happened:
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


@contextlib.contextmanager
def _patched(view: View) -> Iterator[None]:
    path_view = ninja.path_view(layers.layers(view)[-1])
    if path_view is None:
        yield
        return
    with ninja.emptied(path_view, arrive):
        yield
