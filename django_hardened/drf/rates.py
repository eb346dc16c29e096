"""What a throttle class of REST framework will really do, asked without making one work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.throttling import BaseThrottle, ScopedRateThrottle, SimpleRateThrottle

from django_hardened.drf import effective


def rate_problem(throttle: type, scope: Any = None) -> str | None:
    """Say what is wrong with the rate of a throttle: "missing", "unreadable", or None.

    ScopedRateThrottle takes its ``scope`` from the view, and without one it limits nobody; a class
    that computes its rate is its own affair.
    """
    if not issubclass(throttle, SimpleRateThrottle) or (is_scoped(throttle) and not scope):
        return None
    libraries = ("rest_framework.", "django_hardened.")
    if not throttle.get_rate.__module__.startswith(libraries) or isinstance(
        getattr(throttle, "rate", None), property
    ):
        return None
    rate = rate_of(throttle, scope)
    if rate is None:
        return "missing"
    try:
        # Settings hold what people write: a lazy string is a rate, a number is a slip.
        written: Any = rate if isinstance(rate, tuple) else str(rate)
        throttle.parse_rate(throttle.__new__(throttle), written)
    except Exception:  # noqa: BLE001  # whatever it raises, it would on each request
        return "unreadable"
    return None


def is_scoped(throttle: type) -> bool:
    """Whether the scope of ``throttle`` is that of the view."""
    return issubclass(throttle, ScopedRateThrottle)


def scope_of(throttle: type, value: Callable[[str], Any]) -> Any:
    """Return the scope of ``throttle`` on a view whose attributes ``value`` returns."""
    if issubclass(throttle, ScopedRateThrottle):
        return value(throttle.scope_attr)
    return getattr(throttle, "scope", None)


def rate_of(throttle: type[SimpleRateThrottle], scope: Any = None) -> Any:
    """Return the rate in effect, read late: DRF captures the rates when imported."""
    own = getattr(throttle, "rate", None)
    if own and not is_scoped(throttle):  # which takes it from the table in any case
        return own
    rates: Any = throttle.THROTTLE_RATES
    if rates is SimpleRateThrottle.THROTTLE_RATES:
        rates = effective.value("DEFAULT_THROTTLE_RATES")
    return rates.get(scope or throttle.scope) if isinstance(rates, Mapping) else None


def identifies_by_address(throttle: type) -> bool:
    """Whether it tells strangers apart by what DRF takes for their address: X-Forwarded-For.

    As far as NUM_PROXIES says. The classes of this package ask REMOTE_ADDR.
    """
    if not issubclass(throttle, SimpleRateThrottle):
        return False
    code = getattr(throttle.get_cache_key, "__code__", None)
    names = set(code.co_names) if code else set()
    return throttle.get_ident is BaseThrottle.get_ident and bool(
        names & {"get_ident", "get_cache_key"}
    )
