"""The site of ratelimit.py: a trivial view of DRF, limited in the way that BENCHMARK_LIMIT says."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import path

BACKENDS = "django.core.cache.backends."
OURS = "django_hardened.drf.throttling.AnonRateThrottle"
DRFS = "rest_framework.throttling.AnonRateThrottle"
# The throttle classes, the middleware, and the cache that counts.
VARIANTS: dict[str, tuple[list[str], list[str], str]] = {
    "none": ([], [], "dummy"),
    # What no limit can do without: one round trip, or a row that is read and written.
    "floor, Redis": (["ratelimit_floors.Redis"], [], "dummy"),
    "floor, SQLite": (["ratelimit_floors.SQLite"], [], "dummy"),
    "ours, Redis": ([OURS], [], "redis"),
    "ours, Memcached": ([OURS], [], "memcached"),
    "ours, embedded": ([OURS], [], "dummy"),
    "address middleware, embedded": (
        [],
        ["django_hardened.middleware.RateLimitMiddleware"],
        "dummy",
    ),
    "DRF, Redis": ([DRFS], [], "redis"),
    "DRF, LocMem": ([DRFS], [], "locmem"),
    "DRF, DatabaseCache": ([DRFS], [], "database"),
}


def caches(folder: str) -> dict[str, dict[str, Any]]:
    return {
        "redis": {
            "BACKEND": f"{BACKENDS}redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{os.environ['BENCHMARK_REDIS']}",
        },
        "memcached": {
            "BACKEND": f"{BACKENDS}memcached.PyMemcacheCache",
            "LOCATION": f"127.0.0.1:{os.environ['BENCHMARK_MEMCACHED']}",
        },
        "locmem": {"BACKEND": f"{BACKENDS}locmem.LocMemCache"},
        "database": {"BACKEND": f"{BACKENDS}db.DatabaseCache", "LOCATION": "cache"},
        "dummy": {"BACKEND": f"{BACKENDS}dummy.DummyCache"},
    }


def application() -> Callable[..., Any]:
    throttles, middleware, cache = VARIANTS[os.environ["BENCHMARK_LIMIT"]]
    folder, rate = os.environ["BENCHMARK_FOLDER"], os.environ["BENCHMARK_RATE"]
    settings.configure(
        SECRET_KEY="fu2Eb8oXe3yqQvB1h5gqkJm0sZr9tLwPn7cAd4iVx6KjUyGTRf",  # noqa: S106
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[*middleware, "django.middleware.common.CommonMiddleware"],
        CACHES={"default": caches(folder)[cache]},
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"{folder}/cache.sqlite3",
                "OPTIONS": {"timeout": 60, "init_command": "PRAGMA journal_mode=WAL"},
            }
        },
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "DEFAULT_THROTTLE_CLASSES": throttles,
            "DEFAULT_THROTTLE_RATES": {"anon": rate},
            "UNAUTHENTICATED_USER": None,
        },
        HARDENED_ADDRESS_RATES={"address": rate},
        HARDENED_RATELIMIT_FILE=f"{folder}/ratelimit.sqlite3",
    )
    django.setup()
    global urlpatterns  # noqa: PLW0603  # DRF reads its settings when it is imported
    from rest_framework.response import Response  # noqa: PLC0415
    from rest_framework.views import APIView  # noqa: PLC0415

    class Trivial(APIView):
        def get(self, request: object) -> Response:
            return Response({"answer": "ok"})

    urlpatterns = [path("", Trivial.as_view())]
    return WSGIHandler()


urlpatterns: list[Any] = []
