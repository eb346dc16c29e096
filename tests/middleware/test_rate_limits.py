"""``RateLimitMiddleware``: who asks for too much is told so, and nothing else is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import override_settings
from ratelimit_support import AskedStore

from django_hardened.middleware import RateLimitMiddleware
from django_hardened.ratelimit import logins, visits
from django_hardened.ratelimit.proven import ProvenHeaders

HOME = "192.0.2.1"


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[AskedStore]:
    """Three requests a minute."""
    store = AskedStore()
    monkeypatch.setattr(logins.LIMITER, "_store", store)
    monkeypatch.setattr(visits, "PROVEN", ProvenHeaders())
    with override_settings(
        RATELIMIT_ENABLE=True, HARDENED_ADDRESS_RATES={"address": "3/m"}, HARDENED_LOGIN_RATES={}
    ):
        yield store


def exchange(send: Any, peer: str = HOME, **sent: Any) -> Any:
    return send.through(RateLimitMiddleware, host="testserver", peer=peer, **sent)


def statuses(send: Any, times: int, peer: str = HOME, **sent: Any) -> list[int]:
    return [exchange(send, peer, **sent).response.status_code for _ in range(times)]


def test_more_than_the_limit_is_too_many(send: Any) -> None:
    assert statuses(send, 5) == [200, 200, 200, 429, 429]
    assert statuses(send, 1, "192.0.2.2") == [200]


def test_a_refusal_ends_there(send: Any) -> None:
    statuses(send, 3)
    ended = exchange(send)
    assert ended.arrived == []
    assert ended.response["Cache-Control"] == "no-store"


def test_a_retry_in_time_is_admitted(send: Any, store: AskedStore) -> None:
    statuses(send, 3)
    seconds = int(exchange(send).response["Retry-After"])
    store.now += seconds - 2
    assert statuses(send, 1) == [429]
    store.now += 2
    assert statuses(send, 1) == [200]


def test_every_response_says_how_it_stands(send: Any) -> None:
    told = [exchange(send).response for _ in range(4)]
    assert {response["RateLimit-Policy"] for response in told} == {'"address";q=3;w=60'}
    assert [response["RateLimit"].partition(";t=")[0] for response in told] == [
        '"address";r=2',
        '"address";r=1',
        '"address";r=0',
        '"address";r=0',
    ]


def test_several_limits_are_one_decision(send: Any, store: AskedStore) -> None:
    with override_settings(HARDENED_ADDRESS_RATES={"burst": "3/s", "sustained": (5, 3600)}):
        found = []
        for _ in range(3):
            found += statuses(send, 4)
            store.now += 2
    assert found == [200, 200, 200, 429, 200, 200, 429, 429, 429, 429, 429, 429]
    assert {len(entries) for entries in store.calls} == {2}
    assert len(store.calls) == 12


def test_a_network_of_ipv6_is_limited_with_its_neighbours(send: Any) -> None:
    assert statuses(send, 4, "2001:db8::1") == [200, 200, 200, 429]
    assert statuses(send, 1, "2001:db8::2") == [429]  # the same /64
    admitted = sum(
        statuses(send, 1, f"2001:db8:7:{number:x}00::1") == [200] for number in range(100)
    )
    assert admitted == 3 * 16


@pytest.mark.parametrize("peer", ["", "unknown", "999.1.1.1", "[", "::ffff:1.2.3.4:80", "\x00"])
def test_what_is_no_address_shares_a_bucket(send: Any, peer: str) -> None:
    assert statuses(send, 3, "nonsense") == [200] * 3
    assert statuses(send, 1, peer) == [429]


def test_a_client_that_takes_json_gets_json(send: Any) -> None:
    statuses(send, 3)
    response = exchange(send, headers=[("Accept", "application/json")]).response
    assert response.status_code == 429
    assert json.loads(response.content)


def test_switched_off(send: Any, store: AskedStore) -> None:
    with override_settings(RATELIMIT_ENABLE=False):
        assert statuses(send, 5) == [200] * 5
    with override_settings(HARDENED_ADDRESS_RATES={}):
        assert statuses(send, 5) == [200] * 5
    assert store.calls == []


def test_when_nothing_can_be_counted(send: Any, store: AskedStore) -> None:
    store.is_down = True
    ended = exchange(send)
    assert (ended.response.status_code, ended.arrived) == (503, [])
    assert (ended.response["Retry-After"], ended.response["Cache-Control"]) == ("5", "no-store")


def test_what_fails_while_a_right_token_is_given_back_is_no_error(
    send: Any, store: AskedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_back(*args: object) -> None:
        from django_hardened.ratelimit.decisions import LimiterUnavailable

        raise LimiterUnavailable

    monkeypatch.setattr(store, "take_back", take_back)
    with override_settings(HARDENED_LOGIN_RATES={"address": "2/m"}):
        response = exchange(send, headers=[("Authorization", "Token x")]).response
    assert response.status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"HARDENED_ADDRESS_RATES": {"address": "many"}},
        {"HARDENED_ADDRESS_RATES": "5/m"},
        {"HARDENED_LOGIN_RATES": {"account": None}},
        {"HARDENED_LOGIN_RATES": {"user": "5/m"}},
        {"HARDENED_RATELIMIT_ON_ERROR": "shrug"},
    ],
    ids=str,
)
def test_a_rate_that_cannot_be_read_stops_the_start(wrong: dict[str, Any]) -> None:
    with override_settings(**wrong), pytest.raises(ImproperlyConfigured, match=next(iter(wrong))):
        RateLimitMiddleware(lambda request: HttpResponse())


def test_by_default(send: Any) -> None:
    with override_settings():
        from django.conf import settings

        del settings.HARDENED_ADDRESS_RATES
        policy = exchange(send).response["RateLimit-Policy"]
    assert policy == '"address";q=1200;w=60'
