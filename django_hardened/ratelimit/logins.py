"""What a wrong password counts for: the account, and the address; or the device, if it is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from django.http import HttpRequest

from django_hardened.log_window import LogWindow
from django_hardened.ratelimit import devices
from django_hardened.ratelimit.accounts import by_account
from django_hardened.ratelimit.configured import login_limits
from django_hardened.ratelimit.decisions import Decision
from django_hardened.ratelimit.identity import by_address, by_value
from django_hardened.ratelimit.limiter import Counted, Limiter
from django_hardened.signals import login_limited

LIMITER: Final = Limiter()
LOGGER: Final = "django_hardened.login"
# The name under which clients are told of the limit on failures of an address.
OF_ADDRESS: Final = "login-address"
_OF_DEVICE: Final = "login-device"
_LOGGED_CHARACTERS = 100
_limited: Final = LogWindow()


def of_address(remote_addr: object) -> list[Counted]:
    """Return what wrong credentials count for that name no account."""
    limit = login_limits().get("address")
    return [(client, limit) for client in by_address(remote_addr)] if limit else []


def of_accounts(usernames: Iterable[str]) -> list[Counted]:
    """Return what a wrong password counts for, wherever it comes from."""
    limit = login_limits().get("account")
    return [(by_account(username), limit) for username in usernames] if limit else []


def of_attempt(request: HttpRequest | None, usernames: Sequence[str]) -> list[Counted]:
    """Return what one attempt to log in counts for.

    A device on which this account has logged in before counts for itself alone: neither an attack
    on the account, nor one by a neighbour behind the same address, keeps its owner out.
    """
    if request is None:
        return of_accounts(usernames)
    limit, device = login_limits().get("account"), devices.read(request.COOKIES, usernames)
    if limit and device is not None:
        return [(by_value("device", device)[0], replace(limit, name=_OF_DEVICE))]
    return of_accounts(usernames) + of_address(request.META.get("REMOTE_ADDR"))


def tell(request: HttpRequest | None, usernames: Sequence[str], decision: Decision) -> None:
    """Log that an attempt was refused, and send ``login_limited``.

    The name is not logged: some type their password there.
    """
    address = "" if request is None else str(request.META.get("REMOTE_ADDR", ""))
    _limited.warning(
        LOGGER,
        "Refused a login from %r: %s is used up.",
        address[:_LOGGED_CHARACTERS],
        decision.limit.name if decision.limit else "",
    )
    login_limited.send_robust(
        __name__, request=request, usernames=tuple(usernames), decision=decision
    )
