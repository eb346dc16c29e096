"""What of ``MIDDLEWARE`` keeps people out: Django's own for logins, and those of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.utils.module_loading import import_string

from django_hardened.audit.asking import Answer, answer_of
from django_hardened.audit.emptying import arrive
from django_hardened.audit.places import is_third_party

_GATE = re.compile(r"log_?in|auth|permission|private|protect|restrict|require|staff", re.IGNORECASE)
_IDLE = ("django.", "django_hardened.")


class Gates:
    """The middleware that may answer in the place of a view, made once and asked often."""

    def __init__(self) -> None:
        self._gates = list(_gates())

    @property
    def look_at_paths(self) -> bool:
        """Whether one may answer differently for the same view under another path."""
        return not all(_is_plain(gate) for _, gate in self._gates)

    def ask(self, request: Any, view: Any, args: Any, kwargs: Any) -> tuple[str, Answer | None]:
        """Return the name of the middleware that stops ``request``, and its answer, if one does."""
        for name, gate in self._gates:
            if _is_plain(gate) and not getattr(view, "login_required", True):
                continue
            answer = answer_of(lambda: _pass(gate, request, view, args, kwargs))  # noqa: B023
            # One that fails for want of what others do is taken to let everybody in.
            if not answer.is_reached and answer.status is not None:
                return name, answer
        return "", None


def _gates() -> Iterator[tuple[str, Any]]:
    for path in map(str, settings.MIDDLEWARE):
        try:
            factory = import_string(path)
            if not _is_gate(path, factory):
                continue
            yield path.rpartition(".")[2], factory(arrive)
        except Exception:  # noqa: BLE001, S112  # Django says so when it loads it
            continue


def _is_gate(path: str, factory: Any) -> bool:
    if isinstance(factory, type) and issubclass(factory, LoginRequiredMiddleware):
        return True
    if path.startswith(_IDLE):
        return False
    return not is_third_party(factory.__module__) or bool(_GATE.search(path))


def _is_plain(gate: Any) -> bool:
    return getattr(type(gate), "process_view", None) is LoginRequiredMiddleware.process_view


def _pass(gate: Any, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
    if isinstance(gate, LoginRequiredMiddleware):
        return gate.process_view(request, view, args, kwargs) or arrive()
    process_view = getattr(gate, "process_view", None)
    if process_view is not None:
        response = process_view(request, view, args, kwargs)
        if response is not None:
            return response
    return gate(request)
