from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from catalogue_support import ODD, codes, findings
from django.core.cache.backends.locmem import LocMemCache
from django.utils.functional import lazystr

from django_hardened.checks import caches

BACKENDS = "django.core.cache.backends."
LOCMEM: dict[str, Any] = {"BACKEND": f"{BACKENDS}locmem.LocMemCache"}
DUMMY: dict[str, Any] = {"BACKEND": f"{BACKENDS}dummy.DummyCache"}
LIMITS = {"DEFAULT_THROTTLE_CLASSES": ["x.Throttle"]}
NONE: dict[str, Any] = {"DEFAULT_THROTTLE_CLASSES": []}
SESSIONS = "django.contrib.sessions.backends."


class OwnLocMem(LocMemCache):
    pass


def _redis(location: Any, **options: Any) -> dict[str, Any]:
    return {
        "BACKEND": f"{BACKENDS}redis.RedisCache",
        "LOCATION": location,
        "OPTIONS": options,
    }


def _judge(**changes: Any) -> list[str]:
    return codes(caches, **{"REST_FRAMEWORK": NONE, **changes})


@pytest.mark.parametrize(
    ("aliases", "changes", "found"),
    [
        ({"default": LOCMEM}, {}, []),
        ({"default": LOCMEM}, {"REST_FRAMEWORK": LIMITS}, ["W501"]),
        ({"default": {"BACKEND": "test_caches.OwnLocMem"}}, {"REST_FRAMEWORK": LIMITS}, []),
        ({"default": LOCMEM}, {"REST_FRAMEWORK": LIMITS, "HARDENED_EDGE": ["rate_limit"]}, []),
        ({"default": LOCMEM}, {"REST_FRAMEWORK": None}, []),
        ({"default": DUMMY}, {"REST_FRAMEWORK": LIMITS}, ["E503"]),
        ({"default": DUMMY}, {}, ["W502"]),
        ({"default": DUMMY}, {"SESSION_ENGINE": SESSIONS + "cache"}, []),
        ({"default": DUMMY}, {"SESSION_ENGINE": SESSIONS + "db"}, ["W502"]),
        (
            {"default": DUMMY},
            {"SESSION_ENGINE": SESSIONS + "cache", "SESSION_CACHE_ALIAS": "s"},
            ["W502"],
        ),
        ({"default": {"BACKEND": f"{BACKENDS}db.DatabaseCache"}, "b": LOCMEM, "c": DUMMY}, {}, []),
        ({"default": {"BACKEND": "not_installed.Cache"}}, {"REST_FRAMEWORK": LIMITS}, []),
    ],
)
def test_sharing(aliases: Any, changes: Any, found: list[str]) -> None:
    assert _judge(CACHES=aliases, **changes) == found


def test_a_subclass_is_what_it_inherits(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"default": {"BACKEND": "caches_of_a_project.OwnLocMem"}}
    module = type(caches)("caches_of_a_project")
    module.OwnLocMem = OwnLocMem  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "caches_of_a_project", module)
    assert _judge(CACHES=own, REST_FRAMEWORK=LIMITS) == ["W501"]


@pytest.mark.parametrize(("limits", "found"), [(None, ["W501"]), ({}, ["W501"]), (False, [])])
def test_allauth(monkeypatch: pytest.MonkeyPatch, limits: Any, found: list[str]) -> None:
    monkeypatch.setattr(
        "django_hardened.checks.caches.apps.is_installed", lambda name: name == "allauth.account"
    )
    assert _judge(CACHES={"default": LOCMEM}, ACCOUNT_RATE_LIMITS=limits) == found


def test_what_depends_on_it_is_named() -> None:
    [message] = findings(caches, CACHES={"default": DUMMY}, REST_FRAMEWORK=LIMITS)
    assert "the limits of REST framework need" in message.msg


