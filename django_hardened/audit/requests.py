"""The requests with which views are asked; they come from nowhere and carry nothing."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import Any, Final, cast

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.handlers.wsgi import WSGIRequest
from django.http.request import HttpHeaders
from django.urls import ResolverMatch
from django.utils.functional import cached_property

from django_hardened.audit.roles import Role, user_of
from django_hardened.audit.urlconf import Route, Sample
from django_hardened.conf import conf

_OPTIONAL: Final = {
    "HTTP_USER_AGENT": "Mozilla/5.0",
    "HTTP_ACCEPT": "*/*",
    "HTTP_ACCEPT_LANGUAGE": "*",
    "HTTP_ORIGIN": "https://{host}",
    "HTTP_REFERER": "https://{host}/",
    "HTTP_X_REQUESTED_WITH": "XMLHttpRequest",
    "HTTP_HX_REQUEST": "true",
}
# They look at the method of each request, to find its handler.
_FRAMEWORKS: Final = ("django.", "django_hardened.", "rest_framework.", "adrf.", "ninja.")


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


class _Environ(dict[str, Any]):
    """Notes whether somebody has looked at one of the headers that nobody has to send.

    And whether code that is no framework's has looked at the method, as guards do.
    """

    are_headers_read = False
    is_method_looked_at = False

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def items(self) -> Any:
        self.are_headers_read = True
        self.note_method()
        return super().items()

    def __iter__(self) -> Iterator[str]:
        # With its own, a copy is made item by item.
        return super().__iter__()

    def _note(self, key: object) -> None:
        self.are_headers_read = self.are_headers_read or key in _OPTIONAL
        if key == "REQUEST_METHOD":
            self.note_method()

    def note_method(self) -> None:
        """Note that the method is looked at, if the code that does is that of a guard."""
        frame = sys._getframe(1)
        # The request of REST framework asks Django's for what it lacks.
        while frame.f_globals.get("__name__") == __name__ or frame.f_code.co_name == "__getattr__":
            frame = frame.f_back  # type: ignore[assignment]  # somebody has called
        if not str(frame.f_globals.get("__name__")).startswith(_FRAMEWORKS):
            self.is_method_looked_at = True


class _Headers(HttpHeaders):
    """As the headers of every request, and each look is one into its ``META``."""

    def __init__(self, environ: _Environ) -> None:
        super().__init__(dict(dict.items(environ)))
        self._environ = environ

    def __getitem__(self, key: str) -> str:
        self._environ.get(f"HTTP_{key.upper().replace('-', '_')}")
        return super().__getitem__(key)


class _Request(WSGIRequest):
    META: _Environ
    _method: str

    @property
    def method(self) -> str:
        self.META.note_method()
        return self._method

    @method.setter
    def method(self, method: str) -> None:
        self._method = method

    @cached_property
    def headers(self) -> _Headers:
        return _Headers(self.META)


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


def _headers(name: str) -> dict[str, str]:
    """Return what anybody can send: to ask for it keeps nobody out."""
    return {header: value.format(host=name) for header, value in _OPTIONAL.items()}


def made(
    route: Route, sample: Sample, method: str, role: Role, *, is_bare: bool = False
) -> _Request:
    """Return a request of ``role`` for ``route``, as it arrives at a view.

    One that ``is_bare`` has no header but the host: nobody has to send one.
    """
    name = host()
    environ = _Environ(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": sample.path,
            "SCRIPT_NAME": "",
            "SERVER_NAME": name,
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": name,
            **({} if is_bare else _headers(name)),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(),
            "CONTENT_LENGTH": "0",
        }
    )
    request: Any = _Request(environ)
    user = user_of(role)

    async def auser() -> Any:
        return user

    environ.are_headers_read = False
    request.user = user
    request.auser = auser
    if role is not Role.ANONYMOUS:
        # As force_authenticate of REST framework does it: by whatever the view authenticates.
        request._force_auth_user = user
    request.session = _Session()
    request._messages = _Messages()
    request._dont_enforce_csrf_checks = True
    request.resolver_match = ResolverMatch(
        route.callback,
        sample.args,
        dict(sample.kwargs),
        route.name,
        [*route.app_names],
        [*route.namespaces],
        route.written,
        extra_kwargs=dict(route.arguments),
    )
    return cast(_Request, request)
