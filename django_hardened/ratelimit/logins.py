"""What a wrong password counts for: the account, and the address; or the device, if it is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.http import HttpRequest

from django_hardened.ratelimit import devices
from django_hardened.ratelimit.accounts import by_account
from django_hardened.ratelimit.configured import login_limits
from django_hardened.ratelimit.identity import by_address, by_value
from django_hardened.ratelimit.limiter import Counted, Limiter

LIMITER: Final = Limiter()
# The name under which clients are told of the limit on failures of an address.
OF_ADDRESS: Final = "login-address"
_OF_DEVICE: Final = "login-device"


def of_address(remote_addr: object) -> list[Counted]:
    """Return what wrong credentials count for that name no account."""
    limit = login_limits().get("address")
    return [(client, limit) for client in by_address(remote_addr)] if limit else []


def of_account(username: str) -> list[Counted]:
    """Return what a wrong password counts for, wherever it comes from."""
    limit = login_limits().get("account")
    return [(by_account(username), limit)] if limit else []


def of_attempt(request: HttpRequest | None, username: str | None) -> list[Counted]:
    """Return what one attempt to log in counts for.

    A device on which this account has logged in before counts for itself alone: neither an attack
    on the account, nor one by a neighbour behind the same address, keeps its owner out.
    """
    if request is None:
        return [] if username is None else of_account(username)
    limit, device = login_limits().get("account"), devices.read(request.COOKIES, username)
    if limit and device is not None:
        return [(by_value("device", device)[0], replace(limit, name=_OF_DEVICE))]
    account = [] if username is None else of_account(username)
    return account + of_address(request.META.get("REMOTE_ADDR"))
