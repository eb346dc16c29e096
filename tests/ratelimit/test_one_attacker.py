"""One attacker at 10 an hour, through every middleware: ten are admitted, whatever is forged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from ratelimit_support import AskedStore
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened import defaults
from django_hardened.drf.throttling import AnonRateThrottle, UserRateThrottle
from django_hardened.ratelimit import ratelimit

PEER = "203.0.113.9"
TIMES = 1000
# What one package or another takes for the address of a client.
FORGED = {
    "X-Forwarded-For": "{0}",
    "X-Forwarded-For, a list": "{0}, 10.0.0.1, {0}",
    "X-Real-IP": "{0}",
    "Forwarded": "for={0};proto=https",
    "Client-IP": "{0}",
    "X-Client-IP": "{0}",
    "X-Cluster-Client-IP": "{0}",
    "True-Client-IP": "{0}",
    "CF-Connecting-IP": "{0}",
    "Fastly-Client-IP": "{0}",
    "X-Originating-IP": "{0}",
    "X-Remote-Addr": "{0}",
    "X-ProxyUser-IP": "{0}",
    "Via": "1.1 {0}",
    "User-Agent": "Agent {0}",
    "Accept-Language": "de;q=0.{0}",
    "Cookie": "sessionid={0}; csrftoken={0}",
}


@ratelimit("one", key="ip", rate="10/h")
def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@ratelimit("signed-in", key="user_or_ip", rate="10/h")
async def asynchronous(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def unlimited(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


class Api(APIView):
    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    throttle_classes = [AnonRateThrottle, UserRateThrottle]

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


URLS = (
    path("plain/", plain),
    path("async/", asynchronous),
    path("api/", Api.as_view()),
    path("middleware/", unlimited),
)
PLACES = ["plain", "async", "api", "middleware"]
_NEED_TABLES = ("SessionMiddleware", "AuthenticationMiddleware", "MessageMiddleware")
Ask = Callable[..., Any]


@pytest.fixture(params=PLACES)
def ask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Ask:
    """Send a request to a place where the limit acts."""
    store = AskedStore()
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: store)
    settings.RATELIMIT_ENABLE = True
    settings.ROOT_URLCONF = URLS
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SECURE_SSL_REDIRECT = False
    settings.HARDENED_TRUSTED_PROXIES = []
    settings.HARDENED_ADDRESS_RATES = {
        "address": "10/h" if request.param == "middleware" else "100000/h"
    }
    settings.MIDDLEWARE = [name for name in defaults.MIDDLEWARE if not name.endswith(_NEED_TABLES)]
    settings.REST_FRAMEWORK = django_settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": {"anon": "10/h", "user": "1000/h"},
        "NUM_PROXIES": None,  # as REST framework has it
    }
    client = Client(raise_request_exception=True)

    def send(address: str | None = PEER, headers: dict[str, str] | None = None) -> Any:
        extra: dict[str, Any] = {"REMOTE_ADDR": address}
        return client.get(f"/{request.param}/", headers=headers or {}, **extra)

    return send


@pytest.mark.parametrize("forged", FORGED)
def test_no_header_makes_another_client(ask: Ask, forged: str) -> None:
    name, template = forged.partition(",")[0], FORGED[forged]
    outcomes = [
        ask(headers={name: template.format(f"198.51.{n // 256}.{n % 256}")}).status_code
        for n in range(30)
    ]
    assert outcomes == [200] * 10 + [429] * 20


def test_a_thousand_forged_headers_admit_ten(ask: Ask) -> None:
    forged = list(FORGED.items())
    outcomes = []
    for n in range(TIMES):
        name, template = forged[n % len(forged)]
        header = {name.partition(",")[0]: template.format(f"198.51.{n // 256}.{n % 256}")}
        outcomes.append(ask(headers=header).status_code)
    assert outcomes.count(200) == 10
    assert set(outcomes) == {200, 429}


def test_all_forged_at_once_with_ports_and_odd_spellings_of_one_address(ask: Ask) -> None:
    spelled = [PEER, f"{PEER}:4711", f"[{PEER}]", f" {PEER} ", f"::ffff:{PEER}", "::FFFF:cb00:7109"]
    outcomes = []
    for n in range(TIMES):
        ip = f"198.51.{n // 256}.{n % 256}"
        headers = {name.partition(",")[0]: text.format(ip) for name, text in FORGED.items()}
        outcomes.append(ask(spelled[n % len(spelled)], headers).status_code)
    assert outcomes.count(200) == 10


def test_whoever_rotates_through_a_48_gets_sixteen_times_the_limit_at_most(ask: Ask) -> None:
    outcomes = [ask(f"2001:db8:1:{n:x}::{n:x}").status_code for n in range(TIMES)]
    assert 0 < outcomes.count(200) <= 160


def test_two_hundred_clients_mapped_into_ipv6_are_all_admitted(ask: Ask) -> None:
    assert [ask(f"::ffff:192.0.2.{n}").status_code for n in range(200)] == [200] * 200


def test_what_is_no_address_shares_one_bucket_and_is_no_error(ask: Ask) -> None:
    garbage: list[str | None] = [
        *("", "unknown", "unix:", "a, b", "[::1", "]", "%", "\x00", "\xff", "9" * 9999),
        *(
            "1.2.3",
            "1.2.3.4.5",
            "::1::",
            "0x7f.1",
            "localhost",
            "-",
            "\ud800",
            "\u0661.\u0661.\u0661.\u0661",
        ),
    ]
    outcomes = [ask(address).status_code for address in garbage * 3]
    assert outcomes == [200] * 10 + [429] * (len(outcomes) - 10)
    assert ask().status_code == 200
