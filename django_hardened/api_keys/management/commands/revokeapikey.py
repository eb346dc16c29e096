"""``revokeapikey``: what has leaked is good for nothing from now on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_hardened.api_keys.lookup import find


class Command(BaseCommand):
    """Takes the key itself as well: of one that has leaked, people have that."""

    help = "Revoke API keys. It holds with the next request, and cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keys", nargs="+", metavar="key", help="An identifier, or a key.")

    def handle(self, *args: Any, keys: list[str], **options: Any) -> None:
        unknown = 0
        for text in keys:
            key = find(text)
            if key is None:
                unknown += 1
                continue
            before = "" if key.revoke() else " before"
            self.stdout.write(f"{key} was revoked{before}.")
        if unknown:
            raise CommandError(f"Not found: {unknown} of {len(keys)}.")
