"""Problem details (RFC 9457) for what is refused, where a client asks for them."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import Throttled
from rest_framework.response import Response

from django_hardened.ratelimit.answers import PROBLEM_MEDIA_TYPE, problem
from django_hardened.ratelimit.told import statuses


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Do what REST framework's handler does; for ``EXCEPTION_HANDLER``.

    A client whose ``Accept`` names ``application/problem+json`` gets a 429 in that form.
    """
    # Not before: the views import all that REST_FRAMEWORK names, and where one of these is missing,
    # this is not to be blamed.
    from rest_framework.views import exception_handler as plain_handler  # noqa: PLC0415

    response = plain_handler(error, context)
    request = context.get("request")
    if response is None or request is None or not isinstance(error, Throttled):
        return response
    if PROBLEM_MEDIA_TYPE not in str(request.META.get("HTTP_ACCEPT", "")).lower():
        return response
    response.data = problem(statuses(request)) | {"detail": error.detail}
    response.content_type = PROBLEM_MEDIA_TYPE
    return response
