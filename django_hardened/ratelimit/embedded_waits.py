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
_PAUSE = 0.001  # seconds at most, between two attempts
_ATTEMPTS = 20  # at least: where there is no time to run, that is not the file's fault


class Damaged(sqlite3.DatabaseError):
    """The file holds what nobody has written, where SQLite itself does not look."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


class Outpaced(StoreUnavailable):
    """Others were faster each time, or so it seems."""


def is_damage(error: BaseException) -> bool:
    """Whether ``error`` says that the file is no database, or not a whole one."""
    code = _code(error)
    if not code:  # a text, or a message of SQLite about one, that Python cannot decode
        return isinstance(error, sqlite3.OperationalError | UnicodeDecodeError)
    return code & 0xFF in _DAMAGE or code == sqlite3.SQLITE_IOERR_SHORT_READ


def _code(error: BaseException) -> int:
    """Return SQLite's code; 0 for errors that are none of its own."""
    return int(getattr(error, "sqlite_errorcode", 0))


def persist(attempt: Callable[[], T | None], patience: float) -> T:
    """Return what ``attempt`` does, when it comes to something and the file is not locked.

    Raises:
        StoreUnavailable: it was locked for ``patience`` seconds.
        Outpaced: it was not, but nothing came of it.
    """
    end, attempts = 0.0, 0
    while True:
        attempts += 1
        failure: StoreUnavailable = Outpaced("the file of the rate limits is too busy")
        try:
            result = attempt()
            if result is not None:
                return result
        except (BlockingIOError, sqlite3.OperationalError) as error:
            is_locked = _code(error) & 0xFF == sqlite3.SQLITE_BUSY
            if not is_locked and not isinstance(error, BlockingIOError):
                raise
            failure = StoreUnavailable("the file of the rate limits is locked")
        now = monotonic()
        end = end or now + patience
        if now > end and attempts >= _ATTEMPTS:
            raise failure
        sleep(random() * _PAUSE)  # noqa: S311  # not a secret
