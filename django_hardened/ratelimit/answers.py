"""What a client gets that has had enough: 429, always with the second in which to come back.

Constant but for the number: no template, no view, nothing that the client sent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from django_hardened.ratelimit.decisions import Decision, Status
from django_hardened.ratelimit.fields import fields

# draft-ietf-httpapi-ratelimit-headers-10 section 4.
PROBLEM_MEDIA_TYPE = "application/problem+json"
PROBLEM_TYPE = "https://iana.org/assignments/http-problem-types#quota-exceeded"
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Too many requests</title>'
    "<p>Too many requests. Try again in {seconds} s."
)
UNAVAILABLE_SECONDS = 5


def too_many(request: HttpRequest, decision: Decision) -> HttpResponse:
    """Return the answer to a refused request, in the form that the client accepts."""
    accepts = str(request.META.get("HTTP_ACCEPT", "")).lower()
    if PROBLEM_MEDIA_TYPE in accepts:
        content_type, content = PROBLEM_MEDIA_TYPE, json.dumps(problem(decision.statuses))
    elif "text/html" in accepts and "application/json" not in accepts:
        content_type = "text/html; charset=utf-8"
        content = _PAGE.format(seconds=decision.retry_after)
    else:
        content_type, content = "application/json", json.dumps({"detail": detail(decision)})
    response = _answer(429, content, content_type)
    for name, value in fields(decision.statuses).items():
        response[name] = value
    return response


def detail(decision: Decision) -> str:
    """Return the sentence that REST framework has for it."""
    return _detail(decision.retry_after)


def problem(statuses: Sequence[Status]) -> dict[str, object]:
    """Return the problem details (RFC 9457) of a refusal."""
    refusing = [status for status in statuses if status.retry_after]
    return {
        "type": PROBLEM_TYPE,
        "title": "Too Many Requests",
        "status": 429,
        "detail": _detail(max((status.retry_after for status in refusing), default=0)),
        "violated-policies": list(dict.fromkeys(status.limit.name for status in refusing)),
    }


def _detail(seconds: int) -> str:
    unit = "second" if seconds == 1 else "seconds"
    return f"Request was throttled. Expected available in {seconds} {unit}."


def unavailable() -> HttpResponse:
    """Return the answer where nothing can be counted, and the policy is to deny."""
    response = _answer(503, "Service Unavailable\n", "text/plain; charset=utf-8")
    response["Retry-After"] = str(UNAVAILABLE_SECONDS)
    return response


def _answer(status: int, content: str, content_type: str) -> HttpResponse:
    response = HttpResponse(
        content,
        status=status,
        content_type=content_type,
        headers={"Cache-Control": "no-store", "Vary": "Accept"},
    )
    # By Django, once for each request: whoever is to be kept out would write the log.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response
