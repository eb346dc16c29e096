"""Throttle classes that are exact, and never admit everything by omission.

The names, scopes and ``DEFAULT_THROTTLE_RATES`` are DRF's. The counting is that of
``django_hardened.ratelimit``: never more than the rate in any window, however many processes count,
and all throttles of a view in one decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from rest_framework import throttling
from rest_framework.request import Request

from django_hardened.drf.counting import CountingThrottle, ThrottlesUnavailable
from django_hardened.ratelimit.accounts import canonical
from django_hardened.ratelimit.identity import Client, by_value
from django_hardened.ratelimit.limiter import Counted

if TYPE_CHECKING:
    # rest_framework.views imports this module: it is named in DEFAULT_THROTTLE_CLASSES.
    from rest_framework.views import APIView

__all__ = [
    "AnonRateThrottle",
    "BurstRateThrottle",
    "CountingThrottle",
    "LoginRateThrottle",
    "ScopedRateThrottle",
    "SustainedRateThrottle",
    "ThrottlesUnavailable",
    "UserRateThrottle",
]


class AnonRateThrottle(CountingThrottle, throttling.AnonRateThrottle):
    """Limits anonymous clients by their address; the rate is that of scope ``anon``."""


class UserRateThrottle(CountingThrottle, throttling.UserRateThrottle):
    """Limits users by primary key, strangers by their address; the scope is ``user``."""


class BurstRateThrottle(UserRateThrottle):
    """As :class:`UserRateThrottle`, with scope ``burst``: few, in a short time."""

    scope = "burst"


class SustainedRateThrottle(UserRateThrottle):
    """As :class:`UserRateThrottle`, with scope ``sustained``: many, in a long time."""

    scope = "sustained"


class ScopedRateThrottle(CountingThrottle, throttling.ScopedRateThrottle):
    """Limits by the ``throttle_scope`` of a view; views without one are not limited."""

    def counted(self, request: Request, view: APIView) -> list[Counted]:
        """As DRF's: the scope, and with it the rate, is known only here."""
        self.scope = getattr(view, self.scope_attr, None)
        if not self.scope:
            return []
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return super().counted(request, view)


class LoginRateThrottle(CountingThrottle):
    """Limits attempts by address, and by the account that they name; the scope is ``login``."""

    scope = "login"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Return the key of the address, also of users: they may try to be somebody else."""
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}

    def clients(self, request: Request, view: APIView) -> list[Client]:
        found = super().clients(request, view)
        if not found:
            return []
        accounts = (
            client
            for name in sorted(self.accounts(request))
            for client in by_value("account", name)
        )
        return [*found, *accounts]

    def accounts(self, request: Request) -> set[str]:
        """Return the accounts that the data names, in any of the fields that logins have."""
        try:
            data: Any = request.data
        except Exception as error:  # noqa: BLE001  # raised once the address has been counted
            self.problem = error
            return set()
        if not isinstance(data, Mapping):
            return set()
        names = {"username", "email", "login", get_user_model().USERNAME_FIELD}
        named = (data.get(name) for name in names)
        return {canonical(name) for name in named if isinstance(name, str | int)}
