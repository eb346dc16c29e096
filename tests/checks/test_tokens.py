from __future__ import annotations

from collections import UserDict
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from catalogue_support import ODD, codes, findings

from django_hardened.checks import token_cookies, tokens

KEY = "s1gn-Qm4Kp9Wz2Lx7Rv5Tb8Nc3Hd6Jf0Gy1Us-EaYoIt"
OTHER = "k3y-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL_eYuIoRtKwXqMnBv"
GOOD: dict[str, Any] = {
    "SIGNING_KEY": KEY,
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
}
SIMPLE = "rest_framework_simplejwt.authentication"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _blacklist(monkeypatch: pytest.MonkeyPatch) -> None:
    apps = ("rest_framework_simplejwt.token_blacklist",)
    monkeypatch.setattr(
        "django_hardened.checks.tokens.apps.is_installed", lambda name: name in apps
    )


def _simple(**changes: Any) -> list[str]:
    return codes(tokens, SECRET_KEY=OTHER, SIMPLE_JWT=GOOD | changes)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"SIGNING_KEY": "secret"}, ["E450"]),
        ({"SIGNING_KEY": "changeme" * 7}, ["E450"]),
        ({"SIGNING_KEY": OTHER}, ["I451"]),
        ({"SIGNING_KEY": None}, ["I451"]),
        ({"ALGORITHM": "none"}, ["E452"]),
        ({"ALGORITHM": "None"}, ["E452"]),
        ({"ALGORITHM": "RS256", "SIGNING_KEY": "-----BEGIN"}, []),
        ({"ALGORITHM": "HS512"}, []),
        ({"ACCESS_TOKEN_LIFETIME": HOUR}, []),
        ({"ACCESS_TOKEN_LIFETIME": 2 * HOUR}, ["W453"]),
        ({"ACCESS_TOKEN_LIFETIME": DAY}, ["W453"]),
        ({"ACCESS_TOKEN_LIFETIME": 30 * DAY}, ["E454"]),
        ({"ACCESS_TOKEN_LIFETIME": 3600}, []),
        ({"REFRESH_TOKEN_LIFETIME": 30 * DAY}, []),
        ({"REFRESH_TOKEN_LIFETIME": 365 * DAY}, ["W455"]),
        ({"LEEWAY": 30}, []),
        ({"LEEWAY": HOUR}, []),
        ({"LEEWAY": 7200}, ["W453"]),
        ({"LEEWAY": 2 * DAY}, ["E454"]),
        ({"LEEWAY": 10**30}, ["E454"]),
        ({"LEEWAY": float("inf")}, ["E454"]),
        ({"LEEWAY": float("nan")}, ["E454"]),
        ({"LEEWAY": -float("inf")}, []),
        ({"LEEWAY": "7200"}, []),
        ({"ROTATE_REFRESH_TOKENS": False}, ["I456"]),
        ({"BLACKLIST_AFTER_ROTATION": False}, ["W457"]),
    ],
)
def test_simple_jwt(changes: Any, found: list[str]) -> None:
    assert _simple(**changes) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ["W457"]),
        ({"SIGNING_KEY": "secret"}, ["E450", "W457"]),
        ({"ALGORITHM": "none"}, ["E452", "W457"]),
        ({"ACCESS_TOKEN_LIFETIME": 30 * DAY}, ["E454", "W457"]),
        ({"LEEWAY": 3 * HOUR}, ["W453", "W457"]),
        ({"REFRESH_TOKEN_LIFETIME": 365 * DAY}, ["W455", "W457"]),
        ({"SIGNING_KEY": None, "ROTATE_REFRESH_TOKENS": False}, ["I451", "I456"]),
    ],
)
def test_ninja_jwt(changes: dict[str, Any], found: list[str]) -> None:
    config = GOOD | changes
    messages = findings(tokens, SECRET_KEY=OTHER, NINJA_JWT=config)
    assert [m.id.removeprefix("django_hardened.") for m in messages] == found
    assert {m.setting for m in messages} == {"NINJA_JWT"}  # type: ignore[attr-defined]
    assert '"ninja_jwt.token_blacklist"' in str(messages[-1].hint)
    # It reads SIMPLE_JWT where there is one.
    assert codes(tokens, SECRET_KEY=OTHER, NINJA_JWT=config, SIMPLE_JWT=GOOD) == []


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"JWT_VERIFY_EXPIRATION": True}, []),
        ({"JWT_VERIFY_EXPIRATION": True, "JWT_EXPIRATION_DELTA": HOUR}, []),
        ({"JWT_VERIFY_EXPIRATION": True, "JWT_EXPIRATION_DELTA": 2 * HOUR}, ["W453"]),
        ({"JWT_VERIFY_EXPIRATION": True, "JWT_LEEWAY": 86_401}, ["E454"]),
        ({"JWT_VERIFY_EXPIRATION": True, "JWT_SECRET_KEY": "secret"}, ["E450"]),
        ({"JWT_VERIFY_EXPIRATION": True, "JWT_VERIFY": False}, ["E452"]),
        ({"JWT_VERIFY_EXPIRATION": False}, ["E454"]),
        ({"JWT_EXPIRATION_DELTA": HOUR}, ["E454"]),  # its default is that nothing expires
        ({}, []),
    ],
)
def test_graphql_jwt(config: dict[str, Any], found: list[str]) -> None:
    assert codes(tokens, SECRET_KEY=OTHER, GRAPHQL_JWT=config) == found


