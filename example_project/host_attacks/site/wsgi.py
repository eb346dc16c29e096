"""The site for WSGI servers. It marks every answer that is Django's, and forgets when told to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from django.core.wsgi import get_wsgi_application

from host_attacks.site import caches

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "host_attacks.site.settings")
django_application = get_wsgi_application()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
    kept = caches.count_entries()

    def start(status: str, fields: list[tuple[str, str]], *error: Any) -> Any:
        caches.forget(environ.get("HTTP_X_ATTACKS_FORGET", ""), kept)
        return start_response(status, [*fields, ("X-Attacks-Kept", str(kept))], *error)

    return django_application(environ, start)
