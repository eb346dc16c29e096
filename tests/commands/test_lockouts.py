from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from ratelimit_support import AskedStore

from django_hardened.ratelimit.failure_policy import ResilientStore
from django_hardened.ratelimit.in_process import InProcessStore
from django_hardened.ratelimit.logins import LIMITER, of_accounts, of_address


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, settings: Any) -> AskedStore:
    settings.RATELIMIT_ENABLE = True
    settings.HARDENED_LOGIN_RATES = {"account": "3/m", "address": "5/m"}
    settings.HARDENED_ADDRESS_RATES = {"address": "100/m"}
    store = AskedStore()
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: store)
    return store


@pytest.fixture
def lockouts() -> Callable[..., list[str]]:
    def run(*arguments: str) -> list[str]:
        out = StringIO()
        call_command("lockouts", *arguments, stdout=out)
        return out.getvalue().splitlines()

    return run


def test_an_account(lockouts: Callable[..., list[str]], store: AskedStore) -> None:
    assert lockouts("ada") == ["ada: login-account (3/60s): 3 left"]
    LIMITER.hit_all(of_accounts(["ada"]), cost=2)
    store.now += 10
    assert lockouts(" Ada") == ["ada: login-account (3/60s): 1 left, more in 51 s"]
    LIMITER.hit_all(of_accounts(["ada"]))
    assert lockouts("ADA") == ["ada: login-account (3/60s): used up, more in 51 s"]
    assert lockouts("ben") == ["ben: login-account (3/60s): 3 left"]
    # Looking is not counting.
    store.now += 52
    assert lockouts("ada")[0].startswith("ada: login-account (3/60s): 2 left")


def test_an_address(lockouts: Callable[..., list[str]]) -> None:
    LIMITER.hit_all(of_address("192.0.2.7"), cost=5)
    assert lockouts("192.0.2.7") == [
        "192.0.2.7: login-address (5/60s): used up, more in 61 s",
        "192.0.2.7: address (100/60s): 100 left",
    ]


def test_the_networks_of_an_address(lockouts: Callable[..., list[str]]) -> None:
    LIMITER.hit_all(of_address("2001:db8::1"))
    assert lockouts("2001:db8::2")[:3] == [
        "2001:db8::/64: login-address (5/60s): 4 left, more in 61 s",
        "2001:db8::/56: login-address (20/60s): 19 left, more in 61 s",
        "2001:db8::/48: login-address (80/60s): 79 left, more in 61 s",
    ]


@pytest.mark.parametrize("client", ["ada", "192.0.2.7", "2001:db8::1"])
def test_clear(lockouts: Callable[..., list[str]], client: str) -> None:
    fresh = lockouts(client)
    counted = of_accounts(["ada"]) + of_address(client)
    LIMITER.hit_all(counted, cost=3)
    assert lockouts(client) != fresh
    assert lockouts(client, "--clear") == [*fresh, "Cleared."]
    assert lockouts(client) == fresh


def test_clearing_leaves_others(lockouts: Callable[..., list[str]]) -> None:
    LIMITER.hit_all(of_accounts(["ben"]))
    lockouts("ada", "--clear")
    assert "2 left" in lockouts("ben")[0]


def test_no_rate(lockouts: Callable[..., list[str]], settings: Any) -> None:
    settings.HARDENED_LOGIN_RATES = {"address": "5/m"}
    assert lockouts("ada", "--clear") == ["No rate is set for it: nothing is counted."]


def test_limits_are_off(lockouts: Callable[..., list[str]], settings: Any) -> None:
    settings.RATELIMIT_ENABLE = False
    with pytest.raises(CommandError, match="RATELIMIT_ENABLE is False"):
        lockouts("ada")


def test_nothing_can_be_counted(lockouts: Callable[..., list[str]], store: AskedStore) -> None:
    store.is_down = True
    with pytest.raises(CommandError, match="cannot be reached"):
        lockouts("ada")


def test_what_is_counted_elsewhere_meanwhile_is_not_shown(
    lockouts: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is it called cleared."""
    from django_hardened.ratelimit.decisions import StoreUnavailable

    class Lost(InProcessStore):
        def hit(self, *args: Any) -> Any:
            raise StoreUnavailable("belongs to another user")

    resilient = ResilientStore(Lost(), [InProcessStore()])
    assert not resilient.is_degraded
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: resilient)
    with pytest.raises(CommandError, match="be that user here"):
        lockouts("ada", "--clear")
