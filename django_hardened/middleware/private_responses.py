"""``PrivateResponseMiddleware``: what is made for one person is kept by no cache on the way."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from django_hardened.middleware.base import ResponseMiddleware
from django_hardened.private_responses import mark_private


class PrivateResponseMiddleware(ResponseMiddleware):
    """Mark responses to known users, or to credentials, ``private, no-store``.

    Only where the view has not said itself who may keep them. It belongs below
    ``UpdateCacheMiddleware``, which then does not store them.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> None:
        mark_private(request, response)
