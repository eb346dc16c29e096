"""``lockouts``: how the limits of an account or an address stand, and a way to clear them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_hardened.ratelimit import accounts, configured, identity, logins
from django_hardened.ratelimit.decisions import LimiterUnavailable, Status
from django_hardened.ratelimit.limiter import Counted, is_enabled
from django_hardened.ratelimit.logins import LIMITER

_UNREACHABLE = (
    "The store of the limits cannot be reached. A file can be read by the user only that the site "
    "runs as: be that user here, too."
)


class Command(BaseCommand):
    """Looks up what it is given: names and addresses are kept as hashes only."""

    help = (
        "Show how many wrong passwords an account or an address has left, and in how many seconds "
        "there are more. What reads as an address is taken for one. Names and addresses are kept "
        "as hashes, so there is no list of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", metavar="USER|ADDRESS", help="As it is typed at the login.")
        parser.add_argument("--clear", action="store_true", help="Forget what was counted.")

    def handle(self, *args: Any, client: str, clear: bool, **options: Any) -> None:
        if not is_enabled():
            raise CommandError("RATELIMIT_ENABLE is False: nothing is counted.")
        counted = _counted(client)
        if not counted:
            self.stdout.write("No rate is set for it: nothing is counted.")
            return
        try:
            if clear:
                LIMITER.clear(counted)
            decision = LIMITER.hit_all(counted, cost=0)
        except LimiterUnavailable:
            raise CommandError(_UNREACHABLE) from None
        # What another store counts meanwhile, or this process, is not what the site goes by.
        if getattr(LIMITER.store, "is_degraded", False):
            raise CommandError(_UNREACHABLE)
        for (who, _), status in zip(counted, decision.statuses, strict=True):
            self.stdout.write(f"{who.parts[-1]}: {_told(status)}")
        if clear:
            self.stdout.write("Cleared.")


def _counted(client: str) -> list[Counted]:
    clients = identity.by_address(client)
    if clients[0].parts[-1] == identity.UNKNOWN:
        return logins.of_accounts([accounts.canonical(client)])
    requests = [(each, limit) for limit in configured.address_limits() for each in clients]
    return logins.of_address(client) + requests


def _told(status: Status) -> str:
    left = f"{status.remaining} left" if status.remaining else "used up"
    told = f"{status.limit.name} ({status.limit}): {left}"
    return f"{told}, more in {status.reset_after} s" if status.reset_after else told
