"""Verified keys on a cache that the whole site shares, for a minute at most.

What is stored is JSON, without the key and with no password; whoever reads it can use no key. What
changes in the database overwrites an entry with a mark instead of removing it, and entries are only
ever added: a process that has read the row just before the change does not bring it back.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import partial
from typing import Any, Final

from django.db import transaction

from django_hardened.api_keys import configured
from django_hardened.api_keys.announcements import LOGGER
from django_hardened.cache import without_host
from django_hardened.log_window import LogWindow

# Changes that nobody tells of, QuerySet.update() among them, are heard of within it.
MAX_SECONDS: Final = 60
_CHANGED: Final = "changed"

_failures = LogWindow()


def get(database: str, identifier: str) -> Any:
    """Return what was added for the key, or None."""
    cache = configured.shared_cache()
    if cache is None:
        return None
    try:
        with without_host():
            found = cache.get(_name(database, identifier))
        return json.loads(found) if isinstance(found, str) and found != _CHANGED else None
    except Exception:  # noqa: BLE001  # the database knows as well
        _failed("read")
        return None


def add(database: str, identifier: str, value: Any, seconds: int) -> None:
    """Store ``value``, which JSON can hold, unless the key has been forgotten just now."""
    cache = configured.shared_cache()
    if cache is None or seconds < 1:
        return
    try:
        with without_host():
            text = json.dumps(value, default=str)
            cache.add(_name(database, identifier), text, min(seconds, MAX_SECONDS))
    except Exception:  # noqa: BLE001  # it is asked for again
        _failed("written")


def forget(database: str, identifiers: Collection[str]) -> None:
    """Let none of these keys be found from the moment in which others see what has changed."""
    if configured.cache_alias() is not None:
        transaction.on_commit(partial(_forget, database, identifiers), using=database)


def _forget(database: str, identifiers: Collection[str]) -> None:
    cache = configured.shared_cache()
    changed = {_name(database, identifier): _CHANGED for identifier in identifiers}
    if cache is None or not changed:
        return
    try:
        with without_host():
            cache.set_many(changed, MAX_SECONDS)
    except Exception:  # noqa: BLE001  # the change is made, and holds within MAX_SECONDS
        _failed("written")


def _name(database: str, identifier: str) -> str:
    # Tenants with databases of their own have keys of their own.
    return f"django_hardened.api_keys:{database}:{identifier}"


def _failed(what: str) -> None:
    _failures.warning(LOGGER, "The cache of API keys cannot be %s.", what, exc_info=True)
