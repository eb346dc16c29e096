from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from api_keys_support import SHARED
from catalogue_support import codes
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.utils.functional import lazystr

from django_hardened.api_keys import configured
from django_hardened.checks import installation
from django_hardened.ratelimit import shared_stores


def test_what_holds_where_nothing_is_said() -> None:
    assert configured.prefix() == "dhk"
    assert configured.age() == timedelta(days=90)
    assert configured.cache_alias() is configured.shared_cache() is None


@pytest.mark.parametrize("value", ["acme", lazystr("acme")])
def test_a_prefix(settings: Any, value: Any) -> None:
    settings.HARDENED_API_KEY_PREFIX = value
    assert configured.prefix() == "acme"


@pytest.mark.parametrize("value", ["", "a-b", None, 7, "x" * 21])
def test_no_prefix(settings: Any, value: Any) -> None:
    settings.HARDENED_API_KEY_PREFIX = value
    with pytest.raises(ImproperlyConfigured, match="HARDENED_API_KEY_PREFIX"):
        configured.prefix()


@pytest.mark.parametrize("value", [3600, timedelta(hours=1)])
def test_an_age(settings: Any, value: Any) -> None:
    settings.HARDENED_API_KEY_AGE = value
    assert configured.age() == timedelta(hours=1)


@pytest.mark.parametrize("value", [0, -1, True, None, "90", 1.5, timedelta(0), timedelta(-1)])
def test_no_age(settings: Any, value: Any) -> None:
    settings.HARDENED_API_KEY_AGE = value
    with pytest.raises(ImproperlyConfigured, match="HARDENED_API_KEY_AGE"):
        configured.age()


def test_a_cache_that_is_missing(settings: Any) -> None:
    settings.HARDENED_API_KEY_CACHE = "none"
    with pytest.raises(ImproperlyConfigured, match="'none', which CACHES does not have"):
        configured.shared_cache()


@pytest.mark.parametrize(
    "backend",
    ["locmem.LocMemCache", "dummy.DummyCache", "db.DatabaseCache", "filebased.FileBasedCache"],
)
def test_a_cache_that_others_do_not_hear_of_is_none(settings: Any, backend: str) -> None:
    where = {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "/tmp/none"}
    with override_settings(CACHES={"default": where}, HARDENED_API_KEY_CACHE="default"):
        assert configured.cache_alias() == "default"
        assert configured.shared_cache() is None


def test_a_cache_that_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shared_stores.MODULES, SHARED, "none")
    with override_settings(
        CACHES={"default": {"BACKEND": SHARED}}, HARDENED_API_KEY_CACHE="default"
    ):
        assert configured.shared_cache() is caches["default"]


@pytest.mark.parametrize(
    ("value", "is_age"),
    [(timedelta(days=1), True), (timedelta(0), False), (1, True), (0, False), (1.5, False)],
)
def test_an_age_is_judged_before_a_deploy_as_when_it_is_used(value: Any, is_age: bool) -> None:
    found = codes(installation, HARDENED_API_KEY_AGE=value)
    assert ("E903" not in found) is is_age
