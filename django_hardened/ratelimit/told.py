"""What a request has been told of its limits, by whichever of them it has met.

A request may meet several: throttles of REST framework, decorators around one another. Each adds
to what is known, and the fields of the answer are made anew from all of it: each limit is told
once, whoever writes them last.
"""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase

from django_hardened.ratelimit.decisions import Decision, Status
from django_hardened.ratelimit.fields import fields

_ATTRIBUTE = "_hardened_limits"


def remember(request: Any, decision: Decision) -> None:
    """Keep on ``request``, Django's or REST framework's, what was decided about it."""
    vars(_plain(request))[_ATTRIBUTE] = (*statuses(request), *decision.statuses)


def standing(request: Any) -> dict[str, str]:
    """Return ``RateLimit`` and ``RateLimit-Policy`` for all limits that ``request`` has met."""
    made = fields(statuses(request))
    made.pop("Retry-After", None)  # true of refusals only
    return made


def tell(request: Any, response: object) -> None:
    """Write the fields into ``response``, if it is one."""
    if isinstance(response, HttpResponseBase):
        for name, value in standing(request).items():
            response[name] = value


def statuses(request: Any) -> tuple[Status, ...]:
    """Return how all limits stand that ``request`` has met."""
    found: tuple[Status, ...] = vars(_plain(request)).get(_ATTRIBUTE, ())
    return found


def _plain(request: Any) -> Any:
    """Return Django's request, which that of REST framework is wrapped around."""
    return getattr(request, "_request", request)
