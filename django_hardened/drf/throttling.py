"""Throttle classes that count atomically and never admit everything by omission.

The names, scopes and ``DEFAULT_THROTTLE_RATES`` are DRF's, the counting is django-ratelimit's: one
atomic increment in the cache, where DRF reads a list, appends, and writes it back, and loses what
others wrote in between. Windows are fixed; the counters are as shared as the ``default`` cache is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_network
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django_ratelimit.core import get_usage
from rest_framework import throttling
from rest_framework.request import Request
from rest_framework.settings import api_settings

from django_hardened.forwarded import parse_address

if TYPE_CHECKING:
    # rest_framework.views imports this module: it is named in DEFAULT_THROTTLE_CLASSES.
    from rest_framework.views import APIView

_PERIODS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
_IPV6_MASK = 64  # RFC 6177: the least that a site is given, and a host may use all of it
_RATE = re.compile(
    r"(?P<count>[0-9]+)/(?P<multiple>[1-9][0-9]*)?"
    r"(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
)


class CountingThrottle(throttling.SimpleRateThrottle):
    """DRF's ``SimpleRateThrottle`` on an atomic counter. For subclasses, like its parent."""

    num_requests: int
    duration: int  # seconds

    def get_rate(self) -> str | None:
        """Return the rate of the scope, read late: DRF captures the rates when imported."""
        rates: Mapping[str, Any] = api_settings.DEFAULT_THROTTLE_RATES
        return rates.get(str(self.scope))

    def parse_rate(self, rate: str | None) -> tuple[int, int]:
        """Return the number of requests and the period in seconds of ``"60/min"`` or ``"5/15m"``.

        Raises:
            ImproperlyConfigured: ``rate`` is None, which DRF takes for "no limit at all", or it
                cannot be read.
        """
        name = type(self).__name__
        if rate is None:
            raise ImproperlyConfigured(
                f"{name} has no rate, which would admit every request: set "
                f'REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"][{self.scope!r}], '
                "or take the class out of the view or of DEFAULT_THROTTLE_CLASSES."
            )
        # Settings hold what people write: a lazy string is a rate, a number is a slip.
        match = _RATE.fullmatch(str(rate)) if isinstance(cast(Any, rate), (str, Promise)) else None
        if match is None:
            raise ImproperlyConfigured(f"{name} has the rate {rate!r}: write e.g. '60/min'.")
        return int(match["count"]), int(match["multiple"] or 1) * _PERIODS[match["unit"][0]]

    def get_ident(self, request: Request) -> str:
        """Return the client's address; of IPv6 the /64, all of which one client may use."""
        ident = str(super().get_ident(request))
        address = parse_address(ident)
        if isinstance(address, IPv6Address):
            mask = getattr(settings, "RATELIMIT_IPV6_MASK", _IPV6_MASK)
            return str(ip_network((address, mask), strict=False))
        return str(address or ident)

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request and return whether it is within the limit."""
        ident = self.get_cache_key(request, view)
        if ident is None:
            return True
        self.usage: dict[str, Any] | None = get_usage(
            request,
            group=f"{type(self).__module__}.{self.scope}",
            key=lambda group, request: ident,
            rate=(self.num_requests, self.duration),
            increment=True,
        )
        # None: RATELIMIT_ENABLE is False, as in the test environment.
        return self.usage is None or not self.usage["should_limit"]

    def wait(self) -> float | None:
        """Return the seconds until the next window begins, for ``Retry-After``.

        The second in which a window ends is the last that counts in it.
        """
        return max(0.0, self.usage["time_left"]) + 1 if self.usage else None


class AnonRateThrottle(CountingThrottle, throttling.AnonRateThrottle):
    """Limits anonymous clients by their address; the rate is that of scope ``anon``."""


class UserRateThrottle(CountingThrottle, throttling.UserRateThrottle):
    """Limits users by primary key, strangers by their address; the scope is ``user``."""


class ScopedRateThrottle(CountingThrottle, throttling.ScopedRateThrottle):
    """Limits by the ``throttle_scope`` of a view; views without one are not limited."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """As DRF's: the scope, and with it the rate, is known only here."""
        self.scope = getattr(view, self.scope_attr, None)
        if not self.scope:
            return True
        self.num_requests, self.duration = self.parse_rate(self.get_rate())
        return CountingThrottle.allow_request(self, request, view)
