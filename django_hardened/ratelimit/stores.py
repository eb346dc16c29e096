"""Stub until the stores land."""

from __future__ import annotations

from django_hardened.ratelimit.decisions import Store
from django_hardened.ratelimit.in_process import InProcessStore

_STORE = InProcessStore()


def get_store(alias: str | None = None) -> Store:
    """Return the store of the settings."""
    return _STORE
