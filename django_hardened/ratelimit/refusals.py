"""What becomes of a refused request: the handler that a project has for it, or else 429."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.conf import settings
from django.http.response import HttpResponseBase
from django.urls import get_resolver, get_urlconf
from django.utils.module_loading import import_string
from django.views.defaults import permission_denied
from django_ratelimit import exceptions

from django_hardened.ratelimit.answers import detail, too_many
from django_hardened.ratelimit.decisions import Decision
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.told import tell


class Ratelimited(exceptions.Ratelimited):  # type: ignore[misc]  # django-ratelimit is untyped
    """django-ratelimit's exception, which is a ``PermissionDenied``, with what was decided.

    Attributes:
        decision: all of it.
        limits: those that refused.
        retry_after: seconds after which the same request is admitted.
    """

    def __init__(self, decision: Decision | None = None) -> None:
        self.decision = decision or Decision(())
        super().__init__(*([detail(self.decision)] if decision else []))

    @property
    def limits(self) -> tuple[Limit, ...]:
        return tuple(status.limit for status in self.decision.statuses if status.retry_after)

    @property
    def retry_after(self) -> int:
        return self.decision.retry_after


def refuse(request: Any, decision: Decision) -> HttpResponseBase:
    """Return the answer to ``request``.

    That of ``RATELIMIT_VIEW``, or of a ``handler403`` that knows :class:`Ratelimited`: one that
    answers 403 does not. Without either, 429.

    Raises:
        RATELIMIT_EXCEPTION_CLASS: if that is set.
    """
    _raise_what_is_wanted(decision)
    response = _answer_of_project(request, Ratelimited(decision)) or too_many(request, decision)
    if response.status_code == 429:
        response.headers.setdefault("Retry-After", str(decision.retry_after))
    response.headers.setdefault("Cache-Control", "no-store")
    tell(request, response)
    return response


def _raise_what_is_wanted(decision: Decision) -> None:
    wanted = getattr(settings, "RATELIMIT_EXCEPTION_CLASS", None)
    if wanted is None:
        return
    wanted = import_string(wanted) if isinstance(wanted, str) else wanted
    raise wanted(decision) if issubclass(wanted, Ratelimited) else wanted()


def _answer_of_project(request: Any, exception: Ratelimited) -> HttpResponseBase | None:
    view = getattr(settings, "RATELIMIT_VIEW", None)
    if view is not None:
        return _called(import_string(view) if isinstance(view, str) else view)(request, exception)
    handler: Any = get_resolver(get_urlconf()).resolve_error_handler(403)
    if handler is permission_denied:
        return None
    response = _called(handler)(request, exception=exception)
    return None if response.status_code == 403 else response


def _called(view: Any) -> Callable[..., HttpResponseBase]:
    """Return ``view``, to be called in a thread of its own or a sync one."""
    called: Callable[..., HttpResponseBase] = view
    return async_to_sync(view) if iscoroutinefunction(view) else called
