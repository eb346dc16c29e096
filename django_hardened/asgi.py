"""``get_asgi_application``: Django's own, behind the gate; and what goes around an ASGI router.

In ``asgi.py`` of a project, import it from here instead of from ``django.core.asgi``.
"""

from __future__ import annotations

from typing import Any

import django
from django.core.handlers.asgi import ASGIHandler

from django_hardened import boot
from django_hardened.cache import forget_host
from django_hardened.middleware import refusals
from django_hardened.middleware.asgi_hosts import HostPinning
from django_hardened.middleware.asgi_proxies import TrustedProxy

__all__ = ["HostPinning", "TrustedProxy", "get_asgi_application"]


class _Handler(ASGIHandler):
    """Django's own, which begins each request without the host of another."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Pipelined requests may share a context, and what the receivers of request_started
        # change in theirs is lost on Django 5.2.
        forget_host(scope=scope)
        await super().__call__(scope, receive, send)

    def create_request(self, scope: Any, body_file: Any) -> tuple[Any, Any]:
        """Give what Django answers where it can make no request the header of all others.

        To a query string that is not UTF-8, for one: no middleware sees that answer.
        """
        request, answer = super().create_request(scope, body_file)
        if answer is not None:
            for name, value in refusals.header(scope):
                answer.headers[name] = value
        return request, answer


class _RefusingHandler(_Handler):
    """The handler for a program of which only a request shows that it serves."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self._reason = reason
        self._has_refused = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):  # such as the start of the server
            return await super().__call__(scope, receive, send)
        if not self._has_refused:
            self._has_refused = True
            boot.log_critical("No request is answered: %s", self._reason)
        if scope["type"] == "http":
            await self.send_response(boot.unavailable(), send)
        else:
            await send({"type": "websocket.close"})
        return None


def get_asgi_application() -> ASGIHandler:
    """Return Django's ASGI application if the settings are safe to serve.

    Raises:
        UnsafeDeployment: they are not; every finding has been logged.
    """
    # As in django.core.asgi. No ASGI server says what it is, so daphne's runserver is known by
    # the name of its command alone.
    django.setup(set_prefix=False)
    boot.require_safe()
    reason = boot.request_refusal()
    return _RefusingHandler(reason) if reason else _Handler()
