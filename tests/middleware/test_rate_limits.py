"""Requests of an address: refused before anything else is done, and told how they stand."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from middleware_support import PEER, Sender
from ratelimit_support import AskedStore

from django_hardened import defaults
from django_hardened.log_window import LogWindow
from django_hardened.middleware import RateLimitMiddleware
from django_hardened.ratelimit import visits

MIDDLEWARE = "django_hardened.middleware.RateLimitMiddleware"


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, settings: Any) -> AskedStore:
    settings.RATELIMIT_ENABLE = True
    settings.HARDENED_ADDRESS_RATES = {"address": "3/m"}
    store = AskedStore()
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: store)
    monkeypatch.setattr(visits, "_refused", LogWindow())
    return store


def statuses(send: Sender, count: int, **sent: Any) -> list[int]:
    return [send.through(RateLimitMiddleware, **sent).response.status_code for _ in range(count)]


def test_exactly_so_many(send: Sender) -> None:
    assert statuses(send, 6) == [200] * 3 + [429] * 3
    assert statuses(send, 1, peer="203.0.113.10") == [200]


def test_what_is_refused_does_not_arrive(send: Sender) -> None:
    statuses(send, 3)
    exchange = send.through(RateLimitMiddleware)
    assert exchange.arrived == []
    assert exchange.response["Retry-After"] == "61"
    assert exchange.response["Cache-Control"] == "no-store"
    assert exchange.response["RateLimit-Policy"] == '"address";q=3;w=60'


def test_retry_after_is_exact(send: Sender, store: AskedStore) -> None:
    statuses(send, 3)
    wait = int(send.through(RateLimitMiddleware).response["Retry-After"])
    store.now += wait - 2
    assert statuses(send, 1) == [429]
    store.now += 2
    assert statuses(send, 1) == [200]


def test_what_is_admitted_is_told(send: Sender) -> None:
    response = send.through(RateLimitMiddleware).response
    assert response["RateLimit-Policy"] == '"address";q=3;w=60'
    assert response["RateLimit"] == '"address";r=2;t=61'
    assert "Retry-After" not in response


def test_several_rates(send: Sender, settings: Any) -> None:
    settings.HARDENED_ADDRESS_RATES = {"burst": (2, 10), "sustained": "100/h"}
    response = send.through(RateLimitMiddleware).response
    assert response["RateLimit-Policy"] == '"burst";q=2;w=10, "sustained";q=100;w=3600'
    assert statuses(send, 2) == [200, 429]


def test_no_rate(send: Sender, settings: Any, store: AskedStore) -> None:
    settings.HARDENED_ADDRESS_RATES = {}
    assert statuses(send, 10) == [200] * 10
    assert store.calls == []


def test_limits_are_off(send: Sender, settings: Any, store: AskedStore) -> None:
    settings.RATELIMIT_ENABLE = False
    assert statuses(send, 10, headers=[("Authorization", "Token x")]) == [200] * 10
    assert store.calls == []


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"]
)
def test_no_header_is_a_new_client(send: Sender, header: str) -> None:
    found = [
        send.through(RateLimitMiddleware, headers=[(header, f"192.0.2.{number}")])
        for number in range(5)
    ]
    assert [exchange.response.status_code for exchange in found] == [200] * 3 + [429] * 2


def test_networks_of_ipv6(send: Sender) -> None:
    """3 of a /64, four times that of a /56, sixteen times that of a /48."""
    admitted = [
        statuses(send, 1, peer=f"2001:db8:1:{network:x}::{host:x}")[0]
        for network in range(0, 0x10000, 0x80)
        for host in range(1, 5)
    ]
    assert admitted[:4] == [200] * 3 + [429]
    assert admitted.count(200) == 48


def test_mapped_addresses_are_clients_of_their_own(send: Sender) -> None:
    assert [statuses(send, 1, peer=f"::ffff:203.0.113.{number}")[0] for number in range(200)] == [
        200
    ] * 200
    assert statuses(send, 4, peer="198.51.100.1") == [200] * 3 + [429]
    assert statuses(send, 1, peer="::ffff:198.51.100.1") == [429]


@pytest.mark.parametrize("odd", ["", "unknown", "x" * 10_000, "1.2.3", "\ud800", "\0"])
def test_what_is_no_address_shares_one_bucket(send: Sender, odd: str) -> None:
    assert statuses(send, 2, peer="nonsense") == [200] * 2
    assert statuses(send, 2, peer=odd) == [200, 429]


def test_the_order_of_the_defaults(send: Sender, settings: Any) -> None:
    """Health checks and foreign hosts are not counted; a refusal costs no session."""
    settings.MIDDLEWARE = [*defaults.MIDDLEWARE]
    settings.HARDENED_HEALTH_PATHS = ["/healthz"]
    for _ in range(5):
        assert send.get("/healthz", host="testserver").status_code == 200
        assert send.get("/", host="elsewhere.example").status_code == 421
    found = [send.get("/", host="testserver") for _ in range(4)]
    assert [response.status_code for response in found] == [404] * 3 + [429]


def test_one_line_in_the_log(send: Sender, caplog: pytest.LogCaptureFixture) -> None:
    statuses(send, 9)
    assert caplog.messages == [f"Refused a request from '{PEER}': it sends too many."]


def test_a_long_address_is_cut_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    statuses(Sender(is_async=False), 4, peer="x" * 10_000)
    assert len(caplog.messages[0]) < 200


def test_the_store_is_lost_and_the_policy_is_to_deny(send: Sender, store: AskedStore) -> None:
    store.is_down = True
    exchange = send.through(RateLimitMiddleware)
    assert exchange.arrived == []
    assert exchange.response.status_code == 503
    assert exchange.response["Retry-After"] == "5"


def test_what_nobody_refuses_is_given_back(send: Sender, settings: Any) -> None:
    settings.HARDENED_ADDRESS_RATES = {}
    settings.HARDENED_LOGIN_RATES = {"address": "2/m"}
    assert statuses(send, 20, headers=[("Authorization", "Token x")]) == [200] * 20


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"address": "many"}, "'many' is no rate"),
        ({"login-address": "1/m"}, "'login-address'"),
        ("100/m", "no dictionary of rates"),
        ({"address": None}, "is no rate"),
        ({"address": ["1", "2"]}, "is no rate"),
    ],
)
def test_a_wrong_rate_stops_the_start(settings: Any, rates: Any, message: str) -> None:
    settings.HARDENED_ADDRESS_RATES = rates
    with pytest.raises(ImproperlyConfigured, match=message):
        RateLimitMiddleware(lambda request: None)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"account": "5"}, "'5' is no rate"),
        ({"adress": "5/m"}, "'adress': it may have 'account' and 'address'"),
        ([("account", "5/m")], "no dictionary of rates"),
    ],
)
def test_a_wrong_rate_of_logins_stops_the_start(settings: Any, rates: Any, message: str) -> None:
    settings.HARDENED_LOGIN_RATES = rates
    with pytest.raises(ImproperlyConfigured, match=message):
        RateLimitMiddleware(lambda request: None)  # type: ignore[arg-type,return-value]


def test_rates_are_read_late(send: Sender, settings: Any) -> None:
    assert statuses(send, 4) == [200] * 3 + [429]
    settings.HARDENED_ADDRESS_RATES = {"address": (5, 60)}
    assert statuses(send, 6) == [200] * 5 + [429]
