"""The cache of API keys: missing, of a kind that is not used, or right."""

from __future__ import annotations

from typing import Any

import pytest
from catalogue_support import ODD, codes, findings
from django.conf import settings

from django_hardened.checks import api_keys

BACKENDS = "django.core.cache.backends."
REDIS = f"{BACKENDS}redis.RedisCache"
UNFIT = ("locmem.LocMemCache", "dummy.DummyCache", "filebased.FileBasedCache", "db.DatabaseCache")


def _cache(backend: str, alias: str = "keys") -> dict[str, Any]:
    return {"CACHES": {"default": {"BACKEND": REDIS}, alias: {"BACKEND": backend}}}


def test_an_alias_that_is_missing() -> None:
    [message] = findings(api_keys, **_cache(REDIS), HARDENED_API_KEY_CACHE="kyes")
    assert message.id == "django_hardened.E514"
    assert "'kyes'" in message.msg


@pytest.mark.parametrize("name", UNFIT)
def test_a_cache_that_is_not_used(name: str) -> None:
    [message] = findings(api_keys, **_cache(BACKENDS + name), HARDENED_API_KEY_CACHE="keys")
    assert message.id == "django_hardened.W515"
    assert name.partition(".")[2] in message.msg
    assert codes(api_keys, **_cache(BACKENDS + name), HARDENED_API_KEY_CACHE="default") == []


@pytest.mark.parametrize(
    "name", [REDIS, f"{BACKENDS}memcached.PyMemcacheCache", "not_installed.Cache"]
)
def test_a_cache_that_may_do(name: str) -> None:
    assert codes(api_keys, **_cache(name), HARDENED_API_KEY_CACHE="keys") == []


@pytest.mark.parametrize("value", [None, ""])
def test_none_is_asked_for(value: Any) -> None:
    assert codes(api_keys, **_cache(BACKENDS + UNFIT[0], "default")) == []
    assert codes(api_keys, CACHES={}, HARDENED_API_KEY_CACHE=value) == []


def test_where_there_are_no_keys() -> None:
    installed = [app for app in settings.INSTALLED_APPS if "api_keys" not in app]
    assert codes(api_keys, CACHES={}, HARDENED_API_KEY_CACHE="keys", INSTALLED_APPS=installed) == []


@pytest.mark.parametrize("value", ODD)
def test_odd_values(value: Any) -> None:
    assert codes(api_keys, CACHES=value, HARDENED_API_KEY_CACHE="none") == ["E514"]
    assert codes(api_keys, **_cache(REDIS), HARDENED_API_KEY_CACHE=value or "none") == ["E514"]
