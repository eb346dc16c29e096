"""How long a login lasts: idle, at most, and where somebody asks to be remembered.

A session holds when its login began and when it was last used. Both count only for a session with
a user in it, and are looked at when something asks who the user is: a page that does not ask stays
what it is, for caches too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import time
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

STARTED: Final = "_hardened_started"
SEEN: Final = "_hardened_seen"
REMEMBERED: Final = "_hardened_remembered"
# NIST SP 800-63B, revision 4, section 2.1.3: at AAL1, authenticate again after 30 days.
REMEMBER_SECONDS: Final = 30 * 24 * 60 * 60
# Last use is noted this often in an idle time-out: each note is a write of the session.
_NOTES: Final = 10
_SECRET_NAME: Final = re.compile(
    r"passw|secret|token|credential|(?:api|private|access)_?key|\botp\b|cvv|iban|card_?number",
    re.IGNORECASE,
)
_SECRET_VALUE: Final = re.compile(r"-----BEGIN|eyJ[\w-]+\.[\w-]+\.|sk_live_|gh[pousr]_|AKIA")


@dataclass(frozen=True)
class Lifetime:
    """How long logins last, in seconds.

    Attributes:
        idle: without a request; 0 for as long as the login itself.
        absolute: from login on, whatever happens.
    """

    idle: int
    absolute: int

    @classmethod
    def of_settings(cls) -> Lifetime:
        """Return what ``HARDENED_SESSION_IDLE`` and ``HARDENED_SESSION_ABSOLUTE`` say.

        Without the second, ``SESSION_COOKIE_AGE``.

        Raises:
            ImproperlyConfigured: one is no number of seconds.
        """
        idle = getattr(settings, "HARDENED_SESSION_IDLE", None) or 0
        absolute = getattr(settings, "HARDENED_SESSION_ABSOLUTE", None)
        absolute = settings.SESSION_COOKIE_AGE if absolute is None else absolute
        for name, value in (("IDLE", idle), ("ABSOLUTE", absolute)):
            if type(value) is not int or value < (name == "ABSOLUTE"):
                raise ImproperlyConfigured(f"HARDENED_SESSION_{name} is no number of seconds")
        return cls(idle, absolute)

    def is_over(self, session: Mapping[str, Any], now: float) -> bool:
        """Whether a login with the values of ``session`` has lasted long enough.

        One without times is of before this was asked; they begin with its next response.
        """
        remembered = session.get(REMEMBERED)
        started, seen = session.get(STARTED), session.get(SEEN)
        if started is not None and now - started >= (remembered or self.absolute):
            return True
        return bool(self.idle and not remembered and seen is not None and now - seen >= self.idle)

    def is_due(self, session: Mapping[str, Any], now: float) -> bool:
        """Whether the last use is to be noted anew."""
        if session.get(STARTED) is None:
            return True
        seen = session.get(SEEN)
        # Also where it lies ahead, because a clock was wrong.
        return bool(self.idle) and (seen is None or abs(now - seen) >= self.idle / _NOTES)


def note_login(request: HttpRequest | None, **kwargs: object) -> None:
    """Begin the times of a login; connected to Django's ``user_logged_in``."""
    session = getattr(request, "session", None)
    if session is not None:
        session[STARTED] = session[SEEN] = int(time())
        if session.pop(REMEMBERED, None) is not None:
            session.set_expiry(None)


def note_use(session: Any, now: float) -> None:
    """Note in ``session`` that it is in use."""
    session.setdefault(STARTED, int(now))
    session[SEEN] = int(now)


def remember_me(request: HttpRequest, seconds: int = REMEMBER_SECONDS) -> None:
    """Let the login of ``request`` last for ``seconds``, used or not, also when the browser ends.

    To be called after ``login()``, where the visitor has asked for it.
    """
    request.session.set_expiry(seconds)
    request.session[REMEMBERED] = seconds


def log_out_everywhere(user: Any, *, but: HttpRequest | None = None) -> int:
    """End the sessions of ``user`` on all devices; return how many there were.

    It reads every session that has not expired: of the engines, only those in a database can list
    them. With any engine, a changed password does the same.

    Args:
        user: whose.
        but: a request whose own session goes on.

    Raises:
        ImproperlyConfigured: ``SESSION_ENGINE`` cannot list its sessions.
    """
    store: type[SessionBase] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    get_model = getattr(store, "get_model_class", None)
    if get_model is None:
        raise ImproperlyConfigured(
            f"{settings.SESSION_ENGINE} cannot list its sessions: use that of a database, or let "
            "the user change the password"
        )
    kept = but.session.session_key if but is not None else None
    key = user._meta.pk.value_to_string(user)  # noqa: SLF001  # as login() writes it
    model = get_model()
    current = model.objects.filter(expire_date__gt=timezone.now()).exclude(session_key=kept)
    keys = [
        row.session_key for row in current.iterator() if row.get_decoded().get(SESSION_KEY) == key
    ]
    for session_key in keys:
        store(session_key).delete()  # from its cache as well, where it has one
    return len(keys)


async def alog_out_everywhere(user: Any, *, but: HttpRequest | None = None) -> int:
    """Do what :func:`log_out_everywhere` does, in async code."""
    return await sync_to_async(log_out_everywhere)(user, but=but)


def secret_names(session: Mapping[str, Any]) -> list[str]:
    """Return the names in ``session`` that look like those of secrets, or hold one.

    A signed cookie is no hiding place: whoever has it reads it. Django's own names begin with "_".
    """
    return [
        str(name)
        for name, value in session.items()
        if not str(name).startswith("_")
        and (_SECRET_NAME.search(str(name)) or _SECRET_VALUE.match(str(value)[:100]))
    ]
