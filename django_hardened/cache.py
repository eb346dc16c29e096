"""The pinned host, for cache keys."""

from __future__ import annotations

from contextvars import ContextVar

_pinned: ContextVar[str] = ContextVar("django_hardened_host", default="")


def pin_host(host: str) -> None:
    """Remember ``host`` for the rest of this request."""
    _pinned.set(host)