def test_graphql_jwt_as_it_comes() -> None:
    backends = ["graphql_jwt.backends.JSONWebTokenBackend"]
    [message] = findings(tokens, SECRET_KEY=OTHER, AUTHENTICATION_BACKENDS=backends)
    assert "valid for ever (GRAPHQL_JWT['JWT_VERIFY_EXPIRATION'])" in message.msg
    assert "below GRAPHQL_JWT = {}, which is missing" in str(message.hint)


@pytest.mark.parametrize(
    ("config", "lifetime"),
    [
        ({"TOKEN_TTL": None}, "ever"),
        ({"TOKEN_TTL": 31 * DAY}, "31 days"),
        ({"TOKEN_TTL": 30 * DAY}, ""),
        ({"TOKEN_TTL": "a day"}, ""),
        ({"AUTO_REFRESH": True}, ""),
        ({}, ""),
    ],
)
def test_knox(config: dict[str, Any], lifetime: str) -> None:
    messages = findings(tokens, REST_KNOX=config)
    said = f"A token of knox is valid for {lifetime} (REST_KNOX['TOKEN_TTL'])."
    assert [message.msg for message in messages] == ([said] if lifetime else [])


@pytest.mark.parametrize("kind", [MappingProxyType, UserDict], ids=["proxy", "user"])
def test_a_mapping_is_as_good_as_a_dictionary(kind: Any) -> None:
    weak = {"SIGNING_KEY": "secret", "ACCESS_TOKEN_LIFETIME": 30 * DAY}
    settings = {
        "SECRET_KEY": OTHER,
        "SIMPLE_JWT": kind(weak),
        "JWT_AUTH": kind({"JWT_VERIFY": False}),
        "GRAPHQL_JWT": kind({"JWT_VERIFY_EXPIRATION": True, "JWT_SECRET_KEY": "secret"}),
        "REST_KNOX": kind({"TOKEN_TTL": None}),
        "REST_AUTH": kind({"JWT_AUTH_COOKIE": "token"}),
    }
    found = ["E450", "E452", "E450", "E454", "W455", "I456", "E459"]
    assert codes(tokens, token_cookies, **settings) == found
    classes = {"DEFAULT_AUTHENTICATION_CLASSES": [f"{SIMPLE}.JWTAuthentication"]}
    assert codes(tokens, REST_FRAMEWORK=kind(classes), SECRET_KEY=OTHER) == ["I451", "I456"]


