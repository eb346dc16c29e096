"""The base of the throttle classes, and the one decision that all of a view's share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from rest_framework import throttling
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.settings import api_settings

from django_hardened.ratelimit.answers import UNAVAILABLE_SECONDS
from django_hardened.ratelimit.decisions import LimiterUnavailable, Status
from django_hardened.ratelimit.identity import Client, by_address, by_user, by_value
from django_hardened.ratelimit.limiter import Counted, Limiter
from django_hardened.ratelimit.rates import InvalidRate, Limit
from django_hardened.ratelimit.told import remember, standing

if TYPE_CHECKING:
    # rest_framework.views imports this module: it is named in DEFAULT_THROTTLE_CLASSES.
    from rest_framework.views import APIView

_DECIDED = "_hardened_throttles"
_KEYS_BY_IDENTITY = (
    throttling.AnonRateThrottle.get_cache_key,
    throttling.UserRateThrottle.get_cache_key,
    throttling.ScopedRateThrottle.get_cache_key,
)
_limit = lru_cache(maxsize=256)(Limit)  # they are those of the code and the settings


class ThrottlesUnavailable(APIException):
    """Nothing can be counted, and the policy is to deny: 503, with ``Retry-After``."""

    status_code = 503
    default_detail = "Service unavailable."
    default_code = "unavailable"
    wait = UNAVAILABLE_SECONDS


class CountingThrottle(throttling.SimpleRateThrottle):
    """DRF's ``SimpleRateThrottle`` on exact counts. For subclasses, like its parent.

    Attributes:
        statuses: how the limits stand that this one asked about.
        problem: what kept it from seeing who is counted, to be raised if the request is admitted.
    """

    num_requests: int
    duration: int  # seconds
    statuses: tuple[Status, ...] = ()
    problem: Exception | None = None

    def get_rate(self) -> str | None:
        """Return the rate of the scope, read late: DRF captures the rates when imported."""
        own = self.THROTTLE_RATES
        is_own = own is not throttling.SimpleRateThrottle.THROTTLE_RATES
        rates: Any = own if is_own else api_settings.DEFAULT_THROTTLE_RATES
        return rates.get(str(self.scope)) if isinstance(rates, Mapping) else None

    def parse_rate(self, rate: object) -> tuple[int, int]:
        """Return the number of requests and the seconds of ``"60/min"`` or ``"5/15m"``.

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
        try:
            limit = Limit.parse(rate)
        except InvalidRate as error:
            raise ImproperlyConfigured(
                f"{name} has the rate {rate!r}: write e.g. '60/min'."
            ) from error
        return limit.amount, limit.seconds

    def get_ident(self, request: Request) -> str:
        """Return the client's address, never a forwarded one; of IPv6 the /64, which one has."""
        return by_address(request.META.get("REMOTE_ADDR"))[0].parts[-1]

    def clients(self, request: Request, view: APIView) -> list[Client]:
        """Return who is counted; nobody where ``get_cache_key`` returns None."""
        key = self.get_cache_key(request, view)
        if key is None:
            return []
        if type(self).get_ident is not CountingThrottle.get_ident:
            return by_value("key", key)
        networks = by_address(request.META.get("REMOTE_ADDR"))
        if type(self).get_cache_key in _KEYS_BY_IDENTITY:
            user: Any = request.user
            primary_key = user.pk if user and user.is_authenticated else None
            return networks if primary_key is None else by_user(primary_key)
        ident = networks[0].parts[-1]
        if ident not in str(key):
            return by_value("key", key)
        # A key of the project's with an address in it: the wider networks have theirs.
        return [
            Client(("key", str(key).replace(ident, network.parts[-1])), network.multiple)
            for network in networks
        ]

    def counted(self, request: Request, view: APIView) -> list[Counted]:
        """Return who is counted, and against which limit."""
        clients = self.clients(request, view)
        limit = _limit(self.num_requests, self.duration, str(self.scope or type(self).__name__))
        return [(Client(("api", *c.parts), c.multiple), limit) for c in clients]

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request, with the view's other throttles, and return whether this one may.

        A class that overrides this method is decided on its own, when it asks.
        """
        vars(self).update(vars(_decided(self, request, view)))
        if self.wait() is not None:
            return self.throttle_failure()
        if self.problem is not None:
            raise self.problem
        return self.throttle_success()

    def throttle_success(self) -> bool:
        """Return True: it has been counted."""
        return True

    def wait(self) -> float | None:
        """Return the whole seconds after which the request is admitted; None if it was."""
        return max((status.retry_after for status in self.statuses), default=0) or None


def _decided(throttle: CountingThrottle, request: Request, view: APIView) -> CountingThrottle:
    """Return ``throttle``, or the one that stood for it in the decision about the view."""
    if _is_decided_together(throttle):
        waiting = vars(request).get(_DECIDED)
        if waiting is None:
            waiting = _throttles_of(view)
            if type(throttle) in map(type, waiting):
                _decide(waiting, request, view)
                vars(request)[_DECIDED] = waiting
            else:
                waiting = []  # asked by hand
        for other in waiting:
            if type(other) is type(throttle):
                waiting.remove(other)
                return other
    _decide([throttle], request, view)
    return throttle


def _is_decided_together(throttle: object) -> bool:
    return getattr(type(throttle), "allow_request", None) is CountingThrottle.allow_request


def _throttles_of(view: Any) -> list[CountingThrottle]:
    throttles = view.get_throttles() if hasattr(view, "get_throttles") else []
    return [throttle for throttle in throttles if _is_decided_together(throttle)]


def _decide(throttles: Sequence[CountingThrottle], request: Request, view: APIView) -> None:
    """Ask about ``throttles`` at once, and tell them, and the client, what became of it."""
    pairs = [throttle.counted(request, view) for throttle in throttles]
    asked = list(dict.fromkeys(chain.from_iterable(pairs)))
    headers: dict[str, str] = getattr(view, "headers", {})
    try:
        decision = Limiter().hit_all(asked)
    except LimiterUnavailable as error:
        headers["Cache-Control"] = "no-store"
        raise ThrottlesUnavailable from error
    # None of them has a status where limits are switched off.
    statuses = dict(zip(asked, decision.statuses, strict=False))
    for throttle, own in zip(throttles, pairs, strict=True):
        throttle.statuses = tuple(statuses[pair] for pair in own if pair in statuses)
        throttle.problem = throttle.problem if decision.allowed else None
    remember(request, decision)
    headers.update(standing(request))
    if not decision.allowed:
        headers["Cache-Control"] = "no-store"
