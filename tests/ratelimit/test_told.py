"""A request that meets several limits is told each of them once, whoever refuses."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from ratelimit_support import AskedStore
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened.drf.throttling import AnonRateThrottle, BurstRateThrottle
from django_hardened.ratelimit import ratelimit

POLICY, STANDING = "RateLimit-Policy", "RateLimit"


@ratelimit("one", key="ip", rate="2/m")
@ratelimit("address", key="ip", rate="5/m")
def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@ratelimit("one", key="ip", rate="2/m")
async def asynchronous(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


class Api(APIView):
    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    throttle_classes = [AnonRateThrottle, BurstRateThrottle]

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


@pytest.fixture(autouse=True)
def _site(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    store = AskedStore()
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: store)
    settings.RATELIMIT_ENABLE = True
    settings.MIDDLEWARE = ["django_hardened.middleware.RateLimitMiddleware"]
    settings.ROOT_URLCONF = (
        path("plain/", plain),
        path("async/", asynchronous),
        path("api/", Api.as_view()),
        path("none/", lambda request: HttpResponse()),
    )
    settings.HARDENED_ADDRESS_RATES = {"address": "3/m", "hour": "100/h"}
    settings.REST_FRAMEWORK = django_settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": {"anon": "2/m", "burst": "9/m"}
    }


def test_a_view_without_limits_is_told_those_of_the_middleware(client: Client) -> None:
    response = client.get("/none/")
    assert response[POLICY] == '"address";q=3;w=60, "hour";q=100;w=3600'
    assert response[STANDING] == '"address";r=2;t=61, "hour";r=99;t=3644'


def test_throttles_and_the_middleware(client: Client) -> None:
    allowed, _, refused, at_the_door = [client.get("/api/") for _ in range(4)]
    policy = '"anon";q=2;w=60, "burst";q=9;w=60, "address";q=3;w=60, "hour";q=100;w=3600'
    assert allowed[POLICY] == refused[POLICY] == policy
    assert allowed[STANDING].startswith('"anon";r=1;t=61, "burst";r=8;t=61, "address";r=2;t=61, ')
    assert (refused.status_code, refused["Retry-After"]) == (429, "61")
    # What the throttles refuse, the middleware has counted.
    assert refused[STANDING].startswith('"anon";r=0;t=61, "burst";r=7;t=61, "address";r=0;t=61, ')
    assert at_the_door.status_code == 429
    assert at_the_door[POLICY] == '"address";q=3;w=60, "hour";q=100;w=3600'


def test_of_two_limits_with_one_name_the_tighter_is_told(client: Client) -> None:
    allowed, _, refused = [client.get("/plain/") for _ in range(3)]
    policy = '"one";q=2;w=60, "address";q=3;w=60, "hour";q=100;w=3600'
    assert allowed[POLICY] == refused[POLICY] == policy
    assert (refused.status_code, refused["Retry-After"]) == (429, "61")
    assert refused[STANDING].startswith('"one";r=0;t=61, "address";r=0;t=61, "hour";r=97;t=')


async def _get_async(times: int) -> list[Any]:
    client = AsyncClient()
    return [await client.get("/async/") for _ in range(times)]


def test_an_async_view() -> None:
    allowed, _, refused = async_to_sync(_get_async)(3)
    policy = '"one";q=2;w=60, "address";q=3;w=60, "hour";q=100;w=3600'
    assert allowed[POLICY] == refused[POLICY] == policy
    assert refused.status_code == 429
