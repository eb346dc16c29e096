"""One class for sync and async: the decision is made once, and only the waiting differs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class Middleware:
    """What all kinds share."""

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.async_mode = iscoroutinefunction(get_response)
        if self.async_mode:
            markcoroutinefunction(cast(Callable[..., object], self))


class RequestMiddleware(Middleware):
    """Middleware that looks at the request only: it changes it, or answers in its stead."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.async_mode:
            return self.__acall__(request)
        response = self.process_request(request)
        return self.get_response(request) if response is None else response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        response = await self.aprocess_request(request)
        if response is None:
            return await cast(Awaitable[HttpResponseBase], self.get_response(request))
        return response

    @staticmethod
    def forget_what_was_read(request: HttpRequest) -> None:
        """Drop what Django has derived from the header fields and keeps on the request."""
        request.__dict__.pop("headers", None)
        request.__dict__.pop("_current_scheme_host", None)

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        """Change ``request`` in place, or return the response that ends it."""
        raise NotImplementedError

    async def aprocess_request(self, request: HttpRequest) -> HttpResponseBase | None:
        """As :meth:`process_request`; for middleware that has something to wait for."""
        return self.process_request(request)


class ResponseMiddleware(Middleware):
    """Middleware that looks at the response only, with the request as the view has left it."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.async_mode:
            return self.__acall__(request)
        response = cast(HttpResponseBase, self.get_response(request))
        self.process_response(request, response)
        return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
        self.process_response(request, response)
        return response

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Change ``response`` in place."""
        raise NotImplementedError
