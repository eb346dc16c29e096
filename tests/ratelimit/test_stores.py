"""Which store counts, by the settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.memcached import PyLibMCCache, PyMemcacheCache
from django.core.cache.backends.redis import RedisCache
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from embedded_store_support import in_processes, takes_from_the_store_of_the_settings
from stores_support import PYLIBMC, entry

from django_hardened.ratelimit import stores
from django_hardened.ratelimit.embedded_place import default_path
from django_hardened.ratelimit.embedded_store import MAX_MEGABYTES, EmbeddedStore
from django_hardened.ratelimit.failure_policy import ResilientStore
from django_hardened.ratelimit.in_process import InProcessStore
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.shared_stores import shared_store
from django_hardened.ratelimit.stores import get_store


class OwnRedis(RedisCache):
    pass


class OwnPyMemcache(PyMemcacheCache):
    pass


class OwnPyLibMC(PyLibMCCache):
    pass


class OwnLocMem(LocMemCache):
    pass


class OwnDatabase(DatabaseCache):
    pass


class OwnFileBased(FileBasedCache):
    pass


class OwnDummy(DummyCache):
    pass


class Unknown(BaseCache):
    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)


def path_of(backend: type) -> str:
    return f"{backend.__module__}.{backend.__qualname__}"


# The library that a backend needs, and where it is.
SHARED: dict[type, tuple[str, str, str]] = {
    RedisCache: ("redis", "redis://127.0.0.1:1", "RedisStore"),
    OwnRedis: ("redis", "redis://127.0.0.1:1", "RedisStore"),
    PyMemcacheCache: ("pymemcache", "127.0.0.1:1", "MemcachedStore"),
    OwnPyMemcache: ("pymemcache", "127.0.0.1:1", "MemcachedStore"),
    PyLibMCCache: ("pymemcache", "127.0.0.1:1", "MemcachedStore"),
    OwnPyLibMC: ("pymemcache", "127.0.0.1:1", "MemcachedStore"),
}
OF_THIS_HOST = [
    LocMemCache,
    OwnLocMem,
    DatabaseCache,
    OwnDatabase,
    FileBasedCache,
    OwnFileBased,
    DummyCache,
    OwnDummy,
]


@pytest.fixture(autouse=True)
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "counts" / "ratelimit.sqlite3"
    with override_settings(HARDENED_RATELIMIT_FILE=path, HARDENED_ENVIRONMENT="production"):
        yield path


def names(store: Any) -> list[str]:
    """Return the kinds of the stores that are asked, in their order."""
    assert isinstance(store, ResilientStore)
    return [type(breaker.store).__name__ for breaker in store._breakers]


def cached(backend: type, location: str = "") -> Any:
    return override_settings(
        CACHES={"default": {"BACKEND": path_of(backend), "LOCATION": location}}
    )


@pytest.mark.parametrize("backend", SHARED)
def test_a_server_counts_and_then_the_file_and_then_the_process(
    backend: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, location, name = SHARED[backend]
    if find_spec(library) is None:
        pytest.skip(f"the library {library} is not installed")
    monkeypatch.setitem(sys.modules, "pylibmc", PYLIBMC)
    with cached(backend, location):
        assert names(get_store()) == [name, "EmbeddedStore", "InProcessStore"]


def test_django_redis() -> None:
    pytest.importorskip("django_redis", reason="the library django-redis is not installed")
    from django_redis.cache import RedisCache as OtherRedisCache

    with cached(OtherRedisCache, "redis://127.0.0.1:1"):
        assert names(get_store()) == ["RedisStore", "EmbeddedStore", "InProcessStore"]


@pytest.mark.parametrize("backend", OF_THIS_HOST)
def test_what_does_not_count_is_not_asked_to(backend: type, tmp_path: Path) -> None:
    with cached(backend, str(tmp_path)):
        assert names(get_store()) == ["EmbeddedStore", "InProcessStore"]


def test_a_cache_of_this_host_is_no_shared_store() -> None:
    assert shared_store(LocMemCache("x", {})) is None


def test_without_such_a_cache_the_file_counts() -> None:
    with override_settings(HARDENED_RATELIMIT_CACHE="not there"):
        assert names(get_store()) == ["EmbeddedStore", "InProcessStore"]


def test_an_unknown_backend() -> None:
    with cached(Unknown), pytest.raises(ImproperlyConfigured) as raised:
        get_store()
    message = str(raised.value)
    assert f"CACHES['default'], whose backend is '{path_of(Unknown)}'" in message
    assert "HARDENED_RATELIMIT_CACHE" in message
    for backend in (RedisCache, PyMemcacheCache, PyLibMCCache, LocMemCache, DummyCache):
        assert path_of(backend) in message
    assert "django_redis.cache.RedisCache" in message


def test_a_backend_that_cannot_be_imported() -> None:
    with (
        override_settings(CACHES={"default": {"BACKEND": "no.such.Cache"}}),
        pytest.raises(ImproperlyConfigured, match=r"CACHES\['default'\] cannot be used: "),
    ):
        get_store()


@pytest.mark.parametrize(
    ("policy", "number"), [("fallback", 2), ("deny", 1), ("allow", 1), (None, 2)]
)
def test_the_policy(policy: str | None, number: int) -> None:
    changes = {} if policy is None else {"HARDENED_RATELIMIT_ON_ERROR": policy}
    with override_settings(**changes):
        assert len(names(get_store())) == number


@pytest.mark.parametrize("word", ["Fallback", "", None, "closed", ["deny"]])
def test_a_word_that_is_no_policy(word: Any) -> None:
    with (
        override_settings(HARDENED_RATELIMIT_ON_ERROR=word),
        pytest.raises(ImproperlyConfigured, match="the words are fallback, deny, allow"),
    ):
        get_store()


@pytest.mark.parametrize("place", ["ratelimit.sqlite3", "./x/y", Path("x")])
def test_a_relative_place(place: Any) -> None:
    with (
        override_settings(HARDENED_RATELIMIT_FILE=place),
        pytest.raises(ImproperlyConfigured, match="write an absolute path"),
    ):
        get_store()


@pytest.mark.parametrize("megabytes", [0, -1, "64", 1.5, True, None])
def test_a_size_that_is_none(megabytes: Any) -> None:
    with (
        override_settings(HARDENED_RATELIMIT_FILE_MB=megabytes),
        pytest.raises(ImproperlyConfigured, match="a whole number above 0"),
    ):
        get_store()


def embedded() -> EmbeddedStore:
    store: Any = get_store()
    found = store._breakers[0].store
    assert isinstance(found, EmbeddedStore)
    return found


def test_the_size_and_the_place(path: Path) -> None:
    assert embedded()._connections.path == path
    assert embedded()._max_pages * 4096 == MAX_MEGABYTES * 2**20
    with override_settings(HARDENED_RATELIMIT_FILE_MB=3, HARDENED_RATELIMIT_FILE=str(path)):
        assert embedded()._max_pages * 4096 == 3 * 2**20


@pytest.mark.parametrize("place", [None, ""])
def test_without_a_place_it_is_that_of_the_project(
    place: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HARDENED_RATELIMIT_FILE = place
    monkeypatch.setattr(settings._wrapped, "SETTINGS_MODULE", "config.settings")
    assert embedded()._connections.path == default_path("config.settings")


def test_in_tests_nothing_is_shared_with_other_runs() -> None:
    with override_settings(HARDENED_RATELIMIT_FILE=None, HARDENED_ENVIRONMENT="test"):
        assert names(get_store()) == ["InProcessStore", "InProcessStore"]


# -- Kept ----------------------------------------------------------------------------------------


def test_it_is_made_once() -> None:
    assert get_store() is get_store() is get_store("default")
    assert get_store("other") is not get_store()


@pytest.mark.parametrize(
    "change",
    [
        {"CACHES": {"default": {"BACKEND": path_of(DummyCache)}}},
        {"HARDENED_RATELIMIT_CACHE": "x"},
        {"HARDENED_RATELIMIT_ON_ERROR": "deny"},
        {"HARDENED_RATELIMIT_FILE_MB": 1},
        {"HARDENED_ENVIRONMENT": "development"},
    ],
)
def test_it_is_made_anew_when_its_settings_change(change: Any) -> None:
    before = get_store()
    with override_settings(**change):
        within = get_store()
        assert within is not before
    assert get_store() not in (before, within)


def test_it_is_kept_when_others_do() -> None:
    before = get_store()
    with override_settings(SECURE_HSTS_SECONDS=1):
        assert get_store() is before


def test_it_is_made_anew_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    before = get_store()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        assert get_store() not in (before, None)
        patch.undo()
    assert get_store() is before
    stores._kept.clear()


def test_processes_share_the_file_of_the_settings(path: Path) -> None:
    limit = Limit(7, 3600)
    admitted = in_processes(3, takes_from_the_store_of_the_settings, path, entry("k", limit), 5)
    assert sum(admitted) == 7
    assert get_store().hit([entry("k", limit)], 1)[0].wait > 0


def test_when_the_file_cannot_be_used_this_process_counts(path: Path) -> None:
    path.parent.touch()
    limit = Limit(2, 60)
    store = get_store()
    assert [bool(store.hit([entry("k", limit)], 1)[0].wait) for _ in range(3)] == [
        False,
        False,
        True,
    ]
    assert isinstance(store._breakers[1].store, InProcessStore)  # type: ignore[attr-defined]
