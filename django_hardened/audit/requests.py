"""The requests with which views are asked; they come from nowhere and carry nothing."""

from __future__ import annotations

import io
from typing import Any, cast

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.handlers.wsgi import WSGIRequest
from django.urls import ResolverMatch

from django_hardened.audit.roles import Role, user_of
from django_hardened.audit.urlconf import Route, Sample
from django_hardened.conf import conf


class _Session(SessionBase):
    """A session of memory only, and empty."""

    def save(self, must_create: bool = False) -> None:
        """Nothing outlives the request."""

    def delete(self, session_key: str | None = None) -> None:
        """There is none."""

    def create(self) -> None:
        """It is there."""


class _Messages(list[Any]):
    """Takes what views tell users."""

    def add(self, *args: Any) -> None:
        """Nobody reads it."""


def host() -> str:
    """Return the host name of the site, else one that ``ALLOWED_HOSTS`` admits."""
    origin = conf.canonical_origin
    if origin is not None:
        return str(origin.host)
    for pattern in settings.ALLOWED_HOSTS:
        name = str(pattern).removeprefix(".")
        if name and name != "*":
            return name
    return "testserver" if settings.ALLOWED_HOSTS else "localhost"


def _headers() -> dict[str, str]:
    """Return what anybody can send: to ask for it keeps nobody out."""
    return {
        "HTTP_HOST": host(),
        "HTTP_USER_AGENT": "Mozilla/5.0",
        "HTTP_ACCEPT": "*/*",
        "HTTP_ACCEPT_LANGUAGE": "*",
        "HTTP_ORIGIN": f"https://{host()}",
        "HTTP_REFERER": f"https://{host()}/",
        "HTTP_X_REQUESTED_WITH": "XMLHttpRequest",
        "HTTP_HX_REQUEST": "true",
    }


def made(route: Route, sample: Sample, method: str, role: Role) -> WSGIRequest:
    """Return a request of ``role`` for ``route``, as it arrives at a view."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": sample.path,
        "SCRIPT_NAME": "",
        "SERVER_NAME": host(),
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        **_headers(),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "CONTENT_LENGTH": "0",
    }
    request: Any = WSGIRequest(environ)
    user = user_of(role)

    async def auser() -> Any:
        return user

    request.user = user
    request.auser = auser
    if role is not Role.ANONYMOUS:
        # As force_authenticate of REST framework does it: by whatever the view authenticates.
        request._force_auth_user = user
    request.session = _Session()
    request._messages = _Messages()
    request._dont_enforce_csrf_checks = True
    request.resolver_match = ResolverMatch(
        route.callback, sample.args, dict(sample.kwargs), route.name, namespaces=[*route.namespaces]
    )
    return cast(WSGIRequest, request)
