"""The record of a key, for people who have its identifier or the key."""

from __future__ import annotations

from django_hardened.api_keys.key_format import parse
from django_hardened.api_keys.models import APIKey


def find(text: str) -> APIKey | None:
    """Return the record that ``text`` is the identifier of, or the key. The hash is not asked."""
    key = parse(text)
    return APIKey.objects.filter(identifier=key.identifier if key else text).first()
