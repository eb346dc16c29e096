from __future__ import annotations

import logging.config
from collections.abc import Iterator

import django
import pytest
from django.contrib.auth.hashers import identify_hasher
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_hardened import csp, defaults
from django_hardened.backends import LoginProtectionBackend
from django_hardened.defaults import ENVIRONMENTS, Environment
from django_hardened.ratelimit.rates import Limit

HTTPS: tuple[Environment, ...] = ("production", "build")
HTTP: tuple[Environment, ...] = ("development", "test")


def test_the_environments_are_these_four() -> None:
    assert ENVIRONMENTS == ("production", "development", "test", "build")
    assert [e for e in ENVIRONMENTS if defaults.is_https(e)] == list(HTTPS)


@pytest.mark.parametrize("environment", HTTPS)
def test_transport_over_https(environment: Environment) -> None:
    assert defaults.transport(environment) == {
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": False,
        "SECURE_HSTS_PRELOAD": False,
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
        "USE_X_FORWARDED_HOST": False,
        "USE_X_FORWARDED_PORT": False,
        "SECURE_PROXY_SSL_HEADER": None,
    }


@pytest.mark.parametrize("environment", HTTP)
def test_transport_over_http_differs_only_in_what_needs_https(environment: Environment) -> None:
    assert defaults.transport(environment) == {
        **defaults.transport("production"),
        "SECURE_SSL_REDIRECT": False,
        "SECURE_HSTS_SECONDS": 0,
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cookies(environment: Environment) -> None:
    secure = environment in HTTPS
    assert defaults.cookies(environment) == {
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_AGE": 43_200,
        "CSRF_COOKIE_SECURE": secure,
        "CSRF_COOKIE_HTTPONLY": False,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "LANGUAGE_COOKIE_SECURE": secure,
        "LANGUAGE_COOKIE_HTTPONLY": True,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
    }


@hypothesis_settings(deadline=None, database=None, max_examples=60)
@given(
    secure=st.booleans(),
    domain=st.sampled_from([None, "", "example.com", ".example.com"]),
    path=st.sampled_from(["/", "", "/app", "/app/"]),
)
def test_a_cookie_has_a_prefix_only_if_browsers_keep_it(
    secure: bool, domain: str | None, path: str
) -> None:
    prefix = defaults.cookie_name("id", secure=secure, domain=domain, path=path).removesuffix("id")
    # RFC 6265bis, section 4.1.3.
    assert prefix in {"", "__Secure-", "__Host-"}
    assert secure is bool(prefix)
    assert (prefix == "__Host-") is (secure and not domain and path == "/")


# -- Passwords -----------------------------------------------------------------------------------

READABLE = ["scrypt", "pbkdf2_sha256", "pbkdf2_sha1", "bcrypt_sha256"]


def algorithms(environment: Environment) -> list[str]:
    hashers: list[str] = defaults.passwords(environment)["PASSWORD_HASHERS"]
    return [import_string(hasher).algorithm for hasher in hashers]


@pytest.fixture(params=[True, False], ids=["argon2", "no argon2"])
def argon2(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    installed: bool = request.param
    monkeypatch.setattr(defaults, "find_spec", lambda name: installed or None)
    return installed


@pytest.mark.parametrize("environment", ["production", "development", "build"])
def test_argon2_hashes_where_it_is_installed_and_scrypt_elsewhere(
    environment: Environment, argon2: bool
) -> None:
    assert algorithms(environment) == ["argon2"] * argon2 + READABLE


def test_tests_hash_fast_and_can_read_the_rest(argon2: bool) -> None:
    assert algorithms("test") == ["md5"] + ["argon2"] * argon2 + READABLE


def test_argon2_is_really_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(defaults, "find_spec", asked.append)
    defaults.passwords("production")
    assert asked == ["argon2"]


def test_passwords_hashed_by_django_before_can_still_be_read() -> None:
    from django.test import override_settings

    with override_settings(PASSWORD_HASHERS=defaults.passwords("production")["PASSWORD_HASHERS"]):
        assert identify_hasher("pbkdf2_sha256$1$a$b").algorithm == "pbkdf2_sha256"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_password_rules(environment: Environment) -> None:
    from django.contrib.auth.password_validation import get_password_validators

    given = defaults.passwords(environment)
    validators = get_password_validators(given["AUTH_PASSWORD_VALIDATORS"])
    assert [type(validator).__name__ for validator in validators] == [
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    ]
    assert validators[1].min_length == 12
    assert given["PASSWORD_RESET_TIMEOUT"] == 3600


# -- The rest ------------------------------------------------------------------------------------


def test_uploads_are_limited_and_not_writable_by_others() -> None:
    assert defaults.uploads() == {
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 2_621_440,
        "FILE_UPLOAD_MAX_MEMORY_SIZE": 2_621_440,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 1000,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 100,
        "FILE_UPLOAD_PERMISSIONS": 0o644,
        "FILE_UPLOAD_DIRECTORY_PERMISSIONS": 0o755,
    }


@pytest.mark.parametrize(
    ("version", "given"),
    [
        ((5, 2, 0, "final", 0), {"SIGNED_COOKIE_LEGACY_SALT_FALLBACK": False}),
        ((6, 0, 9, "final", 0), {"SIGNED_COOKIE_LEGACY_SALT_FALLBACK": False}),
        ((6, 1, 0, "final", 0), {}),
        ((7, 0, 0, "alpha", 0), {}),
    ],
)
def test_ambiguous_salts_are_off_until_django_drops_them(
    monkeypatch: pytest.MonkeyPatch, version: tuple[object, ...], given: dict[str, bool]
) -> None:
    monkeypatch.setattr(django, "VERSION", version)
    assert defaults.compatibility() == given


def test_the_middleware_is_in_the_right_order() -> None:
    assert [name.rpartition(".")[2] for name in defaults.MIDDLEWARE] == [
        "HeadersMiddleware",
        "TrustedProxyMiddleware",
        "HostPinningMiddleware",
        "RateLimitMiddleware",
        "SecurityMiddleware",
        "SessionMiddleware",
        "CommonMiddleware",
        "CrossSiteMiddleware",
        "CsrfViewMiddleware",
        "AuthenticationMiddleware",
        "SessionLifetimeMiddleware",
        "PrivateResponseMiddleware",
        "MessageMiddleware",
        "XFrameOptionsMiddleware",
    ]
    assert all(import_string(name) for name in defaults.MIDDLEWARE)


def test_logins_are_counted_before_a_password_is_looked_at() -> None:
    [name] = defaults.AUTHENTICATION_BACKENDS
    assert issubclass(import_string(name), LoginProtectionBackend)


@pytest.mark.parametrize("rates", [defaults.ADDRESS_RATES, defaults.LOGIN_RATES])
def test_the_rates_can_be_read(rates: dict[str, str]) -> None:
    assert all(Limit.parse(rate).amount for rate in rates.values())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_security_events_are_logged_once_and_mailed_to_nobody(environment: Environment) -> None:
    config = defaults.logging(environment)
    logging.config.DictConfigurator(config)  # understood by the standard library
    security = {"handlers": ["hardened"], "level": "INFO", "propagate": False}
    assert config["loggers"] == {"django.security": security, "django_hardened": security}
    assert [handler["class"] for handler in config["handlers"].values()] == [
        "logging.StreamHandler"
    ]
    assert config["disable_existing_loggers"] is False


def test_errors_are_logged_in_production() -> None:
    assert defaults.logging("production")["root"] == {"handlers": ["hardened"], "level": "WARNING"}
    assert all("root" not in defaults.logging(e) for e in ENVIRONMENTS if e != "production")


def test_a_change_of_one_logger_is_not_one_of_the_other() -> None:
    loggers = defaults.logging("production")["loggers"]
    loggers["django.security"]["handlers"].append("mine")
    assert loggers["django_hardened"]["handlers"] == ["hardened"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_api_is_closed_and_limited(environment: Environment) -> None:
    renderers = ["rest_framework.renderers.JSONRenderer"]
    if environment == "development":
        renderers.append("rest_framework.renderers.BrowsableAPIRenderer")
    given = defaults.rest_framework(environment)
    assert given == {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "django_hardened.drf.authentication.TokenAuthentication",
            "django_hardened.drf.authentication.SessionAuthentication",
        ],
        "DEFAULT_THROTTLE_CLASSES": [
            "django_hardened.drf.throttling.AnonRateThrottle",
            "django_hardened.drf.throttling.UserRateThrottle",
        ],
        "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "600/min"},
        "DEFAULT_RENDERER_CLASSES": renderers,
        "EXCEPTION_HANDLER": "django_hardened.drf.problems.exception_handler",
        "NUM_PROXIES": 0,
    }
    assert import_string(given["EXCEPTION_HANDLER"])
    paths = [path for names in given.values() if isinstance(names, list) for path in names]
    assert all(import_string(path) for path in paths)


def test_logins_end() -> None:
    assert defaults.lifetimes() == {
        "HARDENED_SESSION_IDLE": 3600,
        "HARDENED_SESSION_ABSOLUTE": None,
    }


def test_browsers_are_told_the_strict_policy_and_no_exception() -> None:
    values = defaults.browsers()
    assert csp.read(values.pop("HARDENED_CSP")) == csp.read(csp.STRICT)
    assert values.pop("HARDENED_CSP_MODE") == "enforce"
    assert not any(values.values())
    defaults.browsers()["HARDENED_CSP"]["img-src"].append("https:")
    assert "https:" not in defaults.browsers()["HARDENED_CSP"]["img-src"]
