"""Whether a key is admitted: one decision, and one answer to all that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from django_hardened.api_keys import announcements, records
from django_hardened.api_keys.hashes import NOTHING, hashes, position
from django_hardened.api_keys.key_format import MAX_LENGTH, parse
from django_hardened.api_keys.records import Record
from django_hardened.api_keys.verified import VerifiedKey
from django_hardened.api_keys.words import admits

_MALFORMED: Final = "-" * MAX_LENGTH


def verify(
    request: Any, text: str, *, now: datetime | None = None
) -> tuple[AbstractBaseUser, VerifiedKey] | None:
    """Return the owner of the key ``text`` and the key, if it is good for ``request``; else None.

    A key that is malformed costs no query, an unknown and a wrong one cost the same one. Its use is
    written at most once a minute.

    Args:
        request: Django's request, whose ``REMOTE_ADDR`` is where the key is used.
        text: what the client has sent, of any length and with any characters.
        now: the time, for tests.
    """
    now = now or timezone.now()
    key = parse(text)
    candidates = hashes(key.text if key else _MALFORMED)
    if key is None:
        position(NOTHING, candidates)
        return None
    record = records.cached(key.identifier)
    is_cached = record is not None and position(record.hash, candidates) == 0
    if not is_cached:
        record = _looked_up(key.identifier, candidates)
    if record is None:
        return None
    owner = record.make_owner()
    reason = _problem(record, owner, request, now)
    if reason:
        announcements.refused(request, key.identifier, reason)
        return None
    if record.is_due(now):
        record = records.note_use(record, now)
    if not is_cached and record.hash == candidates[0]:
        records.keep(key.identifier, record, now)
    return owner, VerifiedKey(
        record.pk, key.identifier, record.name, frozenset(record.scopes.split()), record.expires_at
    )


def _looked_up(identifier: str, candidates: Sequence[str]) -> Record | None:
    """Return the row whose hash is one of ``candidates``; one under a fallback is replaced."""
    record = records.fetch(identifier, candidates)
    index = position(record.hash if record else NOTHING, candidates)
    if record is None or index is None:
        return None
    if index > 0:
        records.rehash(record, candidates[0])
    return record


def _problem(record: Record, owner: Any, request: Any, now: datetime) -> str | None:
    """Say why the right key is not admitted, or None."""
    if record.revoked_at is not None:
        return "revoked"
    if record.expires_at <= now:
        return "expired"
    if not owner.is_active:
        return "owner"
    return None if admits(record.networks, request.META.get("REMOTE_ADDR")) else "network"
