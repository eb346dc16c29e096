"""``HeadersMiddleware``: the response headers of the whole site, whoever makes the response."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from django_hardened.header_plan import HeaderPlan
from django_hardened.header_settings import header_plan
from django_hardened.middleware.base import GetResponse, Middleware
from django_hardened.nonces import give_nonce, keep_nonces_from_caches
from django_hardened.response_headers import finish


class HeadersMiddleware(Middleware):
    """Send the header fields that browsers enforce, the policy among them.

    It belongs in front of all other middleware: what they refuse has a header too. It reads no
    host, and of the request no more than its path, its scheme, and the view that answered.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        # What cannot be used stops the start, and not the first request.
        header_plan().bundle("", None)
        keep_nonces_from_caches()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        plan = header_plan()
        if plan.gives_nonces:
            give_nonce(request)
        if self.async_mode:
            return self.__acall__(request, plan)
        response = cast(HttpResponseBase, self.get_response(request))
        finish(request, response, plan)
        return response

    async def __acall__(self, request: HttpRequest, plan: HeaderPlan) -> HttpResponseBase:
        response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
        finish(request, response, plan)
        return response
