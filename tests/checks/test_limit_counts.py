from __future__ import annotations

import sys
from typing import Any

import pytest
from catalogue_support import codes, findings
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache

from django_hardened.checks import caches, limit_counts

BACKENDS = "django.core.cache.backends."
MIDDLEWARE = "django_hardened.middleware.RateLimitMiddleware"
PROTECTION = "django_hardened.backends.LoginProtectionBackend"
THROTTLE = "django_hardened.drf.throttling.AnonRateThrottle"
PLAIN = "rest_framework.throttling.AnonRateThrottle"
UNFIT = ["locmem.LocMemCache", "dummy.DummyCache", "db.DatabaseCache", "filebased.FileBasedCache"]
FIT = ["redis.RedisCache", "memcached.PyMemcacheCache", "memcached.PyLibMCCache"]
NOTHING: dict[str, Any] = {
    "MIDDLEWARE": [],
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
    "REST_FRAMEWORK": {"DEFAULT_THROTTLE_CLASSES": []},
}
LIMITED = NOTHING | {"MIDDLEWARE": [MIDDLEWARE]}


@pytest.fixture(autouse=True)
def _no_other_limiter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is imported is what is looked at, and other tests import it."""
    monkeypatch.delitem(sys.modules, "django_ratelimit.core", raising=False)


class OwnLocMem(LocMemCache):
    pass


class Foreign(BaseCache):
    pass


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> str:
    module = type(sys)("caches_of_this_project")
    module.OwnLocMem, module.Foreign = OwnLocMem, Foreign  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "caches_of_this_project", module)
    return "caches_of_this_project"


def cache(backend: str, alias: str = "default") -> dict[str, Any]:
    return {"CACHES": {alias: {"BACKEND": backend}}}


@pytest.mark.parametrize("name", UNFIT)
def test_a_file_of_this_host_counts(name: str) -> None:
    [message] = findings(limit_counts, **LIMITED, **cache(BACKENDS + name))
    assert message.id == "django_hardened.I512"
    assert message.msg.startswith(
        "The counts of RateLimitMiddleware are in a file of this host, as the cache 'default' is "
        f"{name.partition('.')[2]}: exact on one host"
    )


@pytest.mark.parametrize("name", FIT)
def test_a_server_counts_for_all_hosts(name: str) -> None:
    assert codes(limit_counts, **LIMITED, **cache(BACKENDS + name)) == []


@pytest.mark.parametrize(
    ("changes", "dependents"),
    [
        ({"MIDDLEWARE": [MIDDLEWARE]}, "RateLimitMiddleware are"),
        ({"AUTHENTICATION_BACKENDS": [PROTECTION]}, "LoginProtectionBackend are"),
        (
            {"REST_FRAMEWORK": {"DEFAULT_THROTTLE_CLASSES": [PLAIN, THROTTLE]}},
            "the throttles of REST framework are",
        ),
        (
            {"MIDDLEWARE": [MIDDLEWARE], "AUTHENTICATION_BACKENDS": [PROTECTION]},
            "RateLimitMiddleware and LoginProtectionBackend are",
        ),
    ],
)
def test_what_counts_is_named(changes: dict[str, Any], dependents: str) -> None:
    [message] = findings(limit_counts, **NOTHING | changes, **cache(BACKENDS + UNFIT[0]))
    assert message.msg.startswith(f"The counts of {dependents} in a file")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"REST_FRAMEWORK": {"DEFAULT_THROTTLE_CLASSES": [PLAIN]}},
        {"REST_FRAMEWORK": {}},
        {"REST_FRAMEWORK": None},
        {"MIDDLEWARE": [MIDDLEWARE], "HARDENED_EDGE": ["rate_limit"]},
    ],
)
def test_nothing_of_ours_counts(changes: dict[str, Any]) -> None:
    assert codes(limit_counts, **NOTHING | changes, **cache(BACKENDS + UNFIT[0])) == []


def test_the_alias_that_is_named_counts(project: str) -> None:
    two = {
        "CACHES": {
            "default": {"BACKEND": BACKENDS + UNFIT[0]},
            "limits": {"BACKEND": BACKENDS + FIT[0]},
            "own": {"BACKEND": f"{project}.OwnLocMem"},
            "odd": None,
        }
    }
    found = {
        alias: codes(limit_counts, **LIMITED, **two, HARDENED_RATELIMIT_CACHE=alias)
        for alias in ("default", "limits", "own", "odd", "of-none")
    }
    assert found == {
        "default": ["I512"],
        "limits": [],
        "own": ["I512"],
        "odd": ["I512"],
        "of-none": ["I512"],
    }
    [message] = findings(limit_counts, **LIMITED, **two, HARDENED_RATELIMIT_CACHE="of-none")
    assert "as the cache 'of-none' does not exist" in message.msg


@pytest.mark.parametrize("value", [None, [], "text"])
def test_caches_of_another_shape(value: Any) -> None:
    assert codes(limit_counts, **LIMITED, CACHES=value) == ["I512"]


def test_a_backend_that_nobody_knows_is_not_a_file(project: str) -> None:
    assert codes(limit_counts, **LIMITED, **cache(f"{project}.Foreign")) == []
    assert codes(limit_counts, **LIMITED, **cache("not_installed.Cache")) == []


@pytest.mark.parametrize(("throttle", "found"), [(THROTTLE, []), (PLAIN, ["W501"])])
def test_our_throttles_do_not_need_the_cache(throttle: str, found: list[str]) -> None:
    api = {"REST_FRAMEWORK": {"DEFAULT_THROTTLE_CLASSES": [throttle]}}
    assert codes(caches, **NOTHING | api, **cache(BACKENDS + UNFIT[0])) == found


# -- django-ratelimit ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNFIT)
@pytest.mark.parametrize("alias", ["default", "limits"])
def test_django_ratelimit_counts_where_it_cannot(name: str, alias: str) -> None:
    changes = NOTHING | {"RATELIMIT_USE_CACHE": alias}
    [message] = findings(limit_counts, **changes, **cache(BACKENDS + name, alias))
    assert message.id == "django_hardened.W513"
    assert f"in the cache {alias!r}, which is {name.partition('.')[2]}: " in message.msg


@pytest.mark.parametrize("name", FIT)
def test_django_ratelimit_counts_where_it_can(name: str) -> None:
    changes = NOTHING | {"RATELIMIT_USE_CACHE": "default"}
    assert codes(limit_counts, **changes, **cache(BACKENDS + name)) == []


def test_django_ratelimit_that_is_imported_only(monkeypatch: pytest.MonkeyPatch) -> None:
    locmem = cache(BACKENDS + UNFIT[0])
    assert codes(limit_counts, **NOTHING, **locmem) == []
    monkeypatch.setitem(sys.modules, "django_ratelimit.core", type(sys)("django_ratelimit.core"))
    assert codes(limit_counts, **NOTHING, **locmem) == ["W513"]
    assert codes(limit_counts, **NOTHING, **locmem, HARDENED_EDGE=["rate_limit"]) == []


def test_django_ratelimit_as_an_app_has_checks_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = NOTHING | {"RATELIMIT_USE_CACHE": "default"} | cache(BACKENDS + UNFIT[0])
    monkeypatch.setattr(limit_counts.apps, "is_installed", lambda name: name == "django_ratelimit")
    assert codes(limit_counts, **changes) == []


def test_django_ratelimit_need_not_be_an_app(settings: Any) -> None:
    """Its own check would stop runserver where the cache is Django's default."""
    assert "django_ratelimit" not in settings.INSTALLED_APPS
