"""Throttles: exactly N of N, from everybody, and never everything by omission."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from django_hardened.drf.throttling import (
    AnonRateThrottle,
    CountingThrottle,
    ScopedRateThrottle,
    UserRateThrottle,
)

ADA = User(pk=1, username="ada")
BEN = User(pk=2, username="ben")
PEER = "203.0.113.9"
NOON = 1_700_000_000


class Clock:
    """The time that the counters see."""

    def __init__(self) -> None:
        self.now = NOON

    def time(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("django_ratelimit.core.time", clock)
    return clock


@pytest.fixture(autouse=True)
def _limits_on(clock: Clock) -> Iterator[None]:
    location = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"}
    with override_settings(RATELIMIT_ENABLE=True, CACHES={"default": location}):
        cache.clear()
        yield
        cache.clear()


def rates(**by_scope: Any) -> Any:
    framework = django_settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": by_scope}
    return override_settings(REST_FRAMEWORK=framework)


class Counted(APIView):
    permission_classes = [AllowAny]
    throttle_classes: list[Any] = []

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


def view(*classes: type[CountingThrottle], scope: str | None = None) -> Callable[..., Any]:
    attributes = {"throttle_classes": list(classes), "throttle_scope": scope}
    return type("View", (Counted,), attributes).as_view()  # type: ignore[attr-defined,no-any-return]


def get(
    view: Callable[..., Any], *, user: User | None = None, address: str = PEER, **meta: Any
) -> Any:
    request = APIRequestFactory().get("/", REMOTE_ADDR=address, **meta)
    if user:
        force_authenticate(request, user)
    return view(request)


def statuses(view: Callable[..., Any], count: int, **sent: Any) -> list[int]:
    return [get(view, **sent).status_code for _ in range(count)]


# -- The limit -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("throttle", "user"),
    [(AnonRateThrottle, None), (UserRateThrottle, None), (UserRateThrottle, ADA)],
)
@pytest.mark.parametrize("limit", [1, 3, 20])
def test_exactly_the_limit_is_admitted(
    throttle: type[CountingThrottle], user: User | None, limit: int
) -> None:
    with rates(anon=f"{limit}/min", user=f"{limit}/min"):
        assert statuses(view(throttle), limit + 5, user=user) == [200] * limit + [429] * 5


def test_a_limit_of_none_at_all_admits_nobody() -> None:
    with rates(anon="0/day"):
        assert statuses(view(AnonRateThrottle), 2) == [429, 429]


def test_a_refusal_says_when_to_come_back(clock: Clock) -> None:
    with rates(anon="1/hour"):
        get(view(AnonRateThrottle))
        response = get(view(AnonRateThrottle))
        assert response.status_code == 429
        assert 1 <= int(response["Retry-After"]) <= 3600
        assert "Request was throttled." in response.data["detail"]


@pytest.mark.parametrize("rate", ["2/s", "2/5s", "2/min", "2/15m", "2/day"])
@pytest.mark.parametrize("offset", [0, 7, 31, 59])
def test_who_comes_back_then_is_admitted(clock: Clock, rate: str, offset: int) -> None:
    clock.now += offset
    with rates(anon=rate):
        limited = view(AnonRateThrottle)
        assert statuses(limited, 2) == [200, 200]
        clock.now += int(get(limited)["Retry-After"])
        assert get(limited).status_code == 200


def test_the_last_second_of_a_window_still_counts(clock: Clock) -> None:
    with rates(anon="1/min"):
        limited = view(AnonRateThrottle)
        outcomes = []
        for _ in range(180):
            outcomes.append(get(limited).status_code)
            clock.now += 1
        assert outcomes.count(200) in (3, 4)
        admitted = [second for second, status in enumerate(outcomes) if status == 200]
        assert {later - earlier for earlier, later in pairwise(admitted[1:])} == {60}


def test_concurrent_requests_are_counted_one_by_one() -> None:
    threads, each, limit = 8, 50, 100
    start = Barrier(threads)
    limited = view(AnonRateThrottle)

    def send(_: int) -> int:
        start.wait()
        return statuses(limited, each).count(200)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with rates(anon=f"{limit}/min"), ThreadPoolExecutor(threads) as pool:
            assert sum(pool.map(send, range(threads))) == limit
    finally:
        sys.setswitchinterval(interval)


def test_the_defaults_limit_a_stranger_by_the_stricter_rate() -> None:
    with rates(anon="2/min", user="4/min"):
        both = view(AnonRateThrottle, UserRateThrottle)
        assert statuses(both, 6) == [200, 200, 429, 429, 429, 429]
        assert statuses(both, 6, user=ADA) == [200, 200, 200, 200, 429, 429]


# -- The identity --------------------------------------------------------------------------------


def test_addresses_are_counted_apart() -> None:
    with rates(anon="1/min"):
        limited = view(AnonRateThrottle)
        for address in ("203.0.113.1", "203.0.113.2", "203.0.113.11", "2001:db8::1", ""):
            assert statuses(limited, 2, address=address) == [200, 429]


def test_users_are_counted_apart_and_wherever_they_are() -> None:
    with rates(user="1/min"):
        limited = view(UserRateThrottle)
        assert statuses(limited, 2, user=ADA, address="203.0.113.1") == [200, 429]
        assert statuses(limited, 1, user=ADA, address="203.0.113.2") == [429]
        assert statuses(limited, 2, user=BEN, address="203.0.113.1") == [200, 429]
        assert statuses(limited, 2, address="203.0.113.1") == [200, 429]


def test_users_are_no_strangers() -> None:
    with rates(anon="1/min"):
        assert statuses(view(AnonRateThrottle), 5, user=ADA) == [200] * 5


@pytest.mark.parametrize("throttle", [AnonRateThrottle, UserRateThrottle])
@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"])
def test_no_header_makes_another_client(throttle: type[CountingThrottle], header: str) -> None:
    with rates(anon="2/min", user="2/min"):
        limited = view(throttle)
        outcomes = [
            get(limited, **{header: f"198.51.100.{number}"}).status_code for number in range(6)
        ]
    assert outcomes == [200, 200, 429, 429, 429, 429]


def test_a_request_without_an_address_is_limited_too() -> None:
    def without_address(limited: Callable[..., Any]) -> int:
        request = APIRequestFactory().get("/")
        del request.META["REMOTE_ADDR"]
        return int(limited(request).status_code)

    with rates(anon="1/min"):
        limited = view(AnonRateThrottle)
        assert [without_address(limited) for _ in range(3)] == [200, 429, 429]


def test_scopes_are_counted_apart() -> None:
    class Burst(AnonRateThrottle):
        scope = "burst"

    with rates(anon="2/min", burst="1/min"):
        assert statuses(view(Burst), 2) == [200, 429]
        assert statuses(view(AnonRateThrottle), 3) == [200, 200, 429]


# -- Scoped --------------------------------------------------------------------------------------


def test_a_view_is_limited_by_its_scope() -> None:
    with rates(uploads="2/min", reads="4/min"):
        uploads, reads = (view(ScopedRateThrottle, scope=scope) for scope in ("uploads", "reads"))
        assert statuses(uploads, 3) == [200, 200, 429]
        assert statuses(reads, 5) == [200, 200, 200, 200, 429]
        assert statuses(uploads, 1, user=ADA) == [200]


def test_views_of_one_scope_share_its_limit() -> None:
    with rates(uploads="2/min"):
        first, second = (view(ScopedRateThrottle, scope="uploads") for _ in range(2))
        assert statuses(first, 1) + statuses(second, 2) == [200, 200, 429]


@pytest.mark.parametrize("scope", [None, ""])
def test_a_view_without_a_scope_is_not_limited_by_it(scope: str | None) -> None:
    with rates():
        assert statuses(view(ScopedRateThrottle, scope=scope), 5) == [200] * 5


def test_a_scope_without_a_rate_is_an_error_and_not_an_open_door() -> None:
    for given_rates in ({}, {"uploads": None}, {"reads": "1/min"}):
        with rates(**given_rates), pytest.raises(ImproperlyConfigured, match="'uploads'"):
            get(view(ScopedRateThrottle, scope="uploads"))


# -- Rates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("throttle", [AnonRateThrottle, UserRateThrottle])
@pytest.mark.parametrize("given_rates", [{}, {"anon": None, "user": None}, {"ano": "1/min"}])
@pytest.mark.parametrize("enabled", [True, False])
def test_a_class_without_a_rate_is_an_error_and_not_an_open_door(
    throttle: type[CountingThrottle], given_rates: dict[str, Any], enabled: bool
) -> None:
    expected = (
        f"{throttle.__name__} has no rate, which would admit every request: set "
        f'REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"][{throttle.scope!r}], '
        "or take the class out of the view or of DEFAULT_THROTTLE_CLASSES."
    )
    with (
        rates(**given_rates),
        override_settings(RATELIMIT_ENABLE=enabled),
        pytest.raises(ImproperlyConfigured, match=f"^{re.escape(expected)}$"),
    ):
        get(view(throttle))


def test_a_rate_counts_from_the_moment_it_changes_until_it_changes_back() -> None:
    limited = view(AnonRateThrottle)
    before = AnonRateThrottle().num_requests
    with rates(anon="1/min"):
        assert statuses(limited, 2) == [200, 429]
        with rates(anon="3/min"):
            assert statuses(limited, 4) == [200, 200, 200, 429]
        assert AnonRateThrottle().num_requests == 1
    assert AnonRateThrottle().num_requests == before == 60


def test_a_class_may_have_a_rate_of_its_own() -> None:
    class Strict(AnonRateThrottle):
        rate = "1/day"

    with rates(anon="100/min"):
        assert statuses(view(Strict), 2) == [200, 429]


@pytest.mark.parametrize(
    ("rate", "parsed"),
    [
        ("60/min", (60, 60)),
        ("5/15m", (5, 900)),
        ("10/day", (10, 86_400)),
        ("3/s", (3, 1)),
        ("3/sec", (3, 1)),
        ("3/second", (3, 1)),
        ("60/m", (60, 60)),
        ("60/minute", (60, 60)),
        ("100/h", (100, 3_600)),
        ("100/hour", (100, 3_600)),
        ("1/d", (1, 86_400)),
        ("7/30d", (7, 2_592_000)),
        ("0/min", (0, 60)),
    ],
)
def test_a_rate_is_a_count_and_a_period(rate: str, parsed: tuple[int, int]) -> None:
    assert AnonRateThrottle().parse_rate(rate) == parsed


BAD_RATES = [
    *("", "/", "60", "60/", "/min", "min", "min/60", "60/60", "60 per min", "60/x", "60/y", "60/w"),
    *(
        "-1/min",
        "+1/min",
        "1.5/min",
        "1e3/min",
        "1_000/min",
        "1,000/min",
        "0x10/min",
        "²/min",
        "None",
    ),
    *(
        "60/min/",
        "60/min/2",
        "60//min",
        "60/m15",
        "60/-5m",
        "60/1.5m",
        "60/ m",
        "60 /min",
        " 60/min",
    ),
    *("60/MIN", "60/min;100/day", "60/min 100/day", "60/15", "60/²m", "sixty/min", "\x00/min"),
]


@pytest.mark.parametrize("rate", BAD_RATES, ids=repr)
def test_a_rate_that_cannot_be_read_is_an_error(rate: str) -> None:
    expected = f"AnonRateThrottle has the rate {rate!r}: write e.g. '60/min'."
    with rates(anon=rate), pytest.raises(ImproperlyConfigured, match=f"^{re.escape(expected)}$"):
        get(view(AnonRateThrottle))


@pytest.mark.parametrize(
    "rate", ["1000/month", "10/sunday", "10/mon", "5/minuet", "5/hundred", "5/decade", "5/ms"]
)
def test_a_period_that_is_no_period_is_an_error(rate: str) -> None:
    """DRF reads the first letter: 1000 a month would be 1000 a minute."""
    with pytest.raises(ImproperlyConfigured):
        AnonRateThrottle().parse_rate(rate)


@pytest.mark.parametrize("rate", ["5/0m", "5/00s"])
def test_a_period_of_no_time_is_an_error_at_once(rate: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        AnonRateThrottle().parse_rate(rate)


@pytest.mark.parametrize("rate", [60, (60, 60), ["60/min"], True, b"60/min"], ids=repr)
def test_a_rate_that_is_no_text_is_an_error_of_the_configuration(rate: Any) -> None:
    with rates(anon=rate), pytest.raises(ImproperlyConfigured):
        AnonRateThrottle()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=12) | st.from_regex(r"[0-9]{0,4}/[0-9]{0,3}[a-z]{0,7}", fullmatch=True))
@example("٣/min")
def test_a_rate_is_read_or_refused_and_never_unlimited(rate: str) -> None:
    with rates(anon="1/min"):
        throttle = AnonRateThrottle()
    try:
        count, period = throttle.parse_rate(rate)
    except ImproperlyConfigured:
        return
    assert isinstance(count, int)
    assert count >= 0
    assert period >= 1
    assert str(count) == rate.partition("/")[0].lstrip("0").zfill(1)


# -- Switches and failures -----------------------------------------------------------------------


def test_limits_are_off_in_tests_unless_a_test_asks() -> None:
    assert django_settings.HARDENED_ENVIRONMENT == "test"
    with rates(anon="1/min"):
        with override_settings(RATELIMIT_ENABLE=False):
            assert statuses(view(AnonRateThrottle), 5) == [200] * 5
        assert statuses(view(AnonRateThrottle), 2) == [200, 429]


def test_a_throttle_that_does_not_count_names_no_time() -> None:
    request: Any = SimpleNamespace(
        META={"REMOTE_ADDR": "203.0.113.9"}, headers={}, user=AnonymousUser()
    )
    with rates(anon="1/min"), override_settings(RATELIMIT_ENABLE=False):
        throttle = AnonRateThrottle()
        assert throttle.allow_request(request, Counted()) is True
        assert throttle.wait() is None


def test_a_cache_that_cannot_count_admits_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> int:
        raise ValueError("the counter is gone")

    monkeypatch.setattr(LocMemCache, "add", lambda *args, **kwargs: False)
    monkeypatch.setattr(LocMemCache, "incr", broken)
    with rates(anon="100/min"):
        response = get(view(AnonRateThrottle))
    assert response.status_code == 429
    assert response["Retry-After"] == "1"


def test_the_names_and_scopes_are_those_of_rest_framework() -> None:
    from rest_framework import throttling

    for ours in (AnonRateThrottle, UserRateThrottle, ScopedRateThrottle):
        theirs = getattr(throttling, ours.__name__)
        assert issubclass(ours, (CountingThrottle, theirs))
        assert issubclass(ours, theirs)
        assert ours.scope == theirs.scope


@pytest.mark.parametrize(
    ("address", "ident"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::9", "2001:db8:0:1::/64"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_a_client_is_an_address_or_the_whole_of_its_network(address: str, ident: str) -> None:
    request: Any = SimpleNamespace(headers={}, META={"REMOTE_ADDR": address})
    with rates(anon="1/min"):
        assert AnonRateThrottle().get_ident(request) == ident


def test_the_mask_is_django_ratelimits_setting() -> None:
    request: Any = SimpleNamespace(headers={}, META={"REMOTE_ADDR": "2001:db8:0:1::1"})
    with rates(anon="1/min"), override_settings(RATELIMIT_IPV6_MASK=48):
        assert AnonRateThrottle().get_ident(request) == "2001:db8::/48"
