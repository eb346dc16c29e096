"""The WSGI application: `gunicorn example.wsgi`."""

from __future__ import annotations

import os

from django_hardened.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example.settings")

application = get_wsgi_application()
