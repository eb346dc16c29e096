"""The site of host_pinning.py: a trivial view, with and without both middlewares."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from time import process_time_ns
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import path
from django.views.decorators.cache import cache_page

from django_hardened.env import Env
from django_hardened.settings import hardened_settings

SITE = "www.example.com"
VARIABLES = {
    "SECRET_KEY": "fu2Eb8oXe3yqQvB1h5gqkJm0sZr9tLwPn7cAd4iVx6KjUyGTRf",
    "ALLOWED_HOSTS": "www.example.com,example.com",
    "DATABASE_URL": "postgres://user:password@db.example.com/site?sslmode=require",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "HARDENED_TRUSTED_PROXIES": "127.0.0.1",
}
OURS = [
    "django_hardened.middleware.TrustedProxyMiddleware",
    "django_hardened.middleware.HostPinningMiddleware",
]
WITHOUT = "BENCHMARK_WITHOUT"  # set in the server that runs without the two
# What a proxy sends, in the plain case.
FIELDS = {
    "Host": SITE,
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "https",
    "Accept": "*/*",
    "User-Agent": "benchmark",
}


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def cached(request: HttpRequest) -> HttpResponseBase:
    # Decorated here, because a decorator would read the settings before they are there.
    return cache_page(300)(view)(request)


def time_taken(request: HttpRequest) -> HttpResponse:
    return HttpResponse(process_time_ns())


async def aview(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("", view),
    path("async", aview),
    path("cached", cached),
    path("time", time_taken),
]


def configure() -> tuple[list[str], list[str]]:
    """Set Django up, and return the middleware of both sides, without and with."""
    logging.getLogger("django").addHandler(logging.NullHandler())
    logging.getLogger("django").propagate = False
    values = hardened_settings(Env(VARIABLES))
    plain = [name for name in values["MIDDLEWARE"] if not name.startswith("django_hardened.")]
    hardened = [*OURS, *plain]
    cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.configure(
        **values
        | {
            "DATABASES": {},
            "LOGGING_CONFIG": None,
            "CACHES": {"default": {**cache, "OPTIONS": {"MAX_ENTRIES": 1_000_000}}},
            "SECURE_SSL_REDIRECT": False,
            "ROOT_URLCONF": __name__,
            "INSTALLED_APPS": [
                "django_hardened",
                "django.contrib.auth",
                "django.contrib.contenttypes",
                "django.contrib.sessions",
                "django.contrib.messages",
            ],
            "MIDDLEWARE": plain if os.environ.get(WITHOUT) else hardened,
        }
    )
    django.setup()
    return plain, hardened


def application() -> WSGIHandler:
    """Return the site for a server: ``gunicorn "host_pinning_site:application()"``."""
    configure()
    return get_wsgi_application()


Handler = Callable[[str, str], HttpResponseBase]
AsyncHandler = Callable[[], Awaitable[HttpResponseBase]]


def handler(middleware: list[str], fields: Mapping[str, str] = FIELDS) -> Handler:
    """Return what answers a path and a Host, and these other ``fields``, through ``middleware``."""
    django_handler = _loaded(middleware, is_async=False)
    environ = RequestFactory(headers=dict(fields)).get("/").META

    def answer(path_info: str, host: str) -> HttpResponseBase:
        request = WSGIRequest(
            {**environ, "PATH_INFO": path_info, "HTTP_HOST": host, "wsgi.input": io.BytesIO()}
        )
        response: HttpResponseBase = django_handler.get_response(request)
        return response

    return answer


def ahandler(middleware: list[str]) -> AsyncHandler:
    django_handler = _loaded(middleware, is_async=True)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/async",
        "raw_path": b"/async",
        "query_string": b"",
        "client": ["127.0.0.1", 1],
        "server": ["127.0.0.1", 80],
        "headers": [(name.lower().encode(), value.encode()) for name, value in FIELDS.items()],
    }

    async def answer() -> HttpResponseBase:
        request = ASGIRequest({**scope, "headers": list(scope["headers"])}, io.BytesIO())
        response: HttpResponseBase = await django_handler.get_response_async(request)
        return response

    return answer


def _loaded(middleware: list[str], *, is_async: bool) -> Any:
    django_handler = BaseHandler()
    configured, settings.MIDDLEWARE = settings.MIDDLEWARE, middleware
    django_handler.load_middleware(is_async=is_async)
    settings.MIDDLEWARE = configured
    return django_handler
