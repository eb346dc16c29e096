"""5xx: the views that Django's ``cache_page`` stores. These take the URLconf."""

from __future__ import annotations

from functools import partial
from types import FunctionType
from typing import Any

from django.core.checks import CheckMessage
from django.middleware.cache import CacheMiddleware

from django_hardened.cache import PublicCacheMiddleware
from django_hardened.checks.api import callbacks
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.installed import is_from_a_package

_HINT = "Import cache_page from django_hardened.cache: it takes the same, and stores no such page."

W507 = Rule(
    "W507",
    "cache_page of Django is on {subject}: a page is stored before any middleware sees it, and if "
    "it shows something of a user, the next visitor gets it.",
    f"{_HINT} Or put @vary_on_cookie below it.",
    asvs="14.3.2",
    cwe=524,
)
E508 = Rule(
    "E508",
    "{subject} asks for a login below cache_page of Django: once a user has seen the page, "
    "everybody gets it, without a login.",
    _HINT,
    asvs="14.3.2",
    cwe=524,
)
RULES = (W507, E508)

_AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
# What decorators keep in their closures, a few functions each; enough for dozens of them.
_MOST_PARTS = 500
_FOLLOWED = (FunctionType, partial, list, tuple, type, CacheMiddleware)
_METHODS = ("get", "head", "list", "retrieve")


def check_cached_views(**kwargs: Any) -> list[CheckMessage]:
    if not is_present(_AUTHENTICATION):  # where nobody logs in, no page is somebody's
        return []
    cached = {_name(view): view for view in callbacks() if _is_ours(view) and _is_stored(view)}
    return [
        (E508 if _has_login_below(view) else W507).found(subject=name)
        for name, view in sorted(cached.items())
    ]


def _is_stored(view: Any) -> bool:
    found = _parts(view)
    return any(map(_is_stock, found)) and not any(map(_varies, found))


def _parts(view: Any) -> list[Any]:
    """Return what a view is made of: the functions of each decorator, and what they have kept."""
    waiting, found = [view], dict[int, Any]()
    while waiting and len(found) < _MOST_PARTS:
        part = waiting.pop()
        if id(part) not in found:
            found[id(part)] = part
            waiting += _inner(part)
    return list(found.values())


def _inner(part: Any) -> list[Any]:
    if isinstance(part, partial):
        return [part.func]
    if isinstance(part, list | tuple):  # several decorators for method_decorator
        return [entry for entry in part if isinstance(entry, FunctionType)]
    if not isinstance(part, FunctionType):
        return []
    kept = [value for value in _kept(part) if isinstance(value, _FOLLOWED)]
    return [*kept, *_methods(part)]


def _methods(view: Any) -> list[Any]:
    # Those of a viewset have names of their own.
    names = (*_METHODS, *(getattr(view, "actions", None) or {}).values())
    methods = [getattr(_class_of(view), str(name), None) for name in names]
    return [*methods, *(vars(owner)["dispatch"] for owner in _dispatchers(_class_of(view)))]


def _dispatchers(cls: type | None) -> list[type]:
    """Return the classes whose ``dispatch`` a request goes through, the first of them first."""
    return [base for base in getattr(cls, "__mro__", ()) if "dispatch" in vars(base)]


def _kept(function: FunctionType) -> list[Any]:
    """Return what ``function`` closes over; a cell may still be empty."""
    values = []
    for cell in function.__closure__ or ():
        try:
            values.append(cell.cell_contents)
        except ValueError:
            continue
    return values


def _class_of(view: Any) -> type | None:
    cls = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return cls if isinstance(cls, type) else None


def _is_stock(part: Any) -> bool:
    cls = part if isinstance(part, type) else type(part)
    return issubclass(cls, CacheMiddleware) and not issubclass(cls, PublicCacheMiddleware)


def _varies(part: Any) -> bool:
    """Whether ``part`` is what vary_on_cookie, or vary_on_headers("Cookie"), made of a view."""
    if not isinstance(part, FunctionType):
        return False
    if part.__globals__.get("__name__") != "django.views.decorators.vary":
        return False
    headers = [value for kept in _kept(part) if isinstance(kept, tuple) for value in kept]
    return "cookie" in {str(header).lower() for header in headers}


def _has_login_below(view: Any) -> bool:
    """Whether the login that ``view`` asks for is asked for by what is stored."""
    stored = [part.get_response for part in _parts(view) if isinstance(part, CacheMiddleware)]
    return any(map(_asks_for_login, stored)) or _is_stored_with_login(_class_of(view))


def _asks_for_login(view: Any) -> bool:
    # What login_required leaves on a function; or the class behind a view.
    return hasattr(view, "redirect_field_name") or _has_login(_class_of(view))


def _is_stored_with_login(cls: type | None) -> bool:
    """Whether cache_page is on a ``dispatch`` that goes on to ask for a login."""
    return any(
        _has_login(owner) and any(map(_is_stock, _parts(vars(owner)["dispatch"])))
        for owner in _dispatchers(cls)
    )


def _has_login(cls: type | None) -> bool:
    return hasattr(cls, "handle_no_permission")  # as AccessMixin, which needs the apps, has it


def _is_ours(view: Any) -> bool:
    """Whether ``view`` is the project's: the catalogue of Django's translations is for all."""
    module = str(getattr(_class_of(view) or view, "__module__", ""))
    return not (module.startswith("django.") or is_from_a_package(module))


def _name(view: Any) -> str:
    named = _class_of(view) or view
    named = named if hasattr(named, "__qualname__") else type(named)
    return f"{named.__module__}.{named.__qualname__}"


CHECKS = (check_cached_views,)
