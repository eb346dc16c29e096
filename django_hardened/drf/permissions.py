"""Permission classes that are closed until something is said.

With REST framework's own operators (``&``, ``|``, ``~``), on sync and async views.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from rest_framework import permissions
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from django_hardened.api_keys.verified import VerifiedKey
from django_hardened.public import public, public_reason

__all__ = [
    "DenyByDefault",
    "DjangoModelPermissions",
    "DjangoObjectPermissions",
    "HasScope",
    "IsAuthenticated",
    "SessionOrHasScope",
    "anybody",
    "public",
    "public_reason",
]


class DenyByDefault(permissions.BasePermission):
    """Refuses everybody; for ``DEFAULT_PERMISSION_CLASSES``.

    A view that declares nothing is closed, also to those who have logged in. To open one, give it
    ``permission_classes``, or mark it with ``public(reason=...)``.
    """

    message = "This view does not say who may call it."

    def has_permission(self, request: Request, view: Any) -> bool:
        return False

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        return False


class IsAuthenticated(permissions.IsAuthenticated):
    """REST framework's, and the user has to be active, whoever has recognised them."""

    def has_permission(self, request: Request, view: Any) -> bool:
        # Users that are not of a model may know nothing of being active.
        return super().has_permission(request, view) and getattr(request.user, "is_active", True)


_READING = {method: ["%(app_label)s.view_%(model_name)s"] for method in ("GET", "OPTIONS", "HEAD")}


class DjangoModelPermissions(permissions.DjangoModelPermissions):
    """REST framework's, which lets every user read; here it takes the ``view`` permission."""

    perms_map = permissions.DjangoModelPermissions.perms_map | _READING


class DjangoObjectPermissions(permissions.DjangoObjectPermissions):
    """As :class:`DjangoModelPermissions`, and for each object as well.

    It takes a backend that has permissions for objects, such as django-guardian's: to Django's own
    nobody but a superuser has any.
    """

    perms_map = permissions.DjangoObjectPermissions.perms_map | _READING


class _NotNegated(permissions.BasePermissionMetaclass):
    def __invert__(self) -> Any:
        raise TypeError(
            f"~{self.__name__} would admit everybody who has no such key, strangers included: say "
            "who may call the view instead"
        )


class HasScope(permissions.BasePermission, metaclass=_NotNegated):
    """Admits API keys that have every scope in ``required_scopes`` of the view, and nobody else.

    ``required_scopes`` is a list, or a dictionary of lists by method; ``HEAD`` and ``OPTIONS`` take
    what ``GET`` does unless they are named. A method that is missing, a view without the attribute
    and what is no collection admit nobody. ``[]`` admits every key. ``~HasScope`` is a TypeError.
    """

    message = "The API key does not have the scope that this takes."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, VerifiedKey):
            return False
        required = self.required_scopes(request, view)
        return required is not None and request.auth.scopes.issuperset(required)

    def required_scopes(self, request: Request, view: Any) -> Collection[str] | None:
        """Return the scopes that the request takes, or None where nobody has said so."""
        declared = getattr(view, "required_scopes", None)
        method = str(request.method)
        if isinstance(declared, Mapping):
            safe = declared.get("GET") if method in ("HEAD", "OPTIONS") else None
            declared = declared.get(method, safe)
        if isinstance(declared, str):
            return [declared]
        # An iterator would be empty from the second request on, and then admit every key.
        return declared if isinstance(declared, Collection) else None


class SessionOrHasScope(HasScope):
    """As :class:`HasScope`, but users with a session of their own need no scope."""

    def has_permission(self, request: Request, view: Any) -> bool:
        by_session = isinstance(request.successful_authenticator, SessionAuthentication)
        if by_session and request.user.is_authenticated:
            return bool(request.user.is_active)
        return super().has_permission(request, view)


@cache
def anybody(reason: str) -> type[permissions.AllowAny]:
    """Return ``AllowAny`` with ``public_reason``: what :func:`public` gives a view."""
    return type("Public", (permissions.AllowAny,), {"public_reason": reason})
