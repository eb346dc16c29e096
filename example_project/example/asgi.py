"""The ASGI application: `uvicorn example.asgi:application --no-proxy-headers`.

TrustedProxyMiddleware reads the X-Forwarded-* headers and has to see who sent them. Without the
option, uvicorn puts the client in the place of the proxy first.
"""

from __future__ import annotations

import os

from django_hardened.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example.settings")

application = get_asgi_application()