def test_a_blacklist_without_its_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_hardened.checks.tokens.apps.is_installed", lambda name: False)
    assert _simple() == ["W457"]


def test_the_defaults_of_simple_jwt() -> None:
    authentication = "rest_framework_simplejwt.authentication.JWTAuthentication"
    api = {"DEFAULT_AUTHENTICATION_CLASSES": [authentication]}
    assert codes(tokens, REST_FRAMEWORK=api, SECRET_KEY=OTHER) == ["I451", "I456"]
    assert codes(tokens, REST_FRAMEWORK={}, SECRET_KEY=OTHER) == []
    assert codes(tokens, REST_FRAMEWORK=None, SECRET_KEY=OTHER) == []


def test_a_project_without_any_key() -> None:
    assert codes(tokens, SECRET_KEY="", SIMPLE_JWT=GOOD | {"SIGNING_KEY": None}) == ["I451"]


def test_no_key_is_ever_told() -> None:
    [message] = findings(tokens, SIMPLE_JWT=GOOD | {"SIGNING_KEY": "hunter2"})
    assert "hunter2" not in f"{message.msg}{message.hint}"
    assert "SIMPLE_JWT['SIGNING_KEY'], is too short" in message.msg


def test_lifetimes_are_spelled() -> None:
    [message] = findings(tokens, SIMPLE_JWT=GOOD | {"ACCESS_TOKEN_LIFETIME": 2 * HOUR})
    assert "2 hours" in message.msg
    [message] = findings(tokens, SIMPLE_JWT=GOOD | {"ACCESS_TOKEN_LIFETIME": 7 * DAY})
    assert "7 days" in message.msg


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"JWT_ALGORITHM": "HS256"}, []),
        ({"JWT_SECRET_KEY": OTHER}, []),
        ({"JWT_SECRET_KEY": "secret"}, ["E450"]),
        ({"JWT_VERIFY": False}, ["E452"]),
        ({"JWT_VERIFY": True}, []),
        ({"JWT_VERIFY_EXPIRATION": False}, ["E454"]),
        ({"JWT_EXPIRATION_DELTA": 7 * DAY}, ["E454"]),
        ({"JWT_EXPIRATION_DELTA": 5 * HOUR}, ["W453"]),
        ({"JWT_REFRESH_EXPIRATION_DELTA": 90 * DAY}, ["W455"]),
        ({"of another package": 1}, []),
    ],
)
def test_the_old_package(config: Any, found: list[str]) -> None:
    assert codes(tokens, SECRET_KEY=OTHER, JWT_AUTH=config) == found


COOKIE: dict[str, Any] = {"JWT_AUTH_COOKIE": "token", "JWT_AUTH_SECURE": True}


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (COOKIE, []),
        (COOKIE | {"JWT_AUTH_HTTPONLY": False}, ["E458"]),
        (COOKIE | {"JWT_AUTH_SECURE": False}, ["E459"]),
        ({"JWT_AUTH_COOKIE": "token"}, ["E459"]),
        (COOKIE | {"JWT_AUTH_SAMESITE": "None"}, ["E460"]),
        (COOKIE | {"JWT_AUTH_SAMESITE": "None", "JWT_AUTH_COOKIE_USE_CSRF": True}, []),
        ({"JWT_AUTH_HTTPONLY": False}, []),
        ({"JWT_AUTH_COOKIE": None}, []),
    ],
)
def test_cookies(config: Any, found: list[str]) -> None:
    assert codes(token_cookies, REST_AUTH=config) == found


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_setting(value: Any) -> None:
    assert codes(tokens, token_cookies, JWT_AUTH=value, REST_AUTH=value, REST_KNOX=value) == []
    assert set(codes(tokens, NINJA_JWT=value)) <= {"I451", "I456"}
    assert set(codes(tokens, GRAPHQL_JWT=value)) <= {"E454"}
    assert set(codes(tokens, SIMPLE_JWT=value)) <= {"I451", "I456"}
