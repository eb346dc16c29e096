from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from catalogue_support import ODD, codes, findings

from django_hardened.checks import tokens

KEY = "s1gn-Qm4Kp9Wz2Lx7Rv5Tb8Nc3Hd6Jf0Gy1Us-EaYoIt"
OTHER = "k3y-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL_eYuIoRtKwXqMnBv"
GOOD: dict[str, Any] = {
    "SIGNING_KEY": KEY,
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
}
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
        ({"ROTATE_REFRESH_TOKENS": False}, ["I456"]),
        ({"BLACKLIST_AFTER_ROTATION": False}, ["W457"]),
    ],
)
def test_simple_jwt(changes: Any, found: list[str]) -> None:
    assert _simple(**changes) == found


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
    assert codes(tokens, REST_AUTH=config) == found


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_setting(value: Any) -> None:
    assert codes(tokens, JWT_AUTH=value, REST_AUTH=value) == []
    assert set(codes(tokens, SIMPLE_JWT=value)) <= {"I451", "I456"}
