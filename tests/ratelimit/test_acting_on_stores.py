"""Throttles and the decorator on each store: exactly N of N, in one question for all limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from servers_support import Server, server

from django_hardened.drf.throttling import AnonRateThrottle, BurstRateThrottle, LoginRateThrottle
from django_hardened.ratelimit import ratelimit, stores

THREADS, EACH, LIMIT = 8, 25, 60
BACKENDS = "django.core.cache.backends."


class Api(APIView):
    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    throttle_classes = [AnonRateThrottle, BurstRateThrottle, LoginRateThrottle]

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


@ratelimit("minute", key="ip", rate=f"{LIMIT}/m")
@ratelimit("day", key="ip", rate="1000/d")
@ratelimit("query", key="get:q", rate="1000/h")
def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


VIEWS = {"throttles": Api.as_view(), "decorator": plain}


@pytest.fixture(scope="module")
def redis_server() -> Iterator[Server]:
    with server("redis") as running:
        yield running


@pytest.fixture(scope="module")
def memcached_server() -> Iterator[Server]:
    with server("memcached") as running:
        yield running


def _config(store: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    if store == "redis":
        port = request.getfixturevalue("redis_server").port
        return {"BACKEND": f"{BACKENDS}redis.RedisCache", "LOCATION": f"redis://127.0.0.1:{port}"}
    if store == "memcached":
        port = request.getfixturevalue("memcached_server").port
        return {
            "BACKEND": f"{BACKENDS}memcached.PyMemcacheCache",
            "LOCATION": f"127.0.0.1:{port}",
        }
    return {"BACKEND": f"{BACKENDS}locmem.LocMemCache"}


@pytest.fixture(params=["embedded", "redis", "memcached"])
def store(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Iterator[str]:
    settings.CACHES = {"default": _config(request.param, request)}
    settings.HARDENED_RATELIMIT_FILE = str(tmp_path / "limits.sqlite3")
    settings.RATELIMIT_ENABLE = True
    settings.SECRET_KEY = tmp_path.name * 4  # nobody has been counted under it
    settings.REST_FRAMEWORK = django_settings.REST_FRAMEWORK | {
        "DEFAULT_THROTTLE_RATES": {"anon": f"{LIMIT}/m", "burst": "1000/m", "login": "1000/h"}
    }
    yield request.param
    for kept in stores._kept.values():
        counting: Any = kept._breakers[0].store
        if request.param == "redis":
            counting._client.connection_pool.disconnect()
        elif request.param == "memcached":
            counting._client.reset()
    stores._kept.clear()
    caches.close_all()


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_all_at_once_admit_the_limit(store: str, view: Callable[..., Any]) -> None:
    start = Barrier(THREADS)

    def send(_: int) -> list[int]:
        start.wait()
        try:
            return [
                view(RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")).status_code
                for _ in range(EACH)
            ]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = [status for statuses in pool.map(send, range(THREADS)) for status in statuses]
    assert outcomes.count(200) == LIMIT
    assert set(outcomes) == {200, 429}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("store", ["redis"], indirect=True)
def test_three_limits_are_one_round_trip(
    store: str, view: Callable[..., Any], redis_server: Server
) -> None:
    redis = pytest.importorskip("redis", reason="the library redis is not installed")
    view(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1"))  # the script is loaded by then
    with redis.Redis(port=redis_server.port) as client:
        client.config_resetstat()
        outcomes = [
            view(RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")).status_code
            for _ in range(LIMIT + 10)
        ]
        asked = client.info("commandstats")
    assert outcomes == [200] * LIMIT + [429] * 10
    # Whatever else is counted, the script itself has called.
    assert asked["cmdstat_evalsha"]["calls"] == LIMIT + 10
    from_outside = asked.keys() - {"cmdstat_get", "cmdstat_set", "cmdstat_time"}
    assert from_outside <= {"cmdstat_evalsha", "cmdstat_config|resetstat", "cmdstat_info"}


def test_the_counts_of_a_test_begin_anew() -> None:
    """As docs/how-to/rate-limits.md has it, whose tests need no store of their own."""
    view = ratelimit("of-tests", key="ip", rate="2/m")(lambda request: HttpResponse())
    for _ in range(3):
        with override_settings(RATELIMIT_ENABLE=True, HARDENED_RATELIMIT_CACHE="of this test"):
            outcomes = [view(RequestFactory().get("/")).status_code for _ in range(3)]
        assert outcomes == [200, 200, 429]
    assert [view(RequestFactory().get("/")).status_code for _ in range(3)] == [200] * 3
