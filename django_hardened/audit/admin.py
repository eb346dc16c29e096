"""The admin: who of the staff may see a page of a model, asked of its ``ModelAdmin``."""

from __future__ import annotations

from types import MethodType
from typing import Any

from django.contrib.auth import get_permission_codename

# The permissions of which one is needed, by the view of a ModelAdmin.
_NEEDED = {
    "changelist_view": ("view", "change"),
    "add_view": ("add",),
    "change_view": ("view", "change"),
    "delete_view": ("delete",),
    "history_view": ("view", "change"),
    "user_change_password": ("change",),
}
_FORMS = {"add_view", "change_view", "changelist_view", "delete_view", "user_change_password"}


def is_admin_view(callback: Any, target: Any) -> bool:
    """Whether a view is one of the admin's, or was put into it."""
    return hasattr(callback, "admin_site") or hasattr(callback, "model_admin") or _is_site(target)


def _is_site(target: Any) -> bool:
    owner = getattr(target, "__self__", None)
    return hasattr(owner, "admin_view") and hasattr(owner, "_registry")


def needed(callback: Any, target: Any) -> tuple[str, ...]:
    """Return the permissions of which a user of the staff needs one."""
    model_admin = getattr(callback, "model_admin", None)
    actions = _NEEDED.get(_name(target), ())
    if model_admin is None:
        return ()
    options = model_admin.opts
    return tuple(
        f"{options.app_label}.{get_permission_codename(action, options)}" for action in actions
    )


def admits_staff(callback: Any, target: Any, request: Any) -> bool:
    """Whether a user of the staff without any permission may see it."""
    model_admin = getattr(callback, "model_admin", None)
    actions = _NEEDED.get(_name(target), ())
    if model_admin is None or not actions:
        return True
    return any(getattr(model_admin, f"has_{action}_permission")(request) for action in actions)


def name_of(callback: Any, target: Any) -> str | None:
    """Return the name of a view of a ``ModelAdmin``, which it may have from its parent."""
    model_admin = getattr(callback, "model_admin", None)
    if model_admin is None or not hasattr(type(model_admin), _name(target)):
        return None
    cls = type(model_admin)
    return f"{cls.__module__}.{cls.__qualname__}.{_name(target)}"


def takes_submissions(target: Any) -> bool:
    """Whether a view of a ``ModelAdmin`` is a form, which it may leave to its parent to read."""
    return _is_of_model_admin(target) and _name(target) in _FORMS


def _is_of_model_admin(target: Any) -> bool:
    owner = getattr(target, "__self__", None)
    if owner is not None:
        return hasattr(owner, "opts") and hasattr(owner, "admin_site")
    return "Admin" in str(getattr(target, "__qualname__", "")) and _name(target) in _NEEDED


def _name(target: Any) -> str:
    if isinstance(target, MethodType):
        target = target.__func__
    return str(getattr(target, "__name__", ""))
