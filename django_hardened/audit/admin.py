"""The admin: who of the staff may see a page of a model, asked of its ``ModelAdmin``."""

from __future__ import annotations

from collections.abc import Sequence
from types import MethodType
from typing import Any

from django.contrib.auth import get_permission_codename

from django_hardened.audit import functions, layers

# The permissions of which one is needed, by the view of a ModelAdmin.
_NEEDED = {
    "changelist_view": ("view", "change"),
    "add_view": ("add",),
    "change_view": ("view", "change"),
    "delete_view": ("delete",),
    "history_view": ("view", "change"),
    "user_change_password": ("change",),
}
_DOORS = {
    "AdminSite.get_urls.<locals>.wrap.<locals>.wrapper",
    "ModelAdmin.get_urls.<locals>.wrap.<locals>.wrapper",
    "AdminSite.admin_view.<locals>.inner",
}
_FORMS = {"add_view", "change_view", "changelist_view", "delete_view", "user_change_password"}


def model_admin_of(chain: Sequence[Any]) -> Any:
    """Return the ``ModelAdmin`` that a view with these layers belongs to, or None."""
    owner = getattr(chain[0], "model_admin", None)
    methods = (each.__self__ for each in chain if isinstance(each, MethodType))
    return owner or next((each for each in methods if _is_model_admin(each)), None)


def _is_model_admin(owner: Any) -> bool:
    return hasattr(owner, "opts") and hasattr(owner, "admin_site")


def is_admin_view(chain: Sequence[Any]) -> bool:
    """Whether a view is one of the admin's, or was put into it."""
    if hasattr(chain[0], "admin_site") or model_admin_of(chain) is not None:
        return True
    owner = getattr(chain[-1], "__self__", None)
    return hasattr(owner, "admin_view") and hasattr(owner, "_registry")


def is_behind_the_door(chain: Sequence[Any]) -> bool:
    """Whether it is a page of an admin with Django's own door, which asks for staff.

    So is what ``get_urls`` of the site and of a ``ModelAdmin`` wraps, or gives to ``admin_view``.
    """
    door = chain[0]
    while layers.is_transparent(door):
        # What is called next, and not what the wrapper says that it wraps: that is behind the door.
        door = functions.cells(door).get("view_func")
    code = getattr(door, "__code__", None)
    if code is None or code.co_qualname not in _DOORS or not is_admin_view(chain):
        return False
    owner = functions.cells(door).get("self")
    site = getattr(owner, "admin_site", owner)
    return all(
        getattr(getattr(site, name, None), "__module__", None) == "django.contrib.admin.sites"
        for name in ("admin_view", "has_permission")
    )


def needed(chain: Sequence[Any]) -> tuple[str, ...]:
    """Return the permissions of which a user of the staff needs one."""
    model_admin = model_admin_of(chain)
    if model_admin is None:
        return ()
    options = model_admin.opts
    return tuple(
        f"{options.app_label}.{get_permission_codename(action, options)}"
        for action in _NEEDED.get(_name(chain), ())
    )


def admits_staff(chain: Sequence[Any], request: Any) -> bool:
    """Whether a user of the staff without any permission may see it."""
    model_admin = model_admin_of(chain)
    actions = _NEEDED.get(_name(chain), ())
    if model_admin is None or not actions:
        return True
    return any(getattr(model_admin, f"has_{action}_permission")(request) for action in actions)


def name_of(chain: Sequence[Any]) -> str | None:
    """Return the name of a view of a ``ModelAdmin``, which it may have from its parent."""
    model_admin = model_admin_of(chain)
    if model_admin is None or not hasattr(type(model_admin), _name(chain)):
        return None
    cls = type(model_admin)
    return f"{cls.__module__}.{cls.__qualname__}.{_name(chain)}"


def takes_submissions(chain: Sequence[Any]) -> bool:
    """Whether a view of a ``ModelAdmin`` is a form, which it may leave to its parent to read."""
    return model_admin_of(chain) is not None and _name(chain) in _FORMS


def _name(chain: Sequence[Any]) -> str:
    target = chain[-1]
    if isinstance(target, MethodType):
        target = target.__func__
    return str(getattr(target, "__name__", ""))
