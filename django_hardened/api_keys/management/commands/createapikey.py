"""``createapikey``: a key on standard output, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from django_hardened.api_keys.models import APIKey


class Command(BaseCommand):
    """Prints nothing else there, so that it can be piped to where the key is kept."""

    help = "Create an API key. It is printed once, and cannot be had again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="What the key is for.")
        parser.add_argument("--owner", required=True, metavar="USER", help="Their user name.")
        parser.add_argument("--scope", action="append", default=[], help="May be repeated.")
        parser.add_argument(
            "--network", action="append", default=[], help="Such as 192.0.2.0/24; may be repeated."
        )
        parser.add_argument("--days", type=int, help="Without it, HARDENED_API_KEY_AGE.")

    def handle(self, *args: Any, name: str, owner: str, **options: Any) -> None:
        model = get_user_model()
        try:
            user = model._default_manager.get_by_natural_key(owner)  # noqa: SLF001  # documented
        except model.DoesNotExist:
            raise CommandError(f"There is no user {owner!r}.") from None
        try:
            key, text = APIKey.objects.issue(
                name=name,
                owner=user,
                scopes=" ".join(options["scope"]),
                networks=" ".join(options["network"]),
                expires_at=_in_days(options["days"]),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(text)
        self.stderr.write(f"{key}, until {key.expires_at.isoformat(' ', 'seconds')}")


def _in_days(days: int | None) -> datetime | None:
    try:
        return None if days is None else timezone.now() + timedelta(days=days)
    except OverflowError as error:
        raise CommandError(f"--days: {error}") from None
