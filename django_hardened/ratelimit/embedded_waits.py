"""What the errors of SQLite mean, and waiting for a file that another process has locked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from random import random
from time import monotonic, sleep
from typing import TypeVar

from django_hardened.ratelimit.decisions import StoreUnavailable

T = TypeVar("T")

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PAUSE = 0.0005  # seconds at most, between two attempts
_ATTEMPTS = 20  # at least: where there is no time to run, that is not the file's fault


def is_damage(error: sqlite3.Error) -> bool:
    """Whether ``error`` says that the file is no database, or not a whole one."""
    return _primary_code(error) in _DAMAGE


def _primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's code; 0 for errors of Python's module itself."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def persist(attempt: Callable[[], T | None], patience: float) -> T:
    """Return what ``attempt`` does, when it comes to something and the file is not locked.

    Raises:
        StoreUnavailable: it did not in ``patience`` seconds.
    """
    end, attempts = 0.0, 0
    while True:
        attempts += 1
        try:
            result = attempt()
        except sqlite3.OperationalError as error:
            if _primary_code(error) != sqlite3.SQLITE_BUSY:
                raise
            result = None
        if result is not None:
            return result
        now = monotonic()
        end = end or now + patience
        if now > end and attempts >= _ATTEMPTS:
            raise StoreUnavailable("the file of the rate limits is locked")
        sleep(random() * _PAUSE)  # noqa: S311  # not a secret
