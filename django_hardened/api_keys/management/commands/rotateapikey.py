"""``rotateapikey``: a new key for an old one, both of them good for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_hardened.api_keys.lookup import find
from django_hardened.api_keys.models import DEFAULT_OVERLAP, NotActive

_DEFAULT_HOURS = DEFAULT_OVERLAP.total_seconds() / 3600


class Command(BaseCommand):
    """Prints the new key, and nothing else, on standard output."""

    help = "Replace an API key. The new one is printed once; the old one is good for a while more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="Its identifier, or the key.")
        parser.add_argument(
            "--overlap-hours",
            type=float,
            default=_DEFAULT_HOURS,
            metavar="HOURS",
            help=f"How long the old one is still good for; {_DEFAULT_HOURS:g} unless said.",
        )

    def handle(self, *args: Any, key: str, overlap_hours: float, **options: Any) -> None:
        old = find(key)
        if old is None:
            raise CommandError("There is no such key.")
        try:
            new, text = old.rotate(overlap=timedelta(hours=overlap_hours))
        except (NotActive, ValueError, OverflowError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(text)
        self.stderr.write(
            f"{new}, until {new.expires_at.isoformat(' ', 'seconds')}; "
            f"{old.identifier} is good until {old.expires_at.isoformat(' ', 'seconds')}"
        )
