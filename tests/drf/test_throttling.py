"""Throttles: exactly N of N, from everybody, and never everything by omission."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig
from django.test import override_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ratelimit_support import AskedStore
from rest_framework import throttling as plain
from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from django_hardened.drf.throttling import (
    AnonRateThrottle,
    BurstRateThrottle,
    CountingThrottle,
    LoginRateThrottle,
    ScopedRateThrottle,
    SustainedRateThrottle,
    UserRateThrottle,
)
from django_hardened.ratelimit.rates import InvalidRate, Limit

ADA = User(pk=1, username="ada")
BEN = User(pk=2, username="ben")
PEER = "203.0.113.9"


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, settings: Any) -> AskedStore:
    settings.RATELIMIT_ENABLE = True
    store = AskedStore()
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: store)
    return store


def rates(**by_scope: Any) -> Any:
    framework = django_settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": by_scope}
    return override_settings(REST_FRAMEWORK=framework)


class Counted(APIView):
    permission_classes = [AllowAny]
    throttle_classes: list[Any] = []

    def get(self, request: Request) -> Response:
        return Response({"ok": True})

    def post(self, request: Request) -> Response:
        return Response(request.data)


def view(*classes: type[plain.BaseThrottle], scope: str | None = None) -> Callable[..., Any]:
    attributes = {"throttle_classes": list(classes), "throttle_scope": scope}
    return type("View", (Counted,), attributes).as_view()  # type: ignore[attr-defined,no-any-return]


def get(
    view: Callable[..., Any], *, user: User | None = None, address: str = PEER, **meta: Any
) -> Any:
    request = APIRequestFactory().get("/", REMOTE_ADDR=address, **meta)
    if user:
        force_authenticate(request, user)
    return view(request)


def post(view: Callable[..., Any], data: Any, *, address: str = PEER, form: bool = False) -> Any:
    made: Any = {"format": "multipart"} if form else {"content_type": "application/json"}
    sent = data if form or isinstance(data, str) else json.dumps(data)
    return view(APIRequestFactory().post("/", sent, REMOTE_ADDR=address, **made))


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


def test_a_refusal_says_when_to_come_back() -> None:
    with rates(anon="1/hour"):
        get(view(AnonRateThrottle))
        response = get(view(AnonRateThrottle))
    assert response.status_code == 429
    assert 3600 <= int(response["Retry-After"]) <= 3600 + 3600 / 64 + 1
    assert response.data["detail"].startswith("Request was throttled. Expected available in 36")


@pytest.mark.parametrize("rate", ["2/s", "2/5s", "2/min", "2/15m", "2/day"])
@pytest.mark.parametrize("offset", [0, 0.7, 31.2, 59.999])
def test_who_comes_back_at_that_second_is_admitted_and_not_before(
    store: AskedStore, rate: str, offset: float
) -> None:
    store.now += offset
    with rates(anon=rate):
        limited = view(AnonRateThrottle)
        assert statuses(limited, 2) == [200, 200]
        wait = int(get(limited)["Retry-After"])
        store.now += max(0, wait - 2)
        assert get(limited).status_code == 429
        store.now += min(2, wait)
        assert get(limited).status_code == 200


def test_no_window_holds_more_than_the_limit(store: AskedStore) -> None:
    admitted = []
    with rates(anon="6/min"):
        limited = view(AnonRateThrottle)
        for second in range(0, 600, 3):
            if get(limited).status_code == 200:
                admitted.append(second)
            store.now += 3
    # The seventh after any is a minute later at least.
    assert all(
        later - earlier >= 60 for earlier, later in zip(admitted[:-6], admitted[6:], strict=True)
    )
    assert len(admitted) >= 55


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
        for address in ("203.0.113.1", "203.0.113.2", "203.0.113.11", "2001:db8::1", "?"):
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


@pytest.mark.parametrize("throttle", [AnonRateThrottle, UserRateThrottle, LoginRateThrottle])
@pytest.mark.parametrize("num_proxies", [None, 0, 1])
def test_of_a_thousand_forged_addresses_ten_are_admitted(
    throttle: type[CountingThrottle], num_proxies: int | None
) -> None:
    framework = django_settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": dict.fromkeys(("anon", "user", "login"), "10/h"),
        "NUM_PROXIES": num_proxies,
    }
    with override_settings(REST_FRAMEWORK=framework):
        limited = view(throttle)
        outcomes = [
            get(limited, HTTP_X_FORWARDED_FOR=f"198.51.{n // 256}.{n % 256}").status_code
            for n in range(1000)
        ]
    assert outcomes.count(200) == 10


def test_whoever_rotates_through_a_48_gets_sixteen_times_the_limit() -> None:
    with rates(anon="10/h"):
        limited = view(AnonRateThrottle)
        outcomes = [get(limited, address=f"2001:db8:1:{n:x}::1").status_code for n in range(1000)]
    assert outcomes.count(200) == 160


def test_clients_mapped_into_ipv6_are_counted_apart() -> None:
    with rates(anon="1/min"):
        limited = view(AnonRateThrottle)
        outcomes = [get(limited, address=f"::ffff:192.0.2.{n}").status_code for n in range(200)]
    assert outcomes == [200] * 200


@pytest.mark.parametrize("address", ["", "unknown", "a, b", "[::1", "\x00", "9" * 9999, None])
def test_what_is_no_address_shares_one_bucket(address: Any) -> None:
    with rates(anon="1/min"):
        limited = view(AnonRateThrottle)
        assert statuses(limited, 1, address="?") == [200]
        assert statuses(limited, 1, address=address) == [429]


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
        ("60/10", (60, 10)),
        (" 60/MIN ", (60, 60)),
        ((60, 10), (60, 10)),
    ],
    ids=repr,
)
def test_a_rate_is_a_count_and_a_period(rate: Any, parsed: tuple[int, int]) -> None:
    assert AnonRateThrottle().parse_rate(rate) == parsed


BAD_RATES = [
    *("", "/", "60", "60/", "/min", "min", "min/60", "60/0", "60 per min", "60/x", "60/y", "60/w"),
    *("-1/min", "+1/min", "1.5/min", "1e3/min", "1_000/min", "1,000/min", "0x10/min", "²/min"),
    *("None", "60/min/", "60/min/2", "60//min", "60/m15", "60/-5m", "60/1.5m", "60/ m", "60 /min"),
    *("60/min;100/day", "60/min 100/day", "60/²m", "sixty/min", "\x00/min", "60/400d"),
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


@pytest.mark.parametrize("rate", [60, (60,), (60, 0), ["60/min"], True, b"60/min"], ids=repr)
def test_a_rate_of_another_type_is_an_error_of_the_configuration(rate: Any) -> None:
    with rates(anon=rate), pytest.raises(ImproperlyConfigured):
        AnonRateThrottle()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=12) | st.from_regex(r"[0-9]{0,4}/[0-9]{0,3}[a-z]{0,7}", fullmatch=True))
@example("٣/min")
def test_a_rate_is_read_or_refused_and_never_unlimited(rate: str) -> None:
    throttle = AnonRateThrottle.__new__(AnonRateThrottle)
    try:
        limit = Limit.parse(rate)
    except InvalidRate:
        with pytest.raises(ImproperlyConfigured):
            throttle.parse_rate(rate)
    else:
        assert throttle.parse_rate(rate) == (limit.amount, limit.seconds)


def test_a_class_may_have_a_table_of_rates_of_its_own() -> None:
    class OwnTable(AnonRateThrottle):
        THROTTLE_RATES = {"anon": "1/min"}  # type: ignore[assignment]

    with rates(anon="3/min"):
        assert statuses(view(OwnTable), 2) == [200, 429]


def test_without_any_table_nothing_is_admitted() -> None:
    framework = django_settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": None}
    with (
        override_settings(REST_FRAMEWORK=framework),
        pytest.raises(ImproperlyConfigured, match="has no rate"),
    ):
        AnonRateThrottle()


# -- Switches and failures -----------------------------------------------------------------------


def test_limits_are_off_in_tests_unless_a_test_asks(store: AskedStore) -> None:
    assert django_settings.HARDENED_ENVIRONMENT == "test"
    with rates(anon="1/min"):
        with override_settings(RATELIMIT_ENABLE=False):
            assert statuses(view(AnonRateThrottle), 5) == [200] * 5
            assert "RateLimit" not in get(view(AnonRateThrottle))
        assert store.calls == []
        assert statuses(view(AnonRateThrottle), 2) == [200, 429]


def _asked_by_hand() -> Any:
    return SimpleNamespace(META={"REMOTE_ADDR": PEER}, headers={}, user=AnonymousUser())


def test_a_throttle_that_does_not_count_names_no_time() -> None:
    with rates(anon="1/min"), override_settings(RATELIMIT_ENABLE=False):
        throttle = AnonRateThrottle()
        assert throttle.allow_request(_asked_by_hand(), Counted()) is True
        assert throttle.wait() is None


def test_a_throttle_that_is_asked_by_hand() -> None:
    request = _asked_by_hand()
    with rates(anon="2/min"):
        throttle = AnonRateThrottle()
        for of in (Counted(), None, Counted()):
            allowed = throttle.allow_request(request, of)  # type: ignore[arg-type]
        assert allowed is False
        assert throttle.wait() == 61


def test_where_nothing_can_be_counted_the_answer_is_503(store: AskedStore) -> None:
    store.is_down = True
    with rates(anon="100/min"):
        response = get(view(AnonRateThrottle))
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Cache-Control"] == "no-store"
    assert response.data == {"detail": "Service unavailable."}


# -- What clients are told -----------------------------------------------------------------------


def test_the_fields_are_on_every_response() -> None:
    with rates(burst="2/s", sustained="3/day"):
        limited = view(BurstRateThrottle, SustainedRateThrottle)
        allowed = get(limited)
        get(limited)
        refused = get(limited)
    assert allowed["RateLimit-Policy"] == '"burst";q=2;w=1, "sustained";q=3;w=86400'
    assert allowed["RateLimit"] == '"burst";r=1;t=2, "sustained";r=2;t=87400'
    assert "Retry-After" not in allowed
    assert refused["RateLimit"] == '"burst";r=0;t=2, "sustained";r=1;t=87400'
    assert refused["Retry-After"] == "2"
    assert refused["Cache-Control"] == "no-store"
    assert "Cache-Control" not in allowed


def test_a_client_that_is_not_limited_is_told_nothing() -> None:
    with rates(anon="2/min"):
        assert "RateLimit" not in get(view(AnonRateThrottle), user=ADA)


# -- Several -------------------------------------------------------------------------------------


class Foreign(plain.BaseThrottle):
    """Knows nothing of the others."""

    asked = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        type(self).asked += 1
        return "HTTP_X_REFUSE" not in request.META

    def wait(self) -> float:
        return 7


def test_all_throttles_of_a_view_are_one_decision(store: AskedStore) -> None:
    with rates(anon="9/min", burst="2/s", sustained="3/day", uploads="5/hour"):
        classes = (AnonRateThrottle, BurstRateThrottle, SustainedRateThrottle, ScopedRateThrottle)
        limited = view(*classes, scope="uploads")
        assert statuses(limited, 4) == [200, 200, 429, 429]
        assert [len(call) for call in store.calls] == [4] * 4
        store.now += 2
        # What one refuses has used up none of the others.
        assert statuses(limited, 2) == [200, 429]
        response = get(limited)
    assert response["RateLimit"].startswith('"anon";r=6;')
    assert '"uploads";r=2;' in response["RateLimit"]


def test_networks_are_in_the_same_decision(store: AskedStore) -> None:
    with rates(anon="9/min", user="9/min"):
        get(view(AnonRateThrottle, UserRateThrottle), address="2001:db8::1")
    assert [len(call) for call in store.calls] == [6]
    assert len({entry.tag for entry in store.calls[0]}) == 3


def test_one_client_is_on_one_node_of_a_cluster(store: AskedStore) -> None:
    with rates(anon="9/min", burst="9/min", sustained="9/day"):
        get(view(AnonRateThrottle, BurstRateThrottle, SustainedRateThrottle))
    assert len({entry.tag for entry in store.calls[0]}) == 1


def test_foreign_throttles_work_beside_them(store: AskedStore) -> None:
    Foreign.asked = 0
    with rates(anon="3/min", user="2/min"):
        limited = view(AnonRateThrottle, Foreign, UserRateThrottle)
        assert statuses(limited, 1, HTTP_X_REFUSE="1") == [429]
        assert get(limited, HTTP_X_REFUSE="1")["Retry-After"] == "7"
        assert get(limited)["Retry-After"] == "61"
    assert len(store.calls) == Foreign.asked == 3


def test_two_of_one_class_are_two(store: AskedStore) -> None:
    class Named(UserRateThrottle):
        def __init__(self, scope: str) -> None:
            self.scope = scope
            super().__init__()

    class Both(Counted):
        def get_throttles(self) -> list[plain.BaseThrottle]:
            return [Named("few"), Named("many")]

    with rates(few="1/min", many="5/min"):
        responses = [get(Both.as_view()) for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 429]
    assert responses[0]["RateLimit"] == '"few";r=0;t=61, "many";r=4;t=61'
    assert len(store.calls) == 2


def test_a_throttle_asked_again_counts_again(store: AskedStore) -> None:
    class Again(Counted):
        throttle_classes = [AnonRateThrottle]

        def get(self, request: Request) -> Response:
            self.check_throttles(request)
            return Response()

    with rates(anon="3/min"):
        assert statuses(Again.as_view(), 2) == [200, 429]
    assert len(store.calls) == 4


def test_throttles_asked_in_another_order_are_one_decision(store: AskedStore) -> None:
    class Backwards(Counted):
        throttle_classes = [AnonRateThrottle, BurstRateThrottle]

        def check_throttles(self, request: Request) -> None:
            for throttle in reversed(self.get_throttles()):
                if not throttle.allow_request(request, self):
                    self.throttled(request, throttle.wait() or 0)

    with rates(anon="1/min", burst="5/min"):
        assert statuses(Backwards.as_view(), 2) == [200, 429]
    assert [len(call) for call in store.calls] == [2, 2]


# -- Classes of a project ------------------------------------------------------------------------


class OnlyWrites(UserRateThrottle):
    scope = "writes"

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.method == "GET" or super().allow_request(request, view)


def test_a_class_that_decides_when_it_limits(store: AskedStore) -> None:
    with rates(writes="1/min", anon="9/min"):
        limited = view(OnlyWrites, AnonRateThrottle)
        assert statuses(limited, 5) == [200] * 5
        assert [len(call) for call in store.calls] == [1] * 5
        assert [post(limited, {}).status_code for _ in range(2)] == [200, 429]
    assert len(store.calls) == 5 + 4


class NotForTeam(UserRateThrottle):
    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if "HTTP_X_TEAM" in request.META:
            return None
        return super().get_cache_key(request, view)


def test_no_key_is_no_limit() -> None:
    with rates(user="2/h"):
        limited = view(NotForTeam)
        assert statuses(limited, 5, HTTP_X_TEAM="1") == [200] * 5
        assert statuses(limited, 3) == [200, 200, 429]
        assert statuses(limited, 3, user=ADA) == [200, 200, 429]
        rotating = [get(limited, address=f"2001:db8:1:{n:x}::1").status_code for n in range(100)]
    assert rotating.count(200) == 8  # all in one /56


class ByTenant(UserRateThrottle):
    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return str(request.META["HTTP_X_TENANT"])


class ByDevice(AnonRateThrottle):
    def get_ident(self, request: Request) -> str:
        return str(request.META["HTTP_X_DEVICE"])


@pytest.mark.parametrize(
    ("cls", "field"), [(ByTenant, "HTTP_X_TENANT"), (ByDevice, "HTTP_X_DEVICE")]
)
def test_keys_and_identities_of_a_project(cls: type[CountingThrottle], field: str) -> None:
    with rates(user="1/min", anon="1/min"):
        limited = view(cls)
        assert statuses(limited, 2, **{field: "a"}) == [200, 429]
        assert statuses(limited, 1, address="192.0.2.1", **{field: "a"}) == [429]
        assert statuses(limited, 1, **{field: "b"}) == [200]


def test_a_rate_that_is_computed() -> None:
    class Computed(UserRateThrottle):
        def get_rate(self) -> str:
            return "1/min"

    class WithoutScope(CountingThrottle):
        rate = "2/min"

        def get_cache_key(self, request: Request, view: APIView) -> str:
            return "all"

    assert statuses(view(Computed), 2) == [200, 429]
    assert get(view(WithoutScope))["RateLimit"].startswith('"WithoutScope";r=1;')


def test_the_hooks_of_rest_framework_are_called() -> None:
    seen = []

    class Noting(ScopedRateThrottle):
        def throttle_success(self) -> bool:
            seen.append(f"{self.scope} admits {self.num_requests}")
            return super().throttle_success()

        def throttle_failure(self) -> bool:
            seen.append(f"{self.scope} refuses")
            return super().throttle_failure()

    with rates(uploads="1/min"):
        statuses(view(Noting, scope="uploads"), 2)
    assert seen == ["uploads admits 1", "uploads refuses"]


def test_a_user_without_a_primary_key_is_counted_by_address() -> None:
    with rates(user="1/min"):
        limited = view(UserRateThrottle)
        for address in ("192.0.2.1", "192.0.2.2"):
            assert statuses(limited, 2, user=User(username="of a token"), address=address) == [
                200,
                429,
            ]


# -- Logins --------------------------------------------------------------------------------------


def logins(names: list[Any], **kwargs: Any) -> list[int]:
    """Send each from an address of its own."""
    limited = view(LoginRateThrottle)
    return [
        post(limited, name, address=f"192.0.2.{number}", **kwargs).status_code
        for number, name in enumerate(names)
    ]


def test_attempts_are_counted_by_address() -> None:
    with rates(login="3/min"):
        limited = view(LoginRateThrottle)
        outcomes = [post(limited, {"username": f"user{n}"}).status_code for n in range(5)]
        assert outcomes == [200, 200, 200, 429, 429]
        assert statuses(limited, 1, user=ADA) == [429]


@pytest.mark.parametrize("form", [True, False])
def test_attempts_are_counted_by_account_however_it_is_spelled(form: bool) -> None:
    spelled = ["ada", "ADA", " ada ", "\uff41\uff44\uff41", "Ada\u3000"]
    with rates(login="3/min"):
        assert logins([{"username": name} for name in spelled], form=form) == [
            *(200, 200, 200),
            *(429, 429),
        ]
        assert logins([{"email": "ada"}]) == [429]
        assert logins([{"username": "ben"}]) == [200]


def test_the_field_of_the_user_model_names_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "USERNAME_FIELD", "phone")
    with rates(login="1/min"):
        assert logins([{"phone": 123}, {"phone": "123"}, {"username": "123"}]) == [200, 429, 429]


def test_what_is_refused_for_the_address_does_not_lock_the_account(store: AskedStore) -> None:
    with rates(login="2/min"):
        limited = view(LoginRateThrottle)
        for _ in range(10):
            post(limited, {"username": "somebody"})
            post(limited, {"username": "ada"})
        assert post(limited, {"username": "ada"}, address="192.0.2.1").status_code == 200
    assert {len(call) for call in store.calls} == {2}


@pytest.mark.parametrize(
    "data",
    [
        *([], ["username"], "1", {}, {"username": None}, {"username": ["ada"]}),
        *({"username": " "}, {"username": True}, {"username": "x" * 1_000_000}),
    ],
    ids=lambda data: repr(data)[:20],
)
def test_data_that_names_nobody(data: Any) -> None:
    with rates(login="1/min"):
        limited = view(LoginRateThrottle)
        assert [post(limited, data).status_code for _ in range(2)] == [200, 429]
        assert post(limited, {"username": "ada"}, address="192.0.2.1").status_code == 200


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["username", "email", "login", "x"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_data_of_any_shape_is_no_error(data: Any) -> None:
    with rates(login="1000000/min"):
        limited = view(LoginRateThrottle)
        assert post(limited, data).status_code in {200, 400}  # no JSON: NaN, half a character


def test_data_that_cannot_be_read_is_counted_and_then_refused_as_ever() -> None:
    with rates(login="2/min", anon="9/min"):
        limited = view(LoginRateThrottle, AnonRateThrottle)
        outcomes = [post(limited, "{username") for _ in range(3)]
        assert [response.status_code for response in outcomes] == [400, 400, 429]
        assert outcomes[0].data["detail"].code == "parse_error"
        strict = view(LoginRateThrottle)
        with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10), pytest.raises(RequestDataTooBig):
            post(strict, {"username": "somebody"}, address="192.0.2.1")


def test_a_login_may_be_excepted() -> None:
    class NotFromHome(LoginRateThrottle):
        def get_cache_key(self, request: Request, view: APIView) -> str | None:
            return None

    with rates(login="1/min"):
        limited = view(NotFromHome)
        assert [post(limited, {"username": "ada"}).status_code for _ in range(3)] == [200] * 3


# -- Async ---------------------------------------------------------------------------------------


class AsyncCounted(Counted):
    """As adrf has it: everything is awaited, and the throttles are asked in the loop."""

    throttle_classes = [AnonRateThrottle, BurstRateThrottle]

    async def acheck_throttles(self, request: Request) -> None:
        self.check_throttles(request)

    async def adispatch(self, request: Any) -> Response:
        self.args, self.kwargs = (), {}
        self.request = self.initialize_request(request)
        self.headers = self.default_response_headers
        self.format_kwarg = None
        try:
            await self.acheck_throttles(self.request)
            response = Response()
        except APIException as error:
            response = self.handle_exception(error)
        return self.finalize_response(self.request, response)  # type: ignore[return-value]


def test_an_async_view(store: AskedStore) -> None:
    def send() -> Any:
        request = APIRequestFactory().get("/", REMOTE_ADDR=PEER)
        return async_to_sync(AsyncCounted().adispatch)(request)

    with rates(anon="2/min", burst="9/min"):
        responses = [send() for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert responses[0]["RateLimit"] == '"anon";r=1;t=61, "burst";r=8;t=61'
    assert len(store.calls) == 3


def test_a_view_of_adrf(store: AskedStore) -> None:
    adrf = pytest.importorskip("adrf.views", reason="needs adrf")

    class Async(adrf.APIView):  # type: ignore[name-defined,misc]
        permission_classes = [AllowAny]
        throttle_classes = [AnonRateThrottle, BurstRateThrottle, LoginRateThrottle]

        async def post(self, request: Any) -> Response:
            return Response({"name": request.data["username"]})

    limited = async_to_sync(Async.as_view())
    with rates(anon="9/min", burst="9/min", login="2/min"):
        responses = [
            post(limited, {"username": name}, address=f"192.0.2.{number}")
            for number, name in enumerate(["ada", "ADA", "ada", "ben"])
        ]
    assert [response.status_code for response in responses] == [200, 200, 429, 200]
    assert responses[2]["Retry-After"] == "61"
    assert responses[0]["RateLimit"].startswith('"anon";r=8;t=61, "burst";r=8;t=61, "login";r=1;')
    assert [len(call) for call in store.calls] == [4] * 4


# -- Names ---------------------------------------------------------------------------------------


def test_the_names_and_scopes_are_those_of_rest_framework() -> None:
    for ours in (AnonRateThrottle, UserRateThrottle, ScopedRateThrottle):
        theirs = getattr(plain, ours.__name__)
        assert issubclass(ours, CountingThrottle)
        assert issubclass(ours, theirs)
        assert ours.scope == theirs.scope
    for scope, ours in (
        ("burst", BurstRateThrottle),
        ("sustained", SustainedRateThrottle),
        ("login", LoginRateThrottle),
    ):
        assert ours.scope == scope
        assert issubclass(ours, plain.SimpleRateThrottle)


@pytest.mark.parametrize(
    ("address", "ident"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::9", "2001:db8:0:1::/64"),
        ("", "unknown"),
        ("anything", "unknown"),
    ],
)
def test_a_client_is_an_address_or_the_whole_of_its_network(address: str, ident: str) -> None:
    request: Any = SimpleNamespace(headers={}, META={"REMOTE_ADDR": address})
    with rates(anon="1/min"):
        assert AnonRateThrottle().get_ident(request) == ident
