"""URLs that describe a connection: what django-environ lets pass although nothing works with it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from django_hardened.casting import Unreadable

_BOOLEAN_OPTIONS = frozenset(
    {
        "ATOMIC_REQUESTS",
        "AUTOCOMMIT",
        "CONN_HEALTH_CHECKS",
        "DISABLE_SERVER_SIDE_CURSORS",
        "EMAIL_USE_SSL",
        "EMAIL_USE_TLS",
    }
)


def check_url(value: str, schemes: Collection[str] | None) -> None:
    """Check the parts of ``value``; with ``schemes``, that its scheme is one of them.

    Raises:
        Unreadable: with a reason that holds no part of the value.
        ValueError: from ``urllib.parse``, which quotes it.
    """
    parts = urlsplit(value)
    # The hosts of a cluster look like one port to urlsplit; their own parser reads them.
    if "," not in parts.netloc and parts.netloc != ":memory:":
        _ = parts.port
    if schemes is not None and parts.scheme not in schemes:
        raise Unreadable(f"has an unknown scheme; known are {', '.join(sorted(schemes))}")
    if parts.scheme == "sqlite" and parts.netloc not in ("", ":memory:"):
        # django-environ would drop the host and open an empty database in memory.
        raise Unreadable("needs sqlite:///relative/path or sqlite:////absolute/path")


def cast_options(config: dict[str, Any], parse_bool: Callable[[str], bool]) -> dict[str, Any]:
    """Return ``config`` with its options as what they are: as text, ``false`` is true."""
    booleans = {key: parse_bool(str(config[key])) for key in _BOOLEAN_OPTIONS & config.keys()}
    if not isinstance(config.get("CONN_MAX_AGE"), int | None):
        raise Unreadable("has a conn_max_age that is not a whole number")
    return config | booleans
