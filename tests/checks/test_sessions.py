from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from checks_support import codes_of
from django.apps import apps
from django.contrib.sessions.backends import signed_cookies
from django.core.cache.backends.locmem import LocMemCache
from django.utils.functional import lazystr

from django_hardened.checks import sessions

DAY = 24 * 60 * 60
_NUMBERS = count()
ENGINES = "django.contrib.sessions.backends"
CACHES = "django.core.cache.backends"


class SessionStore(signed_cookies.SessionStore):
    """This module is a session engine."""


class PrivateCache(LocMemCache):
    pass


@pytest.fixture
def _unused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MIDDLEWARE = []
    monkeypatch.setattr(apps, "is_installed", lambda _: False)


@pytest.mark.parametrize(
    ("seconds", "codes"),
    [
        (14 * DAY, []),
        (30 * DAY, []),
        (30 * DAY + 1, ["W351"]),
        (365 * DAY, ["W351"]),
        (366 * DAY + 1, ["E350"]),
        (3650.0 * DAY, ["E350"]),
        (0, []),
        (None, []),
        ("a year", []),
    ],
)
def test_age(settings: Any, seconds: Any, codes: list[str]) -> None:
    settings.SESSION_COOKIE_AGE = seconds
    assert codes_of(sessions) == codes


@pytest.mark.parametrize("engine", [f"{ENGINES}.signed_cookies", __name__])
def test_sessions_that_the_client_keeps(settings: Any, engine: str) -> None:
    settings.SESSION_ENGINE = engine
    assert codes_of(sessions) == ["W352"]


@pytest.mark.parametrize("engine", [f"{ENGINES}.db", "not.installed", None, 7, lazystr("a")])
def test_other_engines(settings: Any, engine: Any) -> None:
    settings.SESSION_ENGINE = engine
    settings.SESSION_FILE_PATH = "/tmp"
    settings.CACHES = {"default": {"BACKEND": f"{CACHES}.locmem.LocMemCache"}}
    assert codes_of(sessions) == []


def _module(monkeypatch: pytest.MonkeyPatch, source: str) -> str:
    """Return the path of ``Serializer`` in a module of the project that has ``source``."""
    module = ModuleType(f"project_{next(_NUMBERS)}")  # what was imported once is known by its name
    exec(source, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return f"{module.__name__}.Serializer"


CLASS = """
class Serializer:
    def dumps(self, value):
        return {0}dumps(value)
    def loads(self, data):
        return {0}loads(data)
"""


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("import pickle" + CLASS.format("pickle."), ["E353"]),
        ("import pickle as p" + CLASS.format("p."), ["E353"]),
        ("from pickle import dumps, loads" + CLASS.format(""), ["E353"]),
        ("import marshal" + CLASS.format("marshal."), ["E353"]),
        (
            "class Serializer:\n    def loads(self, data):\n        import dill\n"
            "        return dill.loads(data)",
            ["E353"],
        ),
        ("from django.core.cache.backends.redis import RedisSerializer as Serializer", ["E353"]),
        (
            "from django.core.cache.backends import redis\n"
            "class Serializer(redis.RedisSerializer):\n    pass",
            ["E353"],
        ),
        ("import json" + CLASS.format("json."), []),
        ("from django.core.signing import JSONSerializer as Serializer", []),
        (
            "from django.core.signing import JSONSerializer\nimport json\n"
            "class Serializer(JSONSerializer):\n    pass",
            [],
        ),
    ],
)
def test_what_a_serializer_uses(
    settings: Any, monkeypatch: pytest.MonkeyPatch, source: str, codes: list[str]
) -> None:
    settings.SESSION_SERIALIZER = _module(monkeypatch, source)
    assert codes_of(sessions) == codes


@pytest.mark.parametrize(
    ("serializer", "codes"),
    [
        ("django.contrib.sessions.serializers.PickleSerializer", ["E353"]),
        ("django.core.serializers.base.PickleSerializer", ["E353"]),
        ("myproject.pickled.Serializer", ["E353"]),
        (lazystr("myproject.DillSerializer"), ["E353"]),
        ("dillon.serializers.Serializer", []),
        ("django.contrib.sessions.serializers.JSONSerializer", []),
        (None, []),
    ],
)
def test_serializer(settings: Any, serializer: Any, codes: list[str]) -> None:
    settings.SESSION_SERIALIZER = serializer
    assert codes_of(sessions) == codes


@pytest.mark.parametrize(
    ("engine", "backend", "codes"),
    [
        ("cache", f"{CACHES}.dummy.DummyCache", ["E354"]),
        ("cache", f"{CACHES}.locmem.LocMemCache", ["E354"]),
        ("cache", f"{__name__}.PrivateCache", ["E354"]),
        ("cache", f"{CACHES}.filebased.FileBasedCache", ["W355"]),
        ("cached_db", f"{CACHES}.locmem.LocMemCache", ["W355"]),
        ("cached_db", f"{CACHES}.dummy.DummyCache", []),
        ("cached_db", f"{CACHES}.filebased.FileBasedCache", []),
        ("cache", f"{CACHES}.redis.RedisCache", []),
        ("cache", f"{CACHES}.db.DatabaseCache", []),
        ("cache", "not.installed.Cache", []),
        ("cache", None, []),
        ("db", f"{CACHES}.dummy.DummyCache", []),
    ],
)
def test_cache(settings: Any, engine: str, backend: Any, codes: list[str]) -> None:
    settings.SESSION_ENGINE = f"{ENGINES}.{engine}"
    settings.SESSION_CACHE_ALIAS = "sessions"
    settings.CACHES = {
        "default": {"BACKEND": f"{CACHES}.locmem.LocMemCache"},
        "sessions": {"BACKEND": backend},
    }
    assert codes_of(sessions) == codes


@pytest.mark.parametrize("caches", [{}, {"default": None}, {"other": {}}])
def test_no_cache(settings: Any, caches: Any) -> None:
    settings.SESSION_ENGINE = f"{ENGINES}.cache"
    settings.CACHES = caches
    assert codes_of(sessions) == []


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        (None, ["W356"]),
        ("", ["W356"]),
        ("/tmp", ["W356"]),
        ("/tmp/sessions/", ["W356"]),
        (Path("/var/tmp"), ["W356"]),
        ("/var/lib/myproject", []),
        ("/tmpfiles", []),
        (lazystr("/srv/tmp"), []),
    ],
)
def test_files(settings: Any, path: Any, codes: list[str]) -> None:
    settings.SESSION_ENGINE = f"{ENGINES}.file"
    settings.SESSION_FILE_PATH = path
    assert codes_of(sessions) == codes


@pytest.mark.usefixtures("_unused")
@pytest.mark.parametrize("engine", ["signed_cookies", "cache", "cached_db", "file"])
def test_without_sessions(settings: Any, engine: str) -> None:
    settings.SESSION_COOKIE_AGE = 3650 * DAY
    settings.SESSION_SERIALIZER = "django.contrib.sessions.serializers.PickleSerializer"
    settings.SESSION_ENGINE = f"{ENGINES}.{engine}"
    settings.CACHES = {"default": {"BACKEND": f"{CACHES}.dummy.DummyCache"}}
    assert codes_of(sessions) == []


@pytest.mark.usefixtures("_unused")
def test_the_middleware_is_enough(settings: Any) -> None:
    settings.MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
    settings.SESSION_COOKIE_AGE = 3650 * DAY
    assert codes_of(sessions) == ["E350"]
