"""What a throttle class will do with its rate, and what it takes for an identity."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from django.utils.functional import lazystr
from rest_framework.request import Request
from rest_framework.throttling import (
    AnonRateThrottle,
    BaseThrottle,
    ScopedRateThrottle,
    SimpleRateThrottle,
    UserRateThrottle,
)
from rest_framework.views import APIView

from django_hardened.drf import rates, throttling


class FixedRate(SimpleRateThrottle):
    scope = "fixed"
    rate = "5/min"


class FixedNonsense(SimpleRateThrottle):
    scope = "fixed"
    rate = "5 per minute"


class OwnRates(SimpleRateThrottle):
    scope = "own"
    THROTTLE_RATES = {"own": "5/min"}


class OwnRatesWithout(SimpleRateThrottle):
    scope = "another"
    THROTTLE_RATES = {"own": "5/min"}


class Computed(SimpleRateThrottle):
    scope = "computed"

    def get_rate(self) -> str:
        return "5/min"


class Property(SimpleRateThrottle):
    scope = "property"

    @property
    def rate(self) -> str:  # type: ignore[override]
        return "5/min"


class ParsedOtherwise(SimpleRateThrottle):
    scope = "anon"

    def parse_rate(self, rate: str | None) -> tuple[int, int]:
        return 5, 60


class NotByRate(BaseThrottle):
    """A project's own throttle, which knows nothing of rates."""


class NoThrottle:
    """Not even that."""


def table(value: Any) -> Any:
    return override_settings(REST_FRAMEWORK={"DEFAULT_THROTTLE_RATES": value})


@pytest.mark.parametrize(
    ("throttle", "given", "problem"),
    [
        (AnonRateThrottle, {"anon": "1/min"}, None),
        (AnonRateThrottle, {"anon": lazystr("1/min")}, None),
        (AnonRateThrottle, {"anon": None}, "missing"),
        (AnonRateThrottle, {}, "missing"),
        (AnonRateThrottle, {"ano": "1/min"}, "missing"),
        (AnonRateThrottle, None, "missing"),
        (AnonRateThrottle, "1/min", "missing"),
        (AnonRateThrottle, {"anon": "1 per minute"}, "unreadable"),
        (AnonRateThrottle, {"anon": 60}, "unreadable"),
        (UserRateThrottle, {"anon": "1/min"}, "missing"),
        (throttling.AnonRateThrottle, {"anon": "5/15m"}, None),
        (throttling.AnonRateThrottle, {"anon": (5, 60)}, None),
        (AnonRateThrottle, {"anon": (5, 60)}, "unreadable"),
        (throttling.AnonRateThrottle, {"anon": None}, "missing"),
        (throttling.AnonRateThrottle, {"anon": "60/week"}, "unreadable"),
        # The scope, and with it the rate, is the view's.
        (ScopedRateThrottle, {}, None),
        (throttling.ScopedRateThrottle, {}, None),
        (FixedRate, {}, None),
        (FixedNonsense, {}, "unreadable"),
        (OwnRates, {}, None),
        (OwnRatesWithout, {"another": "1/min"}, "missing"),
        (Computed, {}, None),
        (Property, {}, None),
        (ParsedOtherwise, {"anon": "now and then"}, None),
        (NotByRate, {}, None),
        (NoThrottle, {}, None),
    ],
)
def test_what_is_wrong_with_a_rate(throttle: type, given: Any, problem: str | None) -> None:
    with table(given):
        assert rates.rate_problem(throttle) == problem


def test_rest_frameworks_own_table_has_no_rate() -> None:
    with override_settings(REST_FRAMEWORK={}):
        assert rates.rate_problem(AnonRateThrottle) == "missing"


@pytest.mark.parametrize(
    ("throttle", "rate"),
    [
        (AnonRateThrottle, "7/h"),
        (UserRateThrottle, None),
        (FixedRate, "5/min"),
        (OwnRates, "5/min"),
    ],
)
def test_the_rate_in_effect(throttle: Any, rate: str | None) -> None:
    with table({"anon": "7/h"}):
        assert rates.rate_of(throttle) == rate


def test_the_rate_is_read_late() -> None:
    """DRF captures the table when it is imported."""
    for rate in ("1/min", "2/min"):
        with table({"anon": rate}):
            assert rates.rate_of(AnonRateThrottle) == rate


# -- Identity ------------------------------------------------------------------------------------


class ByAccount(UserRateThrottle):
    def get_cache_key(self, request: Request, view: APIView) -> str:
        return "account"


class ByAddressOfItsOwn(UserRateThrottle):
    def get_ident(self, request: Request) -> str:
        return "address"


class ByAddressAndMore(AnonRateThrottle):
    def get_cache_key(self, request: Request, view: APIView) -> str:
        return f"more-{super().get_cache_key(request, view)}"


class AsCallable(UserRateThrottle):
    class Key:
        def __call__(self, request: Request, view: APIView) -> str:
            return "key"

    get_cache_key: Any = Key()


@pytest.mark.parametrize(
    ("throttle", "is_by_address"),
    [
        (AnonRateThrottle, True),
        (UserRateThrottle, True),
        (ScopedRateThrottle, True),
        (ByAddressAndMore, True),
        # By REMOTE_ADDR, which no client writes.
        (throttling.AnonRateThrottle, False),
        (throttling.UserRateThrottle, False),
        (throttling.ScopedRateThrottle, False),
        (throttling.LoginRateThrottle, False),
        (ByAccount, False),
        (ByAddressOfItsOwn, False),
        (AsCallable, False),
        (SimpleRateThrottle, False),  # abstract: it has no identity
        (NotByRate, False),
        (NoThrottle, False),
    ],
    ids=lambda value: f"{value.__module__}.{value.__name__}" if isinstance(value, type) else None,
)
def test_who_tells_strangers_apart_by_address(throttle: type, is_by_address: bool) -> None:
    assert rates.identifies_by_address(throttle) is is_by_address


@pytest.mark.parametrize(
    ("throttle", "idents"),
    [
        (AnonRateThrottle, {"192.0.2.0", "192.0.2.1", "192.0.2.2"}),
        (throttling.AnonRateThrottle, {"10.0.0.1"}),
    ],
    ids=["plain", "counting"],
)
def test_the_address_is_what_the_client_says(throttle: Any, idents: set[str], rf: Any) -> None:
    """The fact behind W411: without NUM_PROXIES the header decides, for DRF's own classes."""
    with override_settings(REST_FRAMEWORK={"NUM_PROXIES": None}):
        assert idents == {
            throttle.__new__(throttle).get_ident(
                rf.get("/", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}", REMOTE_ADDR="10.0.0.1")
            )
            for number in range(3)
        }
