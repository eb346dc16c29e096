"""``RateLimitMiddleware``: who asks for too much, or guesses, ends here before anything is done."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from django_hardened.middleware.base import GetResponse, Middleware
from django_hardened.ratelimit import answers, configured
from django_hardened.ratelimit.decisions import LimiterUnavailable
from django_hardened.ratelimit.logins import LIMITER
from django_hardened.ratelimit.stores import get_store
from django_hardened.ratelimit.visits import Visit


class RateLimitMiddleware(Middleware):
    """Limit the requests of each address, and the wrong credentials.

    ``HARDENED_ADDRESS_RATES`` is for all requests. A request with an ``Authorization`` header
    reserves one of the failures that ``HARDENED_LOGIN_RATES`` admits; so does each login that
    ``LoginProtectionBackend`` sees. What was right gives its reservation back.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        # A rate that cannot be read, or nowhere to count, stops the start, and not the first
        # request.
        configured.address_limits()
        configured.login_limits()
        get_store()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.async_mode:
            return self.__acall__(request)
        visit = Visit(request)
        try:
            decision = LIMITER.hit_all(visit.counted())
        except LimiterUnavailable:
            return answers.unavailable()
        if not decision.allowed:
            return visit.refuse(decision)
        visit.begin(decision)
        with visit:
            response = cast(HttpResponseBase, self.get_response(request))
        if visit.end(response):
            visit.settle()
        return visit.answer(response)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        visit = Visit(request)
        try:
            decision = await LIMITER.ahit_all(visit.counted())
        except LimiterUnavailable:
            return answers.unavailable()
        if not decision.allowed:
            return await sync_to_async(visit.refuse)(decision)
        visit.begin(decision)
        with visit:
            response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
        if visit.end(response):
            await sync_to_async(visit.settle, thread_sensitive=False)()
        return visit.answer(response)
