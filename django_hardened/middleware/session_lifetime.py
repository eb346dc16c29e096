"""``SessionLifetimeMiddleware``: a login that is over is nobody's, before anybody has asked."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from functools import partial
from time import time
from typing import Any, Final, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import LazyObject, SimpleLazyObject, empty

from django_hardened.log_once import LogOnce
from django_hardened.middleware.base import GetResponse, Middleware
from django_hardened.sessions import Lifetime, note_use, secret_names

_SIGNED_COOKIES: Final = "django.contrib.sessions.backends.signed_cookies"
_ASKED: Final = "_hardened_asked_for_user"
_secrets = LogOnce()


class SessionLifetimeMiddleware(Middleware):
    """End logins that are idle for too long, or have lasted long enough.

    It belongs right below AuthenticationMiddleware, and looks at a session only when something
    asks for the user. Who is logged out this way has an empty session, as after ``logout()``.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        Lifetime.of_settings()  # what cannot be used stops the start

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        _watch(request)
        if self.async_mode:
            return self.__acall__(request)
        response = cast(HttpResponseBase, self.get_response(request))
        if (key := _to_be_noted(request)) is not None:
            _note(type(request.session)(key))
        _name_secrets(request)
        return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
        if (key := _to_be_noted(request)) is not None:
            await _anote(type(request.session)(key))
        _name_secrets(request)
        return response


def _watch(request: HttpRequest) -> None:
    """Put a question of ours in front of those for the user."""
    known = vars(request)
    if "user" in known and "session" in known:
        request.user = cast(Any, SimpleLazyObject(partial(_user, request, known["user"])))
    if "auser" in known and "session" in known:
        request.auser = partial(_auser, request, known["auser"])


def _nobody() -> Any:
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415  # needs the app

    return AnonymousUser()


def _user(request: HttpRequest, user: Any) -> Any:
    vars(request)[_ASKED] = True
    if SESSION_KEY in request.session and _is_over(request.session):
        request.session.flush()
        return _nobody()
    if isinstance(user, LazyObject):
        if user._wrapped is empty:  # noqa: SLF001
            user._setup()  # noqa: SLF001  # itself, and not one lazy object in another
        return user._wrapped  # noqa: SLF001
    return user


async def _auser(request: HttpRequest, auser: Any) -> Any:
    vars(request)[_ASKED] = True
    # The first question loads the session, if it is to be loaded; the others are answered by it.
    if await request.session.aget(SESSION_KEY) is not None and _is_over(request.session):
        await request.session.aflush()
        return _nobody()
    return await auser()


def _is_over(session: Any) -> bool:
    return Lifetime.of_settings().is_over(session, time())


def _to_be_noted(request: HttpRequest) -> str | None:
    """Return the key of a session whose use is to be noted, if somebody has asked whose it is.

    Another look at the session is no use: it would revive a login that is over. What is written
    anyway, or stands in the cookie, is noted here, and None returned.
    """
    session: Any = vars(request).get("session")
    if session is None or _ASKED not in vars(request):
        return None
    values = getattr(session, "_session_cache", None) or {}
    now = time()
    if SESSION_KEY not in values or not Lifetime.of_settings().is_due(values, now):
        return None
    if session.modified or settings.SESSION_ENGINE == _SIGNED_COOKIES:
        note_use(session, now)
        return None
    return cast("str | None", session.session_key)


def _note(session: Any) -> None:
    """Note the use in a session as it is now, and not as it was before a view that took long.

    Else what others have written meanwhile would be lost, and a log-out be an error.
    """
    if SESSION_KEY in session:
        note_use(session, time())
        with suppress(UpdateError):  # logged out this very moment
            session.save()


async def _anote(session: Any) -> None:
    if await session.aget(SESSION_KEY) is not None:
        note_use(session, time())
        with suppress(UpdateError):
            await session.asave()


def _name_secrets(request: HttpRequest) -> None:
    session = vars(request).get("session")
    if session is None or not session.modified or settings.SESSION_ENGINE != _SIGNED_COOKIES:
        return
    for name in secret_names(getattr(session, "_session_cache", None) or {}):
        _secrets.warning(
            "django_hardened.sessions",
            name,
            "The session holds %r, which looks like a secret: a signed cookie can be read by "
            "whoever has it. Keep it in another SESSION_ENGINE.",
            name[:100],
        )
