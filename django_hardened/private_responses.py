"""What a shared cache must not keep: the answers to requests that say who sends them.

Whether a request is somebody's is found out without asking: reading ``request.user`` would load
the session, and give each response a ``Vary: Cookie`` that its content does not call for.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.functional import LazyObject, empty

from django_hardened.cache_control import FOR_ONE, directives, is_for_others

# How long it is fresh, and where; not for whom it is.
_ABOUT_STORING = frozenset({"private", "no-store", "no-cache", "max-age"})


def mark_private(request: HttpRequest, response: HttpResponseBase) -> None:
    """Keep ``response`` from every shared cache, ours included, if it is for one person.

    Unless the view has said ``public`` or ``s-maxage``. What it says of its freshness stays, for
    the browser; where it says nothing, no cache at all keeps it.
    """
    said = directives(response.headers.get("Cache-Control", ""))
    if is_for_others(said):
        return
    if is_private(request) or (_is_unfinished(response) and _may_be_private(request)):
        # What Django's cache middleware asks; releases differ in the directives that they obey.
        request._cache_update_cache = False  # type: ignore[attr-defined]  # noqa: SLF001
        if said.isdisjoint(_ABOUT_STORING):
            patch_cache_control(response, private=True, no_store=True)
        elif said.isdisjoint(FOR_ONE):
            patch_cache_control(response, private=True)


def is_private(request: HttpRequest) -> bool:
    """Whether ``request`` has credentials in its header, or was found to be somebody's.

    A session that nobody has looked at tells nothing about the response, and stays unread.
    """
    # The request of REST framework, which a method of a view is given, holds Django's.
    request = getattr(request, "_request", request)
    return bool(request.META.get("HTTP_AUTHORIZATION")) or has_user(request)


def has_user(request: HttpRequest) -> bool:
    """Whether ``request`` was found to be somebody's, by its session or by its credentials."""
    known = vars(request)
    # REST framework sets ``user`` to its own; what a middleware has found before stays in the
    # others, of which one is for sync and one for async code.
    users = (known.get("user"), known.get("_cached_user"), known.get("_acached_user"))
    return any(_is_authenticated(user) for user in users) or _has_login(known.get("session"))


def _is_authenticated(user: object) -> bool:
    if isinstance(user, LazyObject) and user._wrapped is empty:  # noqa: SLF001  # no other way
        return False
    return bool(getattr(user, "is_authenticated", False))


def _has_login(session: object) -> bool:
    """Whether the session was looked at, and is that of somebody who has logged in."""
    if not getattr(session, "accessed", False):
        return False
    return SESSION_KEY in (getattr(session, "_session_cache", None) or ())


def _is_unfinished(response: HttpResponseBase) -> bool:
    """Whether code still runs to make the body, which may yet ask who the user is."""
    return response.streaming and not isinstance(response, FileResponse)


def _may_be_private(request: HttpRequest) -> bool:
    return settings.SESSION_COOKIE_NAME in request.COOKIES