REMOTE = "cache.example.com"


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (_redis(f"redis://{REMOTE}:6379/0"), ["W504"]),
        (_redis(f"redis://:s3cr3t@{REMOTE}:6379/0"), ["W504"]),
        (_redis(f"rediss://{REMOTE}:6379/0"), ["W504"]),
        (_redis(f"rediss://:s3cr3t@{REMOTE}:6379/0"), []),
        (_redis(f"rediss://{REMOTE}:6379/0?password=s3cr3t"), []),
        (_redis(f"valkeys://:s3cr3t@{REMOTE}"), []),
        (_redis(f"rediss://{REMOTE}", password="s3cr3t"), []),
        (_redis(f"redis://{REMOTE}", PASSWORD="s3cr3t", ssl=True), []),
        (_redis(f"redis://{REMOTE}", CONNECTION_POOL_KWARGS={"password": "x", "ssl": True}), []),
        (_redis(f"rediss://{REMOTE}", credential_provider=object()), []),
        (_redis([f"redis://{REMOTE}", "redis://other.example.com"]), ["W504"]),
        (_redis(f"rediss://:x@{REMOTE},redis://other.example.com"), ["W504"]),
        (_redis("redis://8.8.8.8:6379"), ["W504"]),
        (_redis("redis://[2606:4700::1]:6379"), ["W504"]),
        (_redis("redis://localhost:6379"), []),
        (_redis("redis://127.0.0.1:6379"), []),
        (_redis("redis://[::1]:6379"), []),
        (_redis("redis://redis:6379/1"), []),
        (_redis("redis://10.0.0.7:6379/1"), []),
        (_redis("redis://redis.prod.svc.cluster.local:6379"), []),
        (_redis("unix:///run/redis.sock?db=1"), []),
        (_redis("redis://[bad"), []),
        (_redis(3), []),
        (_redis(None), []),
        (_redis(lazystr(f"redis://{REMOTE}")), []),
        ({"BACKEND": f"{BACKENDS}memcached.PyMemcacheCache", "LOCATION": f"{REMOTE}:1"}, ["W504"]),
        ({"BACKEND": f"{BACKENDS}memcached.PyMemcacheCache", "LOCATION": "memcached:11211"}, []),
        ({"BACKEND": f"{BACKENDS}memcached.PyLibMCCache", "LOCATION": "/run/memcached.sock"}, []),
        ({"BACKEND": f"{BACKENDS}db.DatabaseCache", "LOCATION": "table.name"}, []),
        (_redis(f"rediss://:x@{REMOTE}?ssl_cert_reqs=none"), ["W506"]),
        (_redis(f"rediss://:x@{REMOTE}", ssl_cert_reqs=None), ["W506"]),
        (_redis(f"rediss://:x@{REMOTE}", ssl_cert_reqs=ssl.CERT_NONE), ["W506"]),
        (
            _redis(f"rediss://:x@{REMOTE}", CONNECTION_POOL_KWARGS={"ssl_cert_reqs": "none"}),
            ["W506"],
        ),
        (_redis(f"rediss://:x@{REMOTE}", ssl_cert_reqs="required"), []),
    ],
)
def test_transport(config: Any, found: list[str]) -> None:
    assert _judge(CACHES={"default": config}) == found


def test_what_is_missing_is_named_and_no_password() -> None:
    location = f"redis://:s3cr3t@{REMOTE}"
    [message] = findings(caches, CACHES={"default": _redis(location)}, REST_FRAMEWORK=NONE)
    assert "without TLS:" in message.msg
    assert "s3cr3t" not in f"{message.msg}{message.hint}"
    [message] = findings(
        caches, CACHES={"default": _redis(f"redis://{REMOTE}")}, REST_FRAMEWORK=NONE
    )
    assert "without TLS and a password" in message.msg


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("/tmp/cache", ["W505"]),
        ("/tmp", ["W505"]),
        (Path("/var/tmp/site"), ["W505"]),
        ("/dev/shm/site", ["W505"]),
        ("/var/cache/site", []),
        ("/tmpfiles/site", []),
        (None, []),
    ],
)
def test_files(location: Any, found: list[str]) -> None:
    config = {"BACKEND": f"{BACKENDS}filebased.FileBasedCache", "LOCATION": location}
    assert _judge(CACHES={"default": config}) == found


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_setting(value: Any) -> None:
    assert _judge(CACHES=value) == []
    assert _judge(CACHES={"default": LOCMEM | {"OPTIONS": value}}) == []
