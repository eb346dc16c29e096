"""What Django REST framework really does here: its effective defaults, and who relies on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.authentication import BasicAuthentication
from rest_framework.permissions import OR, AllowAny, OperandHolder
from rest_framework.routers import APIRootView
from rest_framework.settings import api_settings
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from django_hardened.drf.throttling import CountingThrottle


def default_permissions_are_open() -> bool:
    """Whether ``DEFAULT_PERMISSION_CLASSES`` lets anybody in. No class at all does."""
    return all(_admits_anybody(cls) for cls in _classes("DEFAULT_PERMISSION_CLASSES"))


def _admits_anybody(permission: Any) -> bool:
    """Whether a permission class, or a composition with ``&`` and ``|``, refuses nobody."""
    if isinstance(permission, OperandHolder):
        operands = (_admits_anybody(permission.op1_class), _admits_anybody(permission.op2_class))
        return any(operands) if cast(Any, permission).operator_class is OR else all(operands)
    return _is(permission, AllowAny)


def basic_authentication_is_default() -> bool:
    """Whether a password may be sent, and guessed, with each request."""
    return any(_is(cls, BasicAuthentication) for cls in _classes("DEFAULT_AUTHENTICATION_CLASSES"))


def has_default_throttles() -> bool:
    """Whether ``DEFAULT_THROTTLE_CLASSES`` names any class."""
    return bool(_classes("DEFAULT_THROTTLE_CLASSES"))


def default_throttles_without_rate() -> list[str]:
    """Return the scopes of default throttle classes whose rate is None or missing.

    With None, DRF admits every request without a word; ScopedRateThrottle takes its scope from
    the view and is not a matter of defaults.
    """
    rates = api_settings.DEFAULT_THROTTLE_RATES or {}
    return [
        str(cls.scope)
        for cls in _classes("DEFAULT_THROTTLE_CLASSES")
        if _takes_default_rate(cls) and rates.get(cls.scope) is None
    ]


def _takes_default_rate(cls: Any) -> bool:
    """Whether the rate comes from ``DEFAULT_THROTTLE_RATES``, and not from the class itself."""
    if not _is(cls, SimpleRateThrottle) or _is(cls, ScopedRateThrottle):
        return False
    if getattr(cls, "rate", None):
        return False
    own_rates = cls.THROTTLE_RATES is not SimpleRateThrottle.THROTTLE_RATES
    return cls.get_rate is CountingThrottle.get_rate or (
        cls.get_rate is SimpleRateThrottle.get_rate and not own_rates
    )


def _classes(name: str) -> tuple[Any, ...]:
    """Return what DRF has imported for its setting: classes, or compositions of permissions."""
    return tuple(getattr(api_settings, name))


def _is(cls: Any, base: type) -> bool:
    return isinstance(cls, type) and issubclass(cls, base)


def views_with_default_permissions() -> list[str]:
    """Return the dotted names of API views in the URLconf that say nothing of their own."""
    return sorted(
        {
            _name(view.cls)
            for view in api_views()
            if not _is(view.cls, APIRootView)  # a router's list of what is there
            and "permission_classes" not in view.initkwargs
            and view.cls.permission_classes is APIView.permission_classes
            and view.cls.get_permissions is APIView.get_permissions
        }
    )


def _name(cls: type) -> str:
    """Return the dotted name; ``@api_view`` names the class, but not its path, by the function."""
    name = cls.__qualname__ if cls.__qualname__.endswith(cls.__name__) else cls.__name__
    return f"{cls.__module__}.{name}"


def api_views() -> Iterator[Any]:
    """Yield the view functions that DRF's ``as_view`` made, in the order of the URLconf."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return iter(())
    return _api_views(get_resolver().url_patterns)


def _api_views(patterns: list[URLPattern | URLResolver]) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _api_views(pattern.url_patterns)
        elif _is_api_view(pattern.callback):
            yield pattern.callback


def _is_api_view(callback: Any) -> bool:
    return _is(getattr(callback, "cls", None), APIView)
