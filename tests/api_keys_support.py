"""A moment, a user, keys, and a cache that counts as shared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.cache.backends.locmem import LocMemCache
from django.test import RequestFactory

from django_hardened.api_keys.models import APIKey
from django_hardened.api_keys.verification import verify

NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


class SharedCache(LocMemCache):
    """For a test that says so, one that other processes hear of."""


SHARED = f"{SharedCache.__module__}.SharedCache"


def make_user(name: str = "ada", **fields: Any) -> User:
    return User.objects.create_user(name, **fields)


def issue(owner: User | None = None, **fields: Any) -> tuple[APIKey, str]:
    """A key that was made at noon."""
    fields = {"name": "ci", "now": NOON, **fields}
    return APIKey.objects.issue(owner=owner or make_user(), **fields)


def admitted(text: str, now: datetime = NOON, address: str = "192.0.2.7") -> Any:
    """What a request with the key is found to be, or None."""
    return verify(RequestFactory(REMOTE_ADDR=address).get("/"), text, now=now)
