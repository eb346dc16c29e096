"""Our own protection: there, in front, switched on, and with rates that can be read."""

from __future__ import annotations

from typing import Any

import pytest
from checks_support import codes_of

from django_hardened import defaults
from django_hardened.checks import login_protection
from django_hardened.checks.login_protection import BACKEND, MIDDLEWARE

MODEL = "django.contrib.auth.backends.ModelBackend"
_, PROXY, HOSTS, SECURITY, *OTHERS = [m for m in defaults.MIDDLEWARE if m != MIDDLEWARE]


@pytest.fixture(autouse=True)
def _defaults(settings: Any) -> None:
    del settings.RATELIMIT_ENABLE
    settings.AUTHENTICATION_BACKENDS = [*defaults.AUTHENTICATION_BACKENDS]
    settings.MIDDLEWARE = [*defaults.MIDDLEWARE]


def test_the_defaults() -> None:
    assert codes_of(login_protection) == []


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"AUTHENTICATION_BACKENDS": [MODEL]}, ["I310"]),
        ({"HARDENED_LOGIN_RATES": {}}, ["I310"]),
        ({"HARDENED_LOGIN_RATES": {}, "HARDENED_EDGE": {"rate_limit"}}, []),
        ({"HARDENED_LOGIN_RATES": {"account": "5/m"}}, []),
        ({"RATELIMIT_ENABLE": False}, ["E311"]),
        ({"AUTHENTICATION_BACKENDS": [MODEL, BACKEND]}, ["W314"]),
        ({"MIDDLEWARE": [PROXY, HOSTS, SECURITY, *OTHERS]}, ["W315"]),
        ({"HARDENED_ADDRESS_RATES": {"address": "many"}}, ["E316"]),
        ({"HARDENED_ADDRESS_RATES": {"login-x": "1/m"}}, ["E316"]),
        ({"HARDENED_ADDRESS_RATES": {}}, []),
        ({"HARDENED_ADDRESS_RATES": "1/m"}, []),  # E903
        ({"HARDENED_LOGIN_RATES": {"user": "1/m"}}, ["E316"]),
        ({"HARDENED_LOGIN_RATES": {"account": "1/m", "address": (5, 60)}}, []),
        ({"MIDDLEWARE": [MIDDLEWARE, PROXY, HOSTS, SECURITY, *OTHERS]}, ["W317"] * 2),
        ({"MIDDLEWARE": [PROXY, MIDDLEWARE, HOSTS, SECURITY, *OTHERS]}, ["W317"]),
        ({"MIDDLEWARE": [PROXY, HOSTS, SECURITY, MIDDLEWARE, *OTHERS]}, ["W317"]),
        ({"MIDDLEWARE": [PROXY, HOSTS, SECURITY, *OTHERS, MIDDLEWARE]}, ["W317"]),
        ({"MIDDLEWARE": [MIDDLEWARE, SECURITY, *OTHERS]}, []),
    ],
)
def test_each_finds_its_own(settings: Any, change: dict[str, Any], codes: list[str]) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    assert codes_of(login_protection) == codes


def test_what_stands_where_is_said(settings: Any) -> None:
    settings.MIDDLEWARE = [PROXY, HOSTS, SECURITY, *OTHERS, MIDDLEWARE]
    [found] = login_protection.check_limits_order()
    assert "behind SecurityMiddleware: what that does" in found.msg
    settings.MIDDLEWARE = [MIDDLEWARE, PROXY]
    [found] = login_protection.check_limits_order()
    assert "before TrustedProxyMiddleware: what it counts is the address of the proxy" in found.msg


def test_a_middleware_of_the_project_in_its_place(settings: Any) -> None:
    """A subclass, or one that cannot be imported here and has its name."""
    settings.MIDDLEWARE = [PROXY, HOSTS, "myproject.RateLimitMiddleware", SECURITY, *OTHERS]
    assert codes_of(login_protection) == []
