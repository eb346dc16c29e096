"""A field of a JSON body, read before the view reads it."""

from __future__ import annotations

import json

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, RawPostDataException, UnreadablePostError

# DATA_UPLOAD_MAX_MEMORY_SIZE, also where a project has none: as much is parsed for a limit, and a
# client cannot hide a field behind padding that the view would still read.
_MAX_BYTES = 2_621_440


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
