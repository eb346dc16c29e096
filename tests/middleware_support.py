"""One way to send a request through middleware, sync and async."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory

PEER = "203.0.113.9"


@dataclass
class Exchange:
    """What came back, and the requests that arrived at the view."""

    response: Any = None
    arrived: list[HttpRequest] = field(default_factory=list)

    @property
    def request(self) -> Any:
        (request,) = self.arrived
        return request


@dataclass(frozen=True)
class Sender:
    """Sends the same request as WSGI or as ASGI."""

    is_async: bool

    def request(self, **sent: Any) -> HttpRequest:
        """A request as the server makes it; ``sent`` as for :meth:`through`."""
        if self.is_async:
            return AsyncRequestFactory().request(**_scope(**sent))
        return RequestFactory().request(**_environ(**sent))

    def handler(self, exchange: Exchange) -> Callable[[HttpRequest], Any]:
        """A view, or the async twin of it, that notes the request."""

        def handle(request: HttpRequest) -> HttpResponse:
            exchange.arrived.append(request)
            return HttpResponse("from the view")

        async def ahandle(request: HttpRequest) -> HttpResponse:
            return handle(request)

        return ahandle if self.is_async else handle

    def call(self, handler: Callable[[HttpRequest], Any], request: HttpRequest) -> Any:
        return async_to_sync(handler)(request) if self.is_async else handler(request)

    def through(self, *middleware: Callable[..., Any], **sent: Any) -> Exchange:
        """Send a request through ``middleware``, the first of them outermost."""
        return self.on(self.request(**sent), *middleware)

    def on(self, request: HttpRequest, *middleware: Callable[..., Any]) -> Exchange:
        """As :meth:`through`, for a request that is there already."""
        exchange = Exchange()
        handler = self.handler(exchange)
        for layer in reversed(middleware):
            handler = layer(handler)
        exchange.response = self.call(handler, request)
        return exchange

    def get(self, path: str, method: str = "GET", **sent: Any) -> Any:
        """Send a request through the whole of the settings' MIDDLEWARE and ROOT_URLCONF."""
        if self.is_async:
            return async_to_sync(AsyncClient().request)(**_scope(path, method, **sent))
        return Client().request(**_environ(path, method, **sent))


def _environ(
    path: str = "/",
    method: str = "GET",
    *,
    host: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    peer: str = PEER,
    scheme: str = "http",
    server: tuple[str, str] = ("testserver", "80"),
) -> dict[str, Any]:
    """As PEP 3333 has it. Servers join fields of one name with a comma."""
    environ: dict[str, Any] = {
        "PATH_INFO": path,
        "REQUEST_METHOD": method,
        "REMOTE_ADDR": peer,
        "SERVER_NAME": server[0],
        "SERVER_PORT": server[1],
        "wsgi.url_scheme": scheme,
    }
    for name, value in [*([] if host is None else [("Host", host)]), *headers]:
        key = "HTTP_" + name.upper().replace("-", "_")
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _scope(
    path: str = "/",
    method: str = "GET",
    *,
    host: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    peer: str = PEER,
    scheme: str = "http",
    server: tuple[str, str] = ("testserver", "80"),
) -> dict[str, Any]:
    """As the ASGI specification has it: a peer on a unix socket is None."""
    fields = [*([] if host is None else [("Host", host)]), *headers]
    return {
        "path": path,
        "method": method,
        "scheme": scheme,
        "server": server,
        "client": (peer, 4711) if peer else None,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in fields],
    }


def body_of(response: Any) -> str:
    """Return the text of a response, streams included."""
    if not response.streaming:
        return str(response.content.decode())
    if not response.is_async:
        return b"".join(response.streaming_content).decode()

    async def join() -> str:
        return b"".join([part async for part in response.streaming_content]).decode()

    return str(async_to_sync(join)())
