"""``lockouts``: how an account and an address stand, and a way out."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import override_settings
from ratelimit_support import AskedStore

from django_hardened.ratelimit import logins

LOGINS = {"account": "5/m", "address": "8/m"}


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[AskedStore]:
    store = AskedStore()
    monkeypatch.setattr(logins.LIMITER, "_store", store)
    with override_settings(
        RATELIMIT_ENABLE=True,
        HARDENED_LOGIN_RATES=LOGINS,
        HARDENED_ADDRESS_RATES={"address": "100/m"},
    ):
        yield store


def lockouts(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("lockouts", *arguments, stdout=out)
    return out.getvalue().splitlines()


def fail(username: str, address: str, times: int) -> None:
    account = logins.of_account(username)
    for _ in range(times):
        logins.LIMITER.hit_all(account + logins.of_address(address))


def test_an_account() -> None:
    fail("ada", "192.0.2.1", 2)
    assert lockouts("Ada ") == ["ada: login-account (5/60s), 3 left, more in 61 s"]
    assert lockouts("nobody") == ["nobody: login-account (5/60s), 5 left"]


def test_an_address() -> None:
    fail("ada", "192.0.2.1", 5)
    assert lockouts("192.0.2.1") == [
        "192.0.2.1: login-address (8/60s), 3 left, more in 61 s",
        "192.0.2.1: address (100/60s), 100 left",
    ]


def test_an_address_of_ipv6_has_networks_around_it() -> None:
    fail("ada", "2001:db8::1", 5)
    assert lockouts("2001:db8::2")[:3] == [
        "2001:db8::/64: login-address (8/60s), 3 left, more in 61 s",
        "2001:db8::/56: login-address (32/60s), 27 left, more in 61 s",
        "2001:db8::/48: login-address (128/60s), 123 left, more in 61 s",
    ]


def test_it_counts_nothing_itself() -> None:
    before = lockouts("ada")
    assert lockouts("ada") == before


def test_clear() -> None:
    fail("ada", "192.0.2.1", 5)
    assert lockouts("ada", "--clear") == ["ada: login-account (5/60s), 5 left", "Cleared."]
    assert lockouts("192.0.2.1")[0].endswith("3 left, more in 61 s")
    lockouts("192.0.2.1", "--clear")
    assert lockouts("192.0.2.1")[0] == "192.0.2.1: login-address (8/60s), 8 left"


@pytest.mark.parametrize("arguments", [(), ("--clear",)])
def test_nothing_is_limited(arguments: tuple[str, ...]) -> None:
    with override_settings(HARDENED_LOGIN_RATES={}):
        assert lockouts("ada", *arguments) == ["Nothing is limited here."]


def test_switched_off() -> None:
    with (
        override_settings(RATELIMIT_ENABLE=False),
        pytest.raises(CommandError, match="RATELIMIT_ENABLE is False: nothing is counted"),
    ):
        lockouts("ada")


@pytest.mark.parametrize("arguments", [(), ("--clear",)])
def test_a_store_that_is_away(store: AskedStore, arguments: tuple[str, ...]) -> None:
    store.is_down = True
    with pytest.raises(CommandError, match="cannot be reached"):
        lockouts("ada", *arguments)


@pytest.mark.parametrize("wrong", [{"account": "5"}, {"user": "5/m"}, "5/m"])
def test_settings_that_cannot_be_read(wrong: Any) -> None:
    with (
        override_settings(HARDENED_LOGIN_RATES=wrong),
        pytest.raises(ImproperlyConfigured, match="HARDENED_LOGIN_RATES"),
    ):
        lockouts("ada")
