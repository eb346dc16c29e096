from __future__ import annotations

import sys
from typing import Any

import pytest
from catalogue_support import ODD, codes, findings
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.test import override_settings
from stores_support import PYLIBMC

from django_hardened.checks import limit_stores
from django_hardened.middleware import RateLimitMiddleware


class Unknown(BaseCache):
    """A backend that nobody has a store for."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)


class OwnLocMem(LocMemCache):
    """What a project makes of Django's."""


UNKNOWN = {"default": {"BACKEND": f"{__name__}.Unknown"}}
MIDDLEWARE = ["django_hardened.middleware.RateLimitMiddleware"]
NOTHING: dict[str, Any] = {
    "MIDDLEWARE": [],
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
    "REST_FRAMEWORK": {},
}


def _judge(caches: Any, **changes: Any) -> list[str]:
    with override_settings(CACHES=caches):
        return codes(limit_stores, **{**NOTHING, **changes})


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"MIDDLEWARE": MIDDLEWARE}, ["E530"]),
        (
            {"AUTHENTICATION_BACKENDS": ["django_hardened.backends.LoginProtectionBackend"]},
            ["E530"],
        ),
        (
            {
                "REST_FRAMEWORK": {
                    "DEFAULT_THROTTLE_CLASSES": ["django_hardened.drf.throttling.AnonRateThrottle"]
                }
            },
            ["E530"],
        ),
        (
            {
                "REST_FRAMEWORK": {
                    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"]
                }
            },
            [],
        ),
        ({"HARDENED_RATELIMIT_CACHE": "default"}, ["E530"]),
        ({"HARDENED_RATELIMIT_CACHE": "not there"}, []),
    ],
)
def test_it_is_said_where_settings_ask_for_a_limit(changes: Any, found: list[str]) -> None:
    assert _judge(UNKNOWN, **changes) == found


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ("django.core.cache.backends.locmem.LocMemCache", []),
        ("django.core.cache.backends.dummy.DummyCache", []),
        (f"{__name__}.OwnLocMem", []),
        (f"{__name__}.Unknown", ["E530"]),
        ("no.such.module.Cache", ["E530"]),
    ],
)
def test_by_backend(backend: str, found: list[str]) -> None:
    assert _judge({"default": {"BACKEND": backend}}, MIDDLEWARE=MIDDLEWARE) == found


def test_it_names_the_cache_the_backend_and_those_that_work() -> None:
    with override_settings(CACHES=UNKNOWN):
        [message] = findings(limit_stores, **{**NOTHING, "MIDDLEWARE": MIDDLEWARE})
    assert "CACHES['default'], whose backend is 'test_limit_stores.Unknown'" in message.msg.replace(
        __name__, "test_limit_stores"
    )
    assert "django.core.cache.backends.redis.RedisCache" in message.msg
    assert message.subject == "default"  # type: ignore[attr-defined]


@pytest.mark.parametrize("odd", ODD)
def test_odd_values(odd: Any) -> None:
    assert _judge(UNKNOWN, REST_FRAMEWORK=odd) == []
    assert _judge(UNKNOWN, REST_FRAMEWORK={"DEFAULT_THROTTLE_CLASSES": odd}) == []


def test_the_middleware_does_not_start_without_a_store() -> None:
    with (
        override_settings(CACHES=UNKNOWN),
        pytest.raises(Exception, match="No rate limit can be counted in"),
    ):
        RateLimitMiddleware(lambda request: None)  # type: ignore[arg-type, return-value]


def test_pylibmc_alone_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither library is imported before the first question."""
    monkeypatch.setitem(sys.modules, "pylibmc", PYLIBMC)
    monkeypatch.setitem(sys.modules, "pymemcache", None)
    backend = "django.core.cache.backends.memcached.PyLibMCCache"
    caches = {"default": {"BACKEND": backend, "LOCATION": "127.0.0.1:1"}}
    with override_settings(CACHES=caches):
        (found,) = findings(limit_stores, **{**NOTHING, "MIDDLEWARE": MIDDLEWARE})
    assert found.id == "django_hardened.E530"
    assert "pip install 'django-hardened[memcached]'" in found.msg
