from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils.functional import lazystr
from findings_support import NOT_SETTINGS, all_codes, codes, subjects

from django_hardened.checks import installation, spelling
from django_hardened.env import Env
from django_hardened.own_settings import EDGE_WORDS, OWN_SETTINGS


def test_nothing_to_say() -> None:
    assert all_codes(installation) == []
    assert all_codes(spelling) == []


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("HARDENED_EDGES", "HARDENED_EDGE"),
        ("HARDENED_TRUSTED_PROXY", "HARDENED_TRUSTED_PROXIES"),
        ("HARDENED_ENVIROMENT", "HARDENED_ENVIRONMENT"),
        ("HARDENED_WAIVER", "HARDENED_WAIVERS"),
        ("HARDENED_", ""),
        ("HARDENED_SOMETHING_ENTIRELY_DIFFERENT_X", ""),
    ],
)
def test_an_unknown_name(name: str, match: str) -> None:
    with override_settings(**{name: "x"}):
        [message] = installation.check_unknown_names()
        assert all_codes(installation) == ["W902"]
        assert spelling.check_near_misses() == []
    assert name in message.msg
    assert str(message.hint).startswith(f"Did you mean {match}?" if match else "Remove it.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HARDENED_EDGE", {"ssl_redirect"}),
        ("HARDENED_EDGE", [lazystr("hsts")]),
        ("HARDENED_EDGE", ()),
        ("HARDENED_EDGE", frozenset(EDGE_WORDS)),
        ("HARDENED_TRUSTED_PROXIES", ("10.0.0.0/8",)),
        ("HARDENED_TRUSTED_PROXIES", [2, lazystr("unix")]),
        ("HARDENED_FORWARDED_HEADER", "Forwarded"),
        ("HARDENED_FORWARDED_HEADER", None),
        ("HARDENED_DEV_SERVERS", ["uvicorn --reload"]),
        ("HARDENED_ENVIRONMENT", lazystr("production")),
        ("HARDENED_ENVIRONMENT", None),
        ("HARDENED_ENV_SOURCES", Env({}).sources),
        ("HARDENED_TENANT_RESOLVER", "project.tenants.resolve"),
        ("HARDENED_TENANT_RESOLVER", len),
        ("HARDENED_WAIVERS", [{"id": "x"}]),
        ("HARDENED_WAIVERS_FILE", Path("x.toml")),
        ("HARDENED_WAIVERS_FILE", "x.toml"),
        ("HARDENED_BOOT_OVERRIDE", "the reason"),
        ("HARDENED_RATELIMIT_FILE", None),
        ("HARDENED_RATELIMIT_FILE", ""),
        ("HARDENED_RATELIMIT_FILE", Path("/run/x/counts.sqlite3")),
        ("HARDENED_RATELIMIT_FILE_MB", 1),
        ("HARDENED_RATELIMIT_ON_ERROR", "deny"),
    ],
)
def test_a_right_type(name: str, value: object) -> None:
    with override_settings(**{name: value}):
        assert all_codes(installation) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HARDENED_EDGE", "hsts"),
        ("HARDENED_EDGE", None),
        ("HARDENED_EDGE", {"hsts": True}),
        ("HARDENED_EDGE", [1]),
        ("HARDENED_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("HARDENED_TRUSTED_PROXIES", 2),
        ("HARDENED_TRUSTED_PROXIES", [True]),
        ("HARDENED_FORWARDED_HEADER", ["Forwarded"]),
        ("HARDENED_DEV_SERVERS", "uvicorn"),
        ("HARDENED_ENVIRONMENT", 7),
        ("HARDENED_ENV_SOURCES", {}),
        ("HARDENED_TENANT_RESOLVER", ["x"]),
        ("HARDENED_WAIVERS", "x"),
        ("HARDENED_WAIVERS", {"id": "x"}),
        ("HARDENED_WAIVERS_FILE", 7),
        ("HARDENED_BOOT_OVERRIDE", True),
        ("HARDENED_RATELIMIT_CACHE", None),
        ("HARDENED_RATELIMIT_FILE", "counts.sqlite3"),
        ("HARDENED_RATELIMIT_FILE", Path("run/counts.sqlite3")),
        ("HARDENED_RATELIMIT_FILE", 7),
        ("HARDENED_RATELIMIT_FILE_MB", 0),
        ("HARDENED_RATELIMIT_FILE_MB", True),
        ("HARDENED_RATELIMIT_FILE_MB", "64"),
        ("HARDENED_RATELIMIT_ON_ERROR", "open"),
        ("HARDENED_RATELIMIT_ON_ERROR", ["deny"]),
    ],
)
def test_a_wrong_type(name: str, value: object) -> None:
    with override_settings(**{name: value}):
        [message] = installation.check_types()
        assert all_codes(installation) == ["E903"]
    assert message.msg.startswith(f"{name} is a {type(value).__name__}; it has to be ")
    assert message.hint == f"{name} = {OWN_SETTINGS[name].example}"


def test_an_example_is_of_its_own_type() -> None:
    for name, kind in OWN_SETTINGS.items():
        assert kind.admits(eval(kind.example)), name


@pytest.mark.parametrize("value", NOT_SETTINGS)
def test_no_type_makes_a_check_fail(value: object) -> None:
    for name in OWN_SETTINGS:
        with override_settings(**{name: value}):
            assert set(all_codes(installation)) <= {"E903", "E904"}


