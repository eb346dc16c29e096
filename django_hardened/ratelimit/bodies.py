"""A field of a query, a form or a JSON body, read before the view reads it."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, RawPostDataException, UnreadablePostError

# DATA_UPLOAD_MAX_MEMORY_SIZE, also where a project has none: as much is parsed for a limit, and a
# client cannot hide a field behind padding that the view would still read.
_MAX_BYTES = 2_621_440
_PROBLEM = "_hardened_form_problem"


def query_field(request: HttpRequest, name: str) -> str:
    """Return the field ``name`` of the query; empty where it has none, or too many."""
    try:
        return request.GET.get(name, "")
    except SuspiciousOperation:
        return ""  # for the view to find out, if it reads it


def form_field(request: Any, name: str) -> str:
    """Return the field ``name`` of a form; empty where it has none, or cannot be read.

    Why it cannot is said once by Django, which shows an empty form from then on: it is kept for
    :func:`raise_problem`.
    """
    try:
        return str(request.POST.get(name, ""))
    except Exception as error:  # noqa: BLE001  # raised once the request has been counted
        setattr(request, _PROBLEM, error)
        return ""


def raise_problem(request: Any) -> None:
    """Raise what kept a form from being read, as the view would have."""
    problem: Exception | None = vars(request).pop(_PROBLEM, None)
    if problem is not None:
        raise problem


def json_field(request: HttpRequest, name: str) -> str:
    """Return the text or number called ``name``; empty where there is none to be had.

    The media type is not asked: a view that reads JSON whatever it is called is limited as well.
    """
    try:
        body = _body(request)
        data = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return ""
    value = data.get(name) if isinstance(data, dict) else None
    return str(value) if isinstance(value, str | int | float) else ""


def _body(request: HttpRequest) -> bytes:
    try:
        body = request.body
    except (RequestDataTooBig, RawPostDataException, UnreadablePostError):
        return b""  # for the view to find out, if it reads it
    is_bounded = settings.DATA_UPLOAD_MAX_MEMORY_SIZE is not None
    return body if is_bounded or len(body) <= _MAX_BYTES else b""
