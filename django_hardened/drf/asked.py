"""A view of REST framework that is asked whom it lets in: what it says of itself then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from rest_framework.authentication import SessionAuthentication
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from django_hardened.drf.counting import CountingThrottle

_FRAMEWORKS: Final = ("rest_framework.", "adrf.")
_SESSIONS: Final = "django.contrib.auth.middleware.AuthenticationMiddleware"


def is_api_view(cls: object) -> bool:
    """Whether ``cls`` is a view of REST framework."""
    return isinstance(cls, type) and issubclass(cls, APIView)


def prepare(view: Any) -> None:
    """Have ``view`` count nothing, and raise what it would answer by its exception handler."""
    view.check_throttles = _admit
    view.perform_content_negotiation = _negotiated
    if view.handle_exception.__module__.startswith(_FRAMEWORKS):
        view.handle_exception = _raise  # one of the project's own may let people in
    make = view.initialize_request

    def initialize_request(request: Any, *args: Any, **kwargs: Any) -> Any:
        if knows_sessions(view):
            request._force_auth_user = None  # noqa: SLF001  # of REST framework's test kit
        return make(request, *args, **kwargs)

    view.initialize_request = initialize_request


def knows_sessions(view: Any) -> bool:
    """Whether a user who has logged in is recognised by the session.

    Others are forced upon the view, as ``force_authenticate`` of REST framework does it, by
    whatever it authenticates. Permissions may ask which authenticator it was.
    """
    found = _listed(view.get_authenticators, lambda each: isinstance(each, SessionAuthentication))
    return any(found) and _SESSIONS in settings.MIDDLEWARE


def _admit(request: Any) -> None:
    """Limits are no matter of who may call."""


def _negotiated(request: Any, force: bool = False) -> Any:
    return JSONRenderer(), JSONRenderer.media_type


def _raise(error: Exception) -> Any:
    raise error


def permissions(view: Any) -> tuple[str, ...]:
    """Return the permissions in force, as they are written: ``IsAuthenticated & ~IsBanned``."""
    return tuple(_listed(view.get_permissions, _written))


def authenticators(view: Any) -> tuple[str, ...]:
    """Return the names of what authenticates."""
    return tuple(_listed(view.get_authenticators, lambda each: type(each).__name__))


def throttles(view: Any) -> tuple[str, ...]:
    """Return the throttles with their rates: ``AnonRateThrottle: 100/day``."""
    return tuple(
        each for each in _listed(view.get_throttles, lambda each: _rated(each, view)) if each
    )


def checks_csrf(view: Any) -> bool:
    """Whether a request that a cookie logs in has to have a token against forgery."""
    return any(
        hasattr(each, "enforce_csrf")
        for each in _listed(view.get_authenticators, lambda each: each)
    )


def _listed(ask: Callable[[], Any], told: Callable[[Any], Any]) -> list[Any]:
    try:
        return [told(each) for each in ask()]
    except Exception:  # noqa: BLE001  # the code of others; who may call was asked before
        return []


def _written(permission: Any) -> str:
    kind = type(permission).__name__
    if kind in {"AND", "OR"} and hasattr(permission, "op2"):
        sign = "&" if kind == "AND" else "|"
        return f"({_written(permission.op1)} {sign} {_written(permission.op2)})"
    if kind == "NOT" and hasattr(permission, "op1"):
        return f"~{_written(permission.op1)}"
    return kind


def _rated(throttle: Any, view: Any) -> str:
    name = type(throttle).__name__
    scope = getattr(view, getattr(throttle, "scope_attr", ""), None)
    if hasattr(throttle, "scope_attr"):
        if not scope:
            return ""  # a ScopedRateThrottle without a scope limits nothing
        throttle.scope = scope
        rate = throttle.get_rate()
    else:
        rate = getattr(throttle, "rate", None)
    is_idle = (
        rate is None and hasattr(throttle, "rate") and not isinstance(throttle, CountingThrottle)
    )
    return "" if is_idle else f"{name}: {rate or '?'}"
