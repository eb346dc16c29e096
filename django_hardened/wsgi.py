"""``get_wsgi_application``: Django's own, behind the gate.

In ``wsgi.py`` of a project, import it from here instead of from ``django.core.wsgi``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from django_hardened import boot
from django_hardened.conf import conf

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# SERVER_SOFTWARE of wsgiref, which is runserver's, and of Werkzeug, which is runserver_plus's.
_DEVELOPMENT_SERVERS = ("WSGIServer/", "Werkzeug/")
_REFUSED = b"This server is for development, and this is production.\n"


class ProductionWSGIHandler(WSGIHandler):
    """Django's handler, except that it answers no request of a development server."""

    _has_refused = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> HttpResponseBase:
        if environ.get("SERVER_SOFTWARE", "").startswith(_DEVELOPMENT_SERVERS):
            return self._refuse(environ["SERVER_SOFTWARE"], start_response)
        return super().__call__(environ, start_response)

    def _refuse(self, server: str, start_response: StartResponse) -> HttpResponse:
        if not self._has_refused:
            self._has_refused = True
            boot.log_critical(
                "%s is for development, and this is production: no request is answered. "
                "Use gunicorn or uvicorn.",
                server,
            )
        response = HttpResponse(
            _REFUSED,
            status=503,
            headers={
                "Content-Type": "text/plain",
                "Content-Length": str(len(_REFUSED)),
                "Cache-Control": "no-store",
            },
        )
        start_response("503 Service Unavailable", list(response.items()))
        return response


def get_wsgi_application() -> WSGIHandler:
    """Return Django's WSGI application if the settings are safe to serve.

    Raises:
        UnsafeDeployment: they are not; every finding has been logged.
    """
    # What Django's function does, with the gate in between: before middleware is made, which may
    # fail on the very settings that the gate explains.
    django.setup(set_prefix=False)
    boot.require_safe()
    return ProductionWSGIHandler() if conf.environment == "production" else WSGIHandler()
