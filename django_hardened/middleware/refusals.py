"""The answers that end a request before the application: constant, and nothing else has run.

No template, no ``handler400``, nothing that the client sent. ``no-store``, so that no cache in
front keeps the answer for the next visitor.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from django_hardened.header_settings import header_plan
from django_hardened.host_policy import PATH, TARGET, Asked, Refusal
from django_hardened.log_window import LogWindow
from django_hardened.response_headers import header_of_data

_LOGGED_CHARACTERS = 100
_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
HEALTHY = b"ok\n"


def text(status: int) -> bytes:
    """Return the body of a refusal: the phrase of its status."""
    return f"{HTTPStatus(status).phrase}\n".encode()


def plain(status: int, content: bytes, **headers: str) -> HttpResponse:
    """Return an answer with nothing in it but ``content``."""
    response = HttpResponse(content, status=status, headers={**_HEADERS, **headers})
    # What Django sets when it has logged a response: one line for each refusal is enough.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response


def header(scope: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the header of an answer that ``HeadersMiddleware`` does not see, as it would be."""
    fields = header_of_data(_HEADERS, header_plan(), is_https=scope.get("scheme") == "https")
    return [*fields.values()]


def log(window: LogWindow, refusal: Refusal, asked: Asked) -> None:
    """Log why a request ended, with no more of what it said than fits a line."""
    said = {PATH: asked.path, TARGET: asked.target}.get(refusal.what, asked.host)
    window.warning(
        "django.security.DisallowedHost",
        "Refused with %d: the %s %r %s.",
        refusal.status,
        refusal.what,
        said[:_LOGGED_CHARACTERS],
        refusal.problem,
    )