def test_words_of_the_edge() -> None:
    with override_settings(HARDENED_EDGE=["hsts", "waf", "HSTS", ""]):
        messages = installation.check_edge_words()
    assert codes(messages) == ["E904", "E904", "E904"]
    assert subjects(messages) == ["", "HSTS", "waf"]
    assert "ssl_redirect, hsts, headers" in str(messages[0].hint)


# -- Near misses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("SECURE_HSTS_SECOND", "SECURE_HSTS_SECONDS"),
        ("SECURE_CONTENT_TYPE_NO_SNIFF", "SECURE_CONTENT_TYPE_NOSNIFF"),
        ("SESSION_COOKIE_SECURED", "SESSION_COOKIE_SECURE"),
        ("SESSION_COOKIE_HTTP_ONLY", "SESSION_COOKIE_HTTPONLY"),
        ("CSRF_COOKIES_SECURE", "CSRF_COOKIE_SECURE"),
        ("CSRF_ORIGINS_TRUSTED", "CSRF_TRUSTED_ORIGINS"),
        ("X_FRAME_OPTION", "X_FRAME_OPTIONS"),
        ("AUTH_PASSWORD_VALIDATOR", "AUTH_PASSWORD_VALIDATORS"),
        ("PASSWORD_RESET_TIMEOUT_DAYS", "PASSWORD_RESET_TIMEOUT"),
        ("DATA_UPLOAD_MAX_MEMORY", "DATA_UPLOAD_MAX_MEMORY_SIZE"),
        ("HARDEND_EDGE", "HARDENED_EDGE"),
    ],
)
def test_a_near_miss(monkeypatch: pytest.MonkeyPatch, name: str, match: str) -> None:
    # The settings of this suite say most of the right ones as well.
    monkeypatch.setattr(spelling, "_is_set", lambda name: False)
    with override_settings(**{name: 1}):
        [message] = spelling.check_near_misses()
    assert codes([message]) == ["W905"]
    assert subjects([message]) == [name]
    assert f"Did you mean {match}?" in str(message.hint)


@pytest.mark.parametrize(
    "name",
    [
        "SECURE_BROWSER_XSS_FILTER",
        "USE_X_FORWARDED_FOR",
        "SESSION_EXPIRE_SECONDS",
        "SESSION_REDIS",
        "AUTH_LDAP_SERVER_URI",
        "CSRF_COOKIE_MASKED",
        "SECURE_HSTS",
        "PASSWORD_MIN_LENGTH",
        "CORS_ALLOWED_ORIGIN",
        "DATABASE",
        "secure_hsts_second",
    ],
)
def test_names_of_others(name: str) -> None:
    with override_settings(**{name: 1}):
        assert all_codes(spelling) == []


def test_a_variable_on_the_way_to_the_setting() -> None:
    with override_settings(SECURE_SSL_HOSTS="a"):
        assert subjects(spelling.check_near_misses()) == ["SECURE_SSL_HOSTS"]
        with override_settings(SECURE_SSL_HOST="a"):
            assert spelling.check_near_misses() == []


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("CORS_ALLOW_ORIGINS_ALL", "CORS_ALLOW_ALL_ORIGINS"),
        ("CORS_ALLOWED_CREDENTIALS", "CORS_ALLOW_CREDENTIALS"),
        ("CORS_ORIGINS_WHITELIST", "CORS_ORIGIN_WHITELIST"),
    ],
)
def test_names_of_cors_headers(name: str, match: str) -> None:
    with override_settings(**{name: True}):
        assert all_codes(spelling) == []
        with override_settings(MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"]):
            [message] = spelling.check_near_misses()
    assert f"Did you mean {match}?" in str(message.hint)


def test_names_that_cors_headers_reads() -> None:
    middleware = ["corsheaders.middleware.CorsMiddleware"]
    with override_settings(
        MIDDLEWARE=middleware, CORS_ORIGIN_ALLOW_ALL=True, CORS_ALLOWED_ORIGINS=[]
    ):
        assert all_codes(spelling) == []


@pytest.mark.parametrize(
    ("key", "match"),
    [
        ("DEFAULT_PERMISSION_CLASS", "DEFAULT_PERMISSION_CLASSES"),
        ("DEFAULT_PERMISSIONS_CLASSES", "DEFAULT_PERMISSION_CLASSES"),
        ("DEFAULT_AUTHENTICATION_CLASS", "DEFAULT_AUTHENTICATION_CLASSES"),
        ("DEFAULT_THROTTLE_RATE", "DEFAULT_THROTTLE_RATES"),
    ],
)
def test_keys_of_rest_framework(key: str, match: str) -> None:
    with override_settings(REST_FRAMEWORK={key: [], "PAGE_SIZE": 5}):
        [message] = spelling.check_rest_framework_keys()
    assert message.msg.startswith(key)
    assert match in str(message.hint)
    assert subjects([message]) == [key]
    with override_settings(REST_FRAMEWORK={key: [], match: []}):
        assert all_codes(spelling) == []


@pytest.mark.parametrize("value", [*NOT_SETTINGS, {}, {"PAGINATE_BY": 1, None: 2}])
def test_no_value_makes_a_check_fail(value: Any) -> None:
    with override_settings(REST_FRAMEWORK=value, MIDDLEWARE=value):
        assert all_codes(spelling) == []
