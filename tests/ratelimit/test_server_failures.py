"""A server that is killed, or hangs: never an error, never open, never closed for good."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from servers_support import Server, server
from stores_support import entry

from django_hardened.drf.throttling import AnonRateThrottle
from django_hardened.ratelimit.decisions import LimiterUnavailable
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.stores import get_store

BACKENDS = "django.core.cache.backends."
KINDS = {
    "redis": ("redis", f"{BACKENDS}redis.RedisCache", "redis://127.0.0.1:{port}"),
    "memcached": ("pymemcache", f"{BACKENDS}memcached.PyMemcacheCache", "127.0.0.1:{port}"),
}
LIMIT = Limit(50, 86_400)
Lose = Callable[[Server], None]


def kill(running: Server) -> None:
    running.kill()


def hang(running: Server) -> None:
    running.process.send_signal(signal.SIGSTOP)
    os.waitpid(running.process.pid, os.WUNTRACED)  # until it has stopped


def bring_back(running: Server) -> None:
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGCONT)
    else:
        running.start_again()


lost = pytest.mark.parametrize("lose", [kill, hang])


@pytest.fixture(params=KINDS)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server that counts for the settings."""
    library, backend, location = KINDS[request.param]
    pytest.importorskip(library, reason=f"the library {library} is not installed")
    with server(request.param) as running:
        caches = {"default": {"BACKEND": backend, "LOCATION": location.format(port=running.port)}}
        with override_settings(
            CACHES=caches, HARDENED_RATELIMIT_FILE=str(tmp_path / "ratelimit.sqlite3")
        ):
            yield running


def admitted(name: str, hits: int) -> int:
    return sum(not get_store().hit([entry(name, LIMIT)], 1)[0].wait for _ in range(hits))


def is_shared() -> bool:
    store: Any = get_store()
    return bool(store._breakers[0].is_closed)


def wait_until_shared() -> None:
    until = monotonic() + 20
    while not is_shared():
        assert monotonic() < until
        sleep(0.05)
        get_store().hit([entry("somebody", LIMIT)], 1)


@lost
def test_the_host_counts_meanwhile(
    running: Server, lose: Lose, caplog: pytest.LogCaptureFixture
) -> None:
    assert admitted("before", 60) == 50
    lose(running)
    assert admitted("meanwhile", 200) == 50
    assert not is_shared()
    bring_back(running)
    wait_until_shared()
    assert admitted("after", 60) == 50
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert messages[0].startswith("The rate limits have lost ")
    assert messages[0].endswith("EmbeddedStore counts until it is back.")
    assert messages[1].startswith("The rate limits have ")
    assert messages[1].endswith("Store again.")


@lost
def test_in_the_middle_of_a_crowd(running: Server, lose: Lose) -> None:
    """Each of the two stores admits the limit, and nobody sees an error."""
    with ThreadPoolExecutor(8) as pool:
        crowd = [pool.submit(admitted, "crowd", 300) for _ in range(7)]
        lose(running)
        total = sum(each.result() for each in crowd)
    assert 50 <= total <= 100
    assert admitted("crowd", 20) == 0
    bring_back(running)


@lost
def test_deny(running: Server, lose: Lose) -> None:
    with override_settings(HARDENED_RATELIMIT_ON_ERROR="deny"):
        assert admitted("anybody", 10) == 10
        lose(running)
        for _ in range(20):
            with pytest.raises(LimiterUnavailable):
                get_store().hit([entry("anybody", LIMIT)], 1)
        bring_back(running)
        until = monotonic() + 20
        while True:
            try:
                get_store().hit([entry("anybody", LIMIT)], 1)
                break
            except LimiterUnavailable:
                assert monotonic() < until
                sleep(0.05)


@lost
def test_allow(running: Server, lose: Lose) -> None:
    with override_settings(HARDENED_RATELIMIT_ON_ERROR="allow"):
        assert admitted("anybody", 60) == 50
        lose(running)
        assert admitted("anybody", 200) == 200
        bring_back(running)
        wait_until_shared()


# -- As a site sees it ---------------------------------------------------------------------------


class FiftyADay(AnonRateThrottle):
    rate = "50/day"


class Api(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (FiftyADay,)

    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("", Api.as_view())]


def statuses(requests: int, peer: str) -> Counter[int]:
    client = Client(raise_request_exception=False, REMOTE_ADDR=peer)
    return Counter(client.get("/").status_code for _ in range(requests))


@lost
@override_settings(ROOT_URLCONF=__name__, RATELIMIT_ENABLE=True)
def test_an_api_answers_and_limits(running: Server, lose: Lose) -> None:
    assert statuses(60, "192.0.2.1") == {200: 50, 429: 10}
    lose(running)
    assert statuses(60, "192.0.2.2") == {200: 50, 429: 10}
    with override_settings(HARDENED_RATELIMIT_ON_ERROR="deny"):
        assert statuses(20, "192.0.2.3") == {503: 20}
        response = Client(REMOTE_ADDR="192.0.2.3").get("/")
        assert (response["Retry-After"], response["Cache-Control"]) == ("5", "no-store")
    bring_back(running)
