"""3xx: where sessions are kept, in which form, and for how long."""

from __future__ import annotations

import re
import sys
from pathlib import PurePath
from types import ModuleType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass, load_class, names_in
from django_hardened.checks.dictionaries import entry_of
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.checks.services import in_days

_SESSIONS = "django.contrib.sessions"
_ENGINES = f"{_SESSIONS}.backends"
_CACHES = "django.core.cache.backends"
_SHARED = (
    'SESSION_ENGINE = "django.contrib.sessions.backends.db"  # or a cache that every process '
    'shares: CACHES[{alias!r}] = {{"BACKEND": "django.core.cache.backends.redis.RedisCache", '
    '"LOCATION": os.environ["REDIS_URL"]}}'
)
_AGE = "SESSION_COOKIE_AGE = 12 * 60 * 60  # Django's own value is two weeks"

E350 = Rule(
    "E350",
    "SESSION_COOKIE_AGE is {value}: a stolen session is good for {time}.",
    _AGE,
    setting="SESSION_COOKIE_AGE",
    asvs="7.3.2",
    cwe=613,
)
W351 = Rule(
    "W351",
    "SESSION_COOKIE_AGE is {value}: nobody needs to log in again for {time}.",
    _AGE,
    setting="SESSION_COOKIE_AGE",
    asvs="7.3.2",
    cwe=613,
)
W352 = Rule(
    "W352",
    "SESSION_ENGINE is {value!r}: the client can read what is in a session, and keep a copy that "
    "works after the logout.",
    'SESSION_ENGINE = "django.contrib.sessions.backends.db"',
    setting="SESSION_ENGINE",
    asvs="7.4.1",
    cwe=613,
)
E353 = Rule(
    "E353",
    "SESSION_SERIALIZER is {value!r}: whoever can write a session runs code when it is read.",
    'SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"',
    setting="SESSION_SERIALIZER",
    asvs="1.5.2",
    cwe=502,
)
E354 = Rule(
    "E354",
    "Sessions are kept in the cache {alias!r}, which is {backend}: {consequence}.",
    _SHARED,
    setting="SESSION_ENGINE",
)
W355 = Rule(
    "W355",
    "Sessions depend on the cache {alias!r}, which is {backend}: {consequence}.",
    _SHARED,
    setting="SESSION_ENGINE",
)
W356 = Rule(
    "W356",
    "Sessions are files in {path}, which other programs of the machine use and clean up.",
    'SESSION_FILE_PATH = "/var/lib/myproject/sessions"  # with mode 700; or '
    'SESSION_ENGINE = "django.contrib.sessions.backends.db"',
    setting="SESSION_FILE_PATH",
    cwe=377,
)
RULES = (E350, W351, W352, E353, E354, W355, W356)

_DAY = 24 * 60 * 60
_RUNS_CODE = re.compile(r"pickle|\bdill(?:\b|serializer)|marshal|shelve", re.IGNORECASE)
# Modules that run code when they read, whatever the class that uses them is called.
_PICKLES = frozenset({"cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "pickle", "shelve"})
_SHARED_FOLDERS = tuple(PurePath(name) for name in ("/tmp", "/var/tmp", "/dev/shm"))  # noqa: S108


def _are_used() -> bool:
    return apps.is_installed(_SESSIONS) or is_present(f"{_SESSIONS}.middleware.SessionMiddleware")


def _is_engine(*names: str) -> bool:
    """Whether ``SESSION_ENGINE`` is one of Django's ``names``, or inherits from it."""
    stores = (f"{_ENGINES}.{name}.SessionStore" for name in names)
    return _are_used() and is_subclass(f"{settings.SESSION_ENGINE}.SessionStore", *stores)


def check_session_age(**kwargs: Any) -> list[CheckMessage]:
    value: Any = settings.SESSION_COOKIE_AGE
    if not isinstance(value, int | float) or not _are_used() or value <= 30 * _DAY:
        return []
    rule = W351 if value <= 366 * _DAY else E350
    return [rule.found(value=value, time=in_days(value))]


def check_session_engine(**kwargs: Any) -> list[CheckMessage]:
    signed = _is_engine("signed_cookies")
    return [W352.found(value=str(settings.SESSION_ENGINE))] if signed else []


def check_session_serializer(**kwargs: Any) -> list[CheckMessage]:
    value = str(settings.SESSION_SERIALIZER)
    runs_code = _RUNS_CODE.search(value) or _pickles(value)
    return [E353.found(value=value)] if runs_code and _are_used() else []


def _pickles(dotted: str) -> bool:
    """Whether the class, or one that it is built on, pickles, or stands in a module that does."""
    classes = getattr(load_class(dotted), "__mro__", ())
    modules = {str(cls.__module__) for cls in classes} - {"builtins"}
    found = [sys.modules[name] for name in modules if name in sys.modules]
    imported = [value for module in found for value in vars(module).values()]
    return any(map(_is_of_pickle, imported)) or not _PICKLES.isdisjoint(
        name for cls in classes for name in names_in(cls)
    )


def _is_of_pickle(value: object) -> bool:
    """Whether ``value`` is such a module, or a function or a class of one."""
    is_module = isinstance(value, ModuleType)
    home = value.__name__ if is_module else getattr(value, "__module__", None)  # type: ignore[attr-defined]
    return str(home).partition(".")[0].lstrip("_") in _PICKLES


def check_session_cache(**kwargs: Any) -> list[CheckMessage]:
    alias = str(settings.SESSION_CACHE_ALIAS)
    backend = str(entry_of(settings.CACHES, alias).get("BACKEND", ""))
    rule, consequence = _judge_cache(backend)
    if rule is None:
        return []
    name = backend.rpartition(".")[2]
    return [rule.found(subject=alias, alias=alias, backend=name, consequence=consequence)]


def _judge_cache(backend: str) -> tuple[Rule | None, str]:
    if _is_engine("cache"):
        if is_subclass(backend, f"{_CACHES}.dummy.DummyCache"):
            return E354, "nothing is kept, and nobody can log in"
        if is_subclass(backend, f"{_CACHES}.locmem.LocMemCache"):
            return E354, "each process has its own, and a restart ends them all"
        if is_subclass(backend, f"{_CACHES}.filebased.FileBasedCache"):
            return W355, "beyond MAX_ENTRIES, 300 unless set, sessions end at random"
    elif _is_engine("cached_db") and is_subclass(backend, f"{_CACHES}.locmem.LocMemCache"):
        return W355, "after a logout the other processes still know the user"
    return None, ""


def check_session_files(**kwargs: Any) -> list[CheckMessage]:
    if not _is_engine("file"):
        return []
    path = PurePath(str(settings.SESSION_FILE_PATH or _SHARED_FOLDERS[0]))
    # A folder of one's own below /tmp, such as systemd's PrivateTmp, is still cleaned up.
    is_shared = any(path.is_relative_to(folder) for folder in _SHARED_FOLDERS)
    return [W356.found(path=path)] if is_shared else []


CHECKS = (
    check_session_age,
    check_session_engine,
    check_session_serializer,
    check_session_cache,
    check_session_files,
)
