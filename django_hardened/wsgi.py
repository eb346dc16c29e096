"""``get_wsgi_application``: Django's own, behind the gate.

In ``wsgi.py`` of a project, import it from here instead of from ``django.core.wsgi``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http.response import HttpResponseBase

from django_hardened import boot
from django_hardened.conf import conf

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# SERVER_SOFTWARE of wsgiref, which is runserver's, and of Werkzeug, which is runserver_plus's. The
# server sets it: what a client sends begins with HTTP_.
_DEVELOPMENT_SERVERS = ("WSGIServer/", "Werkzeug/")


class GuardedWSGIHandler(WSGIHandler):
    """Django's handler, except that it answers no request of a server that must not serve."""

    def __init__(self) -> None:
        super().__init__()
        self._environment = conf.environment
        self._reason = boot.request_refusal()
        self._has_refused = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> HttpResponseBase:
        reason = self._refusal(environ.get("SERVER_SOFTWARE", ""))
        if reason is None:
            return super().__call__(environ, start_response)
        if not self._has_refused:
            self._has_refused = True
            boot.log_critical("No request is answered: %s", reason)
        response = boot.unavailable()
        start_response("503 Service Unavailable", list(response.items()))
        return response

    def _refusal(self, software: str) -> str | None:
        if not software.startswith(_DEVELOPMENT_SERVERS):
            return self._reason
        if self._environment == "production":
            return f"{software} is for development, and this is production: use gunicorn."
        return self._reason if self._environment == "build" else None


def get_wsgi_application() -> WSGIHandler:
    """Return Django's WSGI application if the settings are safe to serve.

    Raises:
        UnsafeDeployment: they are not; every finding has been logged.
    """
    # What Django's function does, with the gate in between: before middleware is made, which may
    # fail on the very settings that the gate explains.
    django.setup(set_prefix=False)
    boot.require_safe()
    return GuardedWSGIHandler()
