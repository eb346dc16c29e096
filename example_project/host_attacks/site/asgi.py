"""The site for ASGI servers. It marks every answer that is Django's, and forgets when told to."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

from host_attacks.site import caches

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "host_attacks.site.settings")
django_application: Any = get_asgi_application()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    kept = caches.count_entries()
    when = dict(scope["headers"]).get(b"x-attacks-forget", b"").decode("latin-1")

    async def marked(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            caches.forget(when, kept)
            mark = (b"x-attacks-kept", str(kept).encode())
            message = {**message, "headers": [*message["headers"], mark]}
        await send(message)

    await django_application(scope, receive, marked)
