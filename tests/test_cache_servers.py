"""Tenants and their entries, on each kind of cache, sync and async."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from cache_servers_support import KINDS, cache_server
from django.core.cache import caches
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from django.views.decorators.cache import cache_page as stock_cache_page
from site_support import PIN

from django_hardened.asgi import _Handler
from django_hardened.cache import cache_page, host_context, make_key, pin_host
from django_hardened.middleware.asgi_hosts import HostPinning

TENANTS = ("t1.example.com", "t2.example.com")
FRAGMENT = "{% load cache %}{% cache 60 menu using='default' %}{{ value }}{% endcache %}"
KEY_FUNCTION = "django_hardened.cache.make_key"


class LoggingMiddleware:
    """Stands in front of the pin, and uses the cache for each request."""

    sync_capable = async_capable = True
    seen: list[str] = []

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            from asgiref.sync import markcoroutinefunction

            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        self.seen.append(make_key("key", "", 1))
        return self.get_response(request)


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())


def fragment(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string(FRAGMENT)
    return HttpResponse(template.render({"value": request.get_host()}))


def low_level(request: HttpRequest) -> HttpResponse:
    return HttpResponse(caches["default"].get_or_set("menu", request.get_host()))


async def alow_level(request: HttpRequest) -> HttpResponse:
    return HttpResponse(await caches["default"].aget_or_set("menu", request.get_host()))


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def body() -> Iterator[str]:
        yield caches["default"].get_or_set("menu", request.get_host())
        yield " "
        yield caches["default"].get("menu", "nothing")

    return StreamingHttpResponse(body())


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def body() -> AsyncIterator[str]:
        yield await caches["default"].aget_or_set("menu", request.get_host())
        yield " "
        yield await sync_to_async(caches["default"].get)("menu", "nothing")

    return StreamingHttpResponse(body())


VIEWS = {
    "page": cache_page(60)(page),
    "stock-page": stock_cache_page(60)(page),
    "fragment": fragment,
    "low-level": low_level,
    "alow-level": alow_level,
    "stream": stream,
    "astream": astream,
}
URLS = tuple(path(f"{name}/", view) for name, view in VIEWS.items())


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    with cache_server(request.param) as config:
        yield config


@pytest.fixture
def site(server: dict[str, Any]) -> Iterator[None]:
    middleware = [f"{__name__}.LoggingMiddleware", PIN]
    with override_settings(
        ALLOWED_HOSTS=[*TENANTS, "testserver"],
        CACHES={"default": {**server, "KEY_FUNCTION": KEY_FUNCTION}},
        MIDDLEWARE=middleware,
        ROOT_URLCONF=URLS,
    ):
        caches["default"].clear()
        LoggingMiddleware.seen.clear()
        yield
        caches["default"].clear()
        caches["default"].close()
        pin_host("")


@pytest.fixture(params=["sync", "async"])
def get(request: pytest.FixtureRequest, site: None) -> Any:
    def get(name: str, host: str) -> Any:
        if request.param == "sync":
            return _joined(Client().get(f"/{name}/", headers={"Host": host}))
        return async_to_sync(aget)(name, host)

    async def aget(name: str, host: str) -> Any:
        # The host is in a header that the test client has a default of.
        client = AsyncClient()
        response = await client.request(
            method="GET",
            path=f"/{name}/",
            server=("127.0.0.1", "80"),
            scheme="http",
            headers=[(b"host", host.encode())],
        )
        return await _ajoined(response)

    return get


def _joined(response: Any) -> tuple[int, str]:
    content = b"".join(response) if response.streaming else response.content
    return response.status_code, content.decode()


async def _ajoined(response: Any) -> tuple[int, str]:
    if not response.streaming:
        return response.status_code, response.content.decode()
    return response.status_code, b"".join([part async for part in response]).decode()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
@pytest.mark.parametrize("name", VIEWS)
def test_no_tenant_sees_what_another_has_stored(get: Any, name: str) -> None:
    for _ in range(2):
        for host in TENANTS:
            status, body = get(name, host)
            assert (status, set(body.split())) == (200, {host})


@pytest.mark.parametrize("name", ["fragment", "low-level", "alow-level"])
def test_without_the_function_they_do(get: Any, server: dict[str, Any], name: str) -> None:
    """What the test above would see of stock Django."""
    with override_settings(CACHES={"default": server}):
        caches["default"].clear()
        assert {get(name, host)[1] for host in TENANTS} == {TENANTS[0]}
        caches["default"].clear()


def test_a_task_changes_what_the_tenant_sees(get: Any) -> None:
    @host_context(TENANTS[0])
    def task() -> None:
        caches["default"].set("menu", "from the task")

    def other_task() -> Any:
        return caches["default"].get("menu")

    def disconnect() -> None:  # a connection is a thread's own
        caches["default"].close()

    with ThreadPoolExecutor(1) as worker:
        worker.submit(task).result()
        assert worker.submit(other_task).result() is None
        worker.submit(disconnect).result()
    assert get("low-level", TENANTS[0])[1] == "from the task"
    assert get("low-level", TENANTS[1])[1] == TENANTS[1]


@pytest.mark.parametrize("key", ["a b", "ü" * 200, "line\nfeed", "x" * 300, "\x00", "sha256$x"])
@pytest.mark.usefixtures("site")
def test_each_key_is_kept_and_found(key: str) -> None:
    cache = caches["default"]
    for host in TENANTS:
        with host_context(host):
            cache.set(key, host)
    for host in TENANTS:
        with host_context(host):
            assert cache.get(key) == host
            assert cache.get_many([key, "other"]) == {key: host}
            cache.incr_version(key)
            assert cache.get(key) is None
            assert cache.get(key, version=2) == host


REFUSED = [("evil.example", 421), ("a@b", 400)]


def test_a_refused_request_has_the_host_of_no_other(get: Any) -> None:
    for host, status in REFUSED:
        get("low-level", TENANTS[0])
        assert get("low-level", host)[0] == status
        assert make_key("key", "", 1) == ":1::key"


@pytest.mark.usefixtures("site")
def test_what_stands_in_front_of_the_pin_has_no_host_either() -> None:
    for host, status in REFUSED:
        assert Client().get("/low-level/", headers={"Host": TENANTS[0]}).status_code == 200
        assert Client().get("/low-level/", headers={"Host": host}).status_code == status
    assert LoggingMiddleware.seen == [":1::key"] * 4


@pytest.mark.usefixtures("site")
def test_pipelined_requests_share_a_context_and_no_host() -> None:
    async def pipelined() -> list[int]:
        hosts = [TENANTS[0], "evil.example", TENANTS[1]]
        return [await _answer(_Handler(), host) for host in hosts]

    assert asyncio.run(pipelined()) == [200, 421, 200]
    assert LoggingMiddleware.seen == [":1::key"] * 3


@pytest.mark.usefixtures("site")
def test_what_the_wrapper_has_pinned_stays_pinned() -> None:
    async def wrapped(handler: Any) -> list[int]:
        return [await _answer(HostPinning(handler), host) for host in TENANTS]

    for handler in (_Handler, ASGIHandler):
        LoggingMiddleware.seen.clear()
        with override_settings(MIDDLEWARE=[f"{__name__}.LoggingMiddleware"]):
            assert asyncio.run(wrapped(handler())) == [200, 200]
        assert LoggingMiddleware.seen == [f":1:{host}:key" for host in TENANTS]


async def _answer(application: Any, host: str) -> int:
    """Send a request in this context, and return the status of the response."""
    statuses = []
    received = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return received.pop() if received else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/low-level/",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
    }
    await application(scope, receive, send)
    return int(statuses[0])
