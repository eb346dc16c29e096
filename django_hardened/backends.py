"""Backends that limit wrong passwords, whatever view or API asks for them.

The admin, REST framework's basic and token authentication, and every view of a project check a
password by ``django.contrib.auth.authenticate``, which asks the backends in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import backends
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.core.exceptions import PermissionDenied
from django.views.decorators.debug import sensitive_variables

from django_hardened.ratelimit.accounts import is_possible, names, only_name
from django_hardened.ratelimit.decisions import Decision, LimiterUnavailable
from django_hardened.ratelimit.logins import LIMITER, of_attempt, tell
from django_hardened.ratelimit.visits import Visit, unwrapped, visit_of


class LoginProtectionBackend:
    """Goes in front of backends of others. Lets nobody in; ends a login that is too many.

    The attempt is counted before any other backend looks at the password, and given back by
    ``RateLimitMiddleware`` if it was right. What is refused is refused for existing accounts and
    others alike, and costs no hashing. No subclass of Django's ``BaseBackend``: ``force_login``
    takes the first backend that has a ``get_user``.
    """

    @sensitive_variables()
    def authenticate(self, request: Any, **credentials: Any) -> None:
        """Count the attempt; None leaves the password to the backends that follow.

        Raises:
            PermissionDenied: there were too many, and no other backend is to be asked.
        """
        if credentials.get("password") is None:
            return
        visit, usernames = visit_of(request), names(credentials)
        try:
            decision = _decide(visit, request, usernames, credentials)
        except LimiterUnavailable:
            raise PermissionDenied from None
        if not decision.allowed:
            tell(visit.request if visit else unwrapped(request), usernames, decision)
            raise PermissionDenied
        if not is_possible(credentials):
            raise PermissionDenied

    @sensitive_variables()
    async def aauthenticate(self, request: Any, **credentials: Any) -> Any:
        """As :meth:`authenticate`, in a thread: a store may keep its caller waiting."""
        return await sync_to_async(self.authenticate)(request, **credentials)


class ModelBackend(LoginProtectionBackend, backends.ModelBackend):  # type: ignore[misc]
    """Django's, with the protection in front: an import swap.

    One backend and not two, so that ``login(request, user)`` need not be told which of them it was.
    """

    @sensitive_variables()
    def authenticate(self, request: Any, **credentials: Any) -> Any:  # type: ignore[override]
        """Return the user whose password it is, or None.

        Raises:
            PermissionDenied: there were too many wrong ones, and no other backend is to be asked.
        """
        super().authenticate(request, **credentials)
        return backends.ModelBackend.authenticate(self, request, **credentials)


def _decide(
    visit: Visit | None, request: Any, usernames: Sequence[str], credentials: Mapping[str, Any]
) -> Decision:
    if visit is not None:
        return visit.reserve(usernames, only_name(credentials), credentials["password"])
    # Nobody will tell that it was right: ask, and count when it was wrong.
    decision = LIMITER.hit_all(of_attempt(unwrapped(request), usernames))
    LIMITER.take_back(decision)
    return decision


def _keep_failure(credentials: Mapping[str, Any], request: Any = None, **kwargs: Any) -> None:
    """Keep what was reserved for a wrong password, or count it where nothing was."""
    if credentials.get("password") is None:
        return
    visit, usernames = visit_of(request), names(credentials)
    if visit is not None:
        visit.fail(usernames)
        return
    with suppress(LimiterUnavailable):  # the next attempt is denied
        LIMITER.hit_all(of_attempt(unwrapped(request), usernames))


def _note_login(request: Any = None, user: Any = None, **kwargs: Any) -> None:
    """Have the middleware leave a device cookie where somebody has logged in."""
    visit = visit_of(request)
    if visit is not None:
        visit.user = user


# When the first backend is looked for, this module is imported: before anything can fail.
user_login_failed.connect(_keep_failure, dispatch_uid="django_hardened.backends")
user_logged_in.connect(_note_login, dispatch_uid="django_hardened.backends")
