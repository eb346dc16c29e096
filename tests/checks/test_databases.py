from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from catalogue_support import ODD, codes, findings

from django_hardened.checks import databases

REMOTE = "db.example.com"
SQLITE = "django.db.backends.sqlite3"
TLS = {"sslmode": "verify-full"}
GOOD = "k3y-Zr8mQ1xW5vT0"


def _codes(config: Any, alias: str = "default") -> list[str]:
    return codes(databases, DATABASES={alias: config})


def _judge(config: Any) -> list[Any]:
    return findings(databases, DATABASES={"default": config})


def _postgres(**changes: Any) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "USER": "shop",
        "PASSWORD": GOOD,
        "HOST": REMOTE,
        "OPTIONS": TLS,
        **changes,
    }


def _mysql(**changes: Any) -> dict[str, Any]:
    options = {"ssl_mode": "VERIFY_IDENTITY"}
    return _postgres(ENGINE="django.db.backends.mysql", OPTIONS=options) | changes


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (":memory:", ["E521"]),
        ("file::memory:?cache=shared", ["E521"]),
        ("file:x?mode=memory&cache=shared", ["E521"]),
        ("/srv/db.sqlite3", ["W520"]),
        (Path("/srv/db.sqlite3"), ["W520"]),
        (None, ["W520"]),
    ],
)
def test_sqlite(name: Any, found: list[str]) -> None:
    assert _codes({"ENGINE": SQLITE, "NAME": name}) == found
    assert _codes({"ENGINE": SQLITE, "NAME": name}, alias="scratch") == []


def test_spatialite() -> None:
    engine = "django.contrib.gis.db.backends.spatialite"
    assert _codes({"ENGINE": engine, "NAME": "/srv/db"}) == ["W520"]


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (_postgres(), []),
        (_postgres(USER="postgres", PASSWORD="postgres"), ["E522"]),
        (_postgres(USER="django", PASSWORD="django"), ["E522"]),
        (_postgres(USER="shop", PASSWORD="Shop"), ["E522"]),
        (_postgres(PASSWORD="your-password"), ["E522"]),
        (_postgres(PASSWORD="<your_db_password>"), ["E522"]),
        (_postgres(PASSWORD="ChangeMe123!"), ["E522"]),
        (_postgres(PASSWORD="password-8f3h2k9d7s6f5g4h"), []),
        (_postgres(HOST="db", USER="postgres", PASSWORD="postgres"), ["W523"]),
        (_postgres(HOST="", USER="postgres", PASSWORD="postgres"), ["W523"]),
        (_postgres(HOST="localhost", PASSWORD=""), []),
        (_postgres(HOST="/run/postgresql", PASSWORD=""), []),
        (_postgres(HOST="", PASSWORD=None), []),
        (_postgres(PASSWORD=""), ["W524"]),
        (_postgres(USER="root", PASSWORD=""), ["W524"]),
        (_postgres(PASSWORD="", USER=""), []),
        (_postgres(PASSWORD="", OPTIONS=TLS | {"sslcert": "/etc/c.pem"}), []),
        (_postgres(PASSWORD="", ENGINE="django_iam_dbauth.aws.postgresql"), []),
        (_mysql(), []),
        (_mysql(USER="root", PASSWORD=""), ["E522"]),
        (_mysql(USER="sa", PASSWORD=""), ["E522"]),
        (_mysql(USER="root", PASSWORD="root"), ["E522"]),
        (_mysql(PASSWORD=""), ["W524"]),
    ],
)
def test_credentials(config: Any, found: list[str]) -> None:
    assert _codes(config) == found


def test_no_password_is_ever_told() -> None:
    [message] = _judge(_postgres(PASSWORD="letmein"))
    assert "letmein" not in f"{message.msg}{message.hint}"


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (_postgres(OPTIONS={}), ["W525"]),
        (_postgres(OPTIONS=None), ["W525"]),
        (_postgres(OPTIONS={"sslmode": "disable"}), ["W525"]),
        (_postgres(OPTIONS={"sslmode": "allow"}), ["W525"]),
        (_postgres(OPTIONS={"sslmode": "prefer"}), ["W525"]),
        (_postgres(OPTIONS={"sslmode": "require"}), []),
        (_postgres(OPTIONS={"service": "shop"}), []),
        (_postgres(OPTIONS={"host": REMOTE}, HOST=""), ["W525"]),
        (_postgres(OPTIONS={}, ENGINE="psqlextra.backend"), ["W525"]),
        (_postgres(OPTIONS={}, ENGINE="django.contrib.gis.db.backends.postgis"), ["W525"]),
        (_postgres(OPTIONS={}, HOST="localhost"), []),
        (_postgres(OPTIONS={}, HOST="db"), []),
        (_postgres(OPTIONS={}, HOST="192.168.1.4"), []),
        (_postgres(OPTIONS={}, HOST="/run/postgresql"), []),
        (_postgres(OPTIONS={}, HOST=f"db,{REMOTE}"), ["W525"]),
        (_postgres(OPTIONS={}, ENGINE="django.db.backends.oracle"), []),
        (_mysql(OPTIONS={}), ["W525"]),
        (_mysql(OPTIONS={"ssl_mode": "PREFERRED"}), ["W525"]),
        (_mysql(OPTIONS={"ssl_mode": "required"}), []),
        (_mysql(OPTIONS={"ssl": {"ca": "/etc/ca.pem"}}), []),
        (_mysql(OPTIONS={"read_default_file": "/etc/my.cnf"}), []),
    ],
)
def test_transport(config: Any, found: list[str]) -> None:
    assert _codes(config) == found


def test_the_option_is_named() -> None:
    assert "sslmode=prefer does" in _judge(_postgres(OPTIONS={"sslmode": "prefer"}))[0].msg
    assert "which is not set, does" in _judge(_postgres(OPTIONS={}))[0].msg
    assert '{"sslmode": "verify-full"' in _judge(_postgres(OPTIONS={}))[0].hint


def test_the_hint_keeps_the_other_options() -> None:
    config = _postgres(OPTIONS={"application_name": "shop"})
    [message] = _judge(config)
    exec(str(message.hint), {"DATABASES": {"default": config}})
    assert _judge(config) == []
    assert config["OPTIONS"]["application_name"] == "shop"


@pytest.mark.parametrize("value", [*ODD, {"default": {"ENGINE": "", "HOST": 3, "OPTIONS": 3}}])
def test_what_is_no_setting(value: Any) -> None:
    assert codes(databases, DATABASES=value) == []
