"""Limits that hold: exact in any window, for any number of processes, in constant memory."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_ratelimit import ALL, UNSAFE

    from django_hardened.ratelimit.decisions import Decision
    from django_hardened.ratelimit.decorators import get_usage, is_ratelimited, ratelimit
    from django_hardened.ratelimit.limiter import Limiter
    from django_hardened.ratelimit.rates import Limit
    from django_hardened.ratelimit.refusals import Ratelimited

__all__ = [
    "ALL",
    "UNSAFE",
    "Decision",
    "Limit",
    "Limiter",
    "Ratelimited",
    "get_usage",
    "is_ratelimited",
    "ratelimit",
]

_MODULES = {
    "ALL": "django_ratelimit",
    "UNSAFE": "django_ratelimit",
    "Decision": "django_hardened.ratelimit.decisions",
    "Limit": "django_hardened.ratelimit.rates",
    "Limiter": "django_hardened.ratelimit.limiter",
    "Ratelimited": "django_hardened.ratelimit.refusals",
    "get_usage": "django_hardened.ratelimit.decorators",
    "is_ratelimited": "django_hardened.ratelimit.decorators",
    "ratelimit": "django_hardened.ratelimit.decorators",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, and no more: settings may name a part of this package."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
