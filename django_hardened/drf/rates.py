"""What a throttle class of REST framework will really do, asked without making one work."""

from __future__ import annotations

from typing import Any

from rest_framework.throttling import BaseThrottle, ScopedRateThrottle, SimpleRateThrottle

from django_hardened.drf import effective


def rate_problem(throttle: type) -> str | None:
    """Say what is wrong with the rate of a default throttle: "missing", "unreadable", or None.

    ScopedRateThrottle takes its scope from the view and is not a matter of defaults; a class that
    computes its rate is its own affair.
    """
    if not issubclass(throttle, SimpleRateThrottle) or issubclass(throttle, ScopedRateThrottle):
        return None
    libraries = ("rest_framework.", "django_hardened.")
    if not throttle.get_rate.__module__.startswith(libraries) or isinstance(
        getattr(throttle, "rate", None), property
    ):
        return None
    rate = rate_of(throttle)
    if rate is None:
        return "missing"
    try:
        # Settings hold what people write: a lazy string is a rate, a number is a slip.
        written: Any = rate if isinstance(rate, tuple) else str(rate)
        throttle.parse_rate(throttle.__new__(throttle), written)
    except Exception:  # noqa: BLE001  # whatever it raises, it would on each request
        return "unreadable"
    return None


def rate_of(throttle: type[SimpleRateThrottle]) -> Any:
    """Return the rate in effect, read late: DRF captures the rates when imported."""
    own = getattr(throttle, "rate", None)
    if own:
        return own
    rates: Any = throttle.THROTTLE_RATES
    if rates is SimpleRateThrottle.THROTTLE_RATES:
        rates = effective.value("DEFAULT_THROTTLE_RATES")
    return rates.get(throttle.scope) if isinstance(rates, dict) else None


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
