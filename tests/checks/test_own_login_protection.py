"""How this package's own login protection is built in. What others do: ``test_authentication``."""

from __future__ import annotations

from typing import Any

import pytest
from catalogue_support import ODD, codes, findings

from django_hardened import defaults
from django_hardened.backends import LoginProtectionBackend
from django_hardened.checks import login_protection
from django_hardened.middleware import RateLimitMiddleware

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
BACKEND = "django_hardened.backends.LoginProtectionBackend"
MIDDLEWARE = "django_hardened.middleware.RateLimitMiddleware"
PROXIES = "django_hardened.middleware.TrustedProxyMiddleware"
HOSTS = "django_hardened.middleware.HostPinningMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
CACHE = "django.middleware.cache.UpdateCacheMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
RATES = ("HARDENED_ADDRESS_RATES", "HARDENED_LOGIN_RATES")


class Protection(LoginProtectionBackend):
    pass


class Limits(RateLimitMiddleware):
    pass


@pytest.fixture(autouse=True)
def project(settings: Any) -> Any:
    """What ``hardened_settings`` gives: nothing is found."""
    settings.MIDDLEWARE = [*defaults.MIDDLEWARE]
    settings.AUTHENTICATION_BACKENDS = [*defaults.AUTHENTICATION_BACKENDS]
    settings.RATELIMIT_ENABLE = True
    return settings


def test_the_defaults_are_right() -> None:
    assert codes(login_protection) == []


# -- I310 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backends", "expected"),
    [
        ([MODEL_BACKEND], ["I310"]),  # the middleware alone limits requests, and few passwords
        ([BACKEND, MODEL_BACKEND], []),
        ([f"{__name__}.Protection", MODEL_BACKEND], []),
    ],
)
def test_nothing_limits_passwords(backends: list[str], expected: list[str]) -> None:
    assert codes(login_protection, AUTHENTICATION_BACKENDS=backends) == expected


# -- W314 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("protection", [BACKEND, f"{__name__}.Protection"])
def test_what_stands_in_front_looks_first(protection: str) -> None:
    [message] = findings(
        login_protection, AUTHENTICATION_BACKENDS=[MODEL_BACKEND, "b.Other", protection]
    )
    assert message.id == "django_hardened.W314"
    assert f"stands behind {MODEL_BACKEND}, which looks" in message.msg
    assert codes(login_protection, AUTHENTICATION_BACKENDS=[protection, MODEL_BACKEND]) == []


# -- W315 ----------------------------------------------------------------------------------------


def test_the_backend_without_the_middleware() -> None:
    rest = [entry for entry in defaults.MIDDLEWARE if entry != MIDDLEWARE]
    assert codes(login_protection, MIDDLEWARE=rest) == ["W315"]
    assert codes(login_protection, MIDDLEWARE=["a.b.RateLimitMiddleware", *rest]) == []
    others = [entry for entry in rest if not entry.startswith("django_hardened.")]
    assert codes(login_protection, MIDDLEWARE=[f"{__name__}.Limits", *others]) == []


def test_neither_is_one_finding() -> None:
    rest = [entry for entry in defaults.MIDDLEWARE if entry != MIDDLEWARE]
    found = codes(login_protection, MIDDLEWARE=rest, AUTHENTICATION_BACKENDS=[MODEL_BACKEND])
    assert found == ["I310"]


# -- E316 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", RATES)
@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("5/m", []),
        ("0/m", []),
        ((5, 60), []),
        ("5/month", ["E316"]),
        ("", ["E316"]),
        (None, ["E316"]),
        (5, ["E316"]),
        ((5, "m"), ["E316"]),
        ([5, 60], ["E316"]),
    ],
)
def test_a_rate_that_cannot_be_read(setting: str, rate: Any, expected: list[str]) -> None:
    assert codes(login_protection, **{setting: {"address": rate}}) == expected


def test_a_rate_that_cannot_be_read_is_named() -> None:
    [message] = findings(login_protection, HARDENED_LOGIN_RATES={"account": "5/fortnight"})
    assert "HARDENED_LOGIN_RATES" in message.msg
    assert "'5/fortnight' is no rate" in message.msg
    assert message.hint == 'HARDENED_LOGIN_RATES = {"account": "10/15m", "address": "50/15m"}'


def test_a_login_rate_for_neither_account_nor_address() -> None:
    [message] = findings(login_protection, HARDENED_LOGIN_RATES={"user": "5/m"})
    assert message.id == "django_hardened.E316"
    assert "'user'" in message.msg
    assert codes(login_protection, HARDENED_ADDRESS_RATES={"burst": "5/m"}) == []


@pytest.mark.parametrize("setting", RATES)
@pytest.mark.parametrize("value", [value for value in ODD if not isinstance(value, dict)])
def test_what_is_no_dictionary_is_left_to_e903(setting: str, value: Any) -> None:
    assert codes(login_protection, **{setting: value}) == []


def test_no_rates_are_a_decision() -> None:
    assert codes(login_protection, HARDENED_ADDRESS_RATES={}) == []
    # As good as no protection, which is told and no more.
    assert codes(login_protection, HARDENED_LOGIN_RATES={}) == ["I310"]


# -- W317 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("middleware", "places"),
    [
        ([PROXIES, HOSTS, MIDDLEWARE, SECURITY], []),
        ([MIDDLEWARE], []),
        ([MIDDLEWARE, PROXIES], ["before TrustedProxyMiddleware"]),
        ([PROXIES, MIDDLEWARE, HOSTS], ["before HostPinningMiddleware"]),
        (
            [MIDDLEWARE, PROXIES, HOSTS],
            ["before TrustedProxyMiddleware", "before HostPinningMiddleware"],
        ),
        ([SECURITY, MIDDLEWARE], ["behind SecurityMiddleware"]),
        ([CACHE, MIDDLEWARE], ["behind UpdateCacheMiddleware"]),
        ([SESSIONS, f"{__name__}.Limits"], ["behind SessionMiddleware"]),
        ([COMMON, MIDDLEWARE], ["behind CommonMiddleware"]),
        ([AUTHENTICATION, MIDDLEWARE], ["behind AuthenticationMiddleware"]),
        ([SECURITY, SESSIONS, COMMON, AUTHENTICATION, MIDDLEWARE], ["behind SecurityMiddleware"]),
        (
            [SECURITY, MIDDLEWARE, PROXIES],
            ["before TrustedProxyMiddleware", "behind SecurityMiddleware"],
        ),
    ],
)
def test_the_place_of_the_middleware(middleware: list[str], places: list[str]) -> None:
    found = findings(login_protection, MIDDLEWARE=middleware)
    assert {message.id for message in found} <= {"django_hardened.W317"}
    assert len(found) == len(places)
    for message, place in zip(found, places, strict=True):
        assert f"stands {place}: " in message.msg
