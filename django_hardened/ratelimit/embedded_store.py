"""Counters in an SQLite file of our own, shared by all processes and threads of one host.

A decision reads the states, without a lock, and writes what becomes of them in one transaction on
the condition that they are still what was read; else it starts again. So a refusal takes no lock at
all, and the lock is never held while a thread waits for the interpreter.

Exact, because the writes of one key are in one order, and each was decided on the state that the
one before it left. The time of a hit is read within the call that admits it.

Its size is bounded. When it is full, rows are evicted as Redis does it, by samples: of those looked
at, the ones that expire soonest. Can an attacker have the own counter evicted, to start anew? Each
row costs an admitted hit of a client: all limits of a hit are decided together, so a client who is
refused writes nothing, under whatever names. To push one row out takes as many admitted rows as
there is room for (some 300,000), each of which expires later than that one, so a limit per minute
pushes out no limit per day. Who has so many addresses has the allowance of each, and gains one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from secrets import token_urlsafe
from typing import TypeVar

from django_hardened.ratelimit.decisions import Entry, Standing, StoreUnavailable
from django_hardened.ratelimit.embedded_connections import (
    PAGE,
    Connection,
    Connections,
)
from django_hardened.ratelimit.embedded_waits import (
    Damaged,
    Outpaced,
    is_damage,
    persist,
)
from django_hardened.ratelimit.rates import MAX_SECONDS
from django_hardened.ratelimit.windows import SECOND, SLOTS, Window, quantum_of

T = TypeVar("T")

MAX_MEGABYTES = 64
# Seconds, for the lock of another process. Longer than any queue for it: to give up is to count
# elsewhere, and so to admit more.
PATIENCE = 1.0
# New rows between two looks for rows to delete, and how many are looked at: four times as many, so
# that no more than a fifth of the rows is past, and twice as many as were new can go.
_NEW_ROWS, _SEEN_ROWS = 16, 64
_HORIZON = 2 * MAX_SECONDS * SECOND  # nothing lives as long: a clock was wrong

_READ = "SELECT key, state FROM counts_1 WHERE key IN ({})"
_INSERT = "INSERT INTO counts_1 VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_UPDATE = "UPDATE counts_1 SET state = ?, expires = ? WHERE key = ? AND state = ?"
_CLEAR = "DELETE FROM counts_1 WHERE key IN ({})"
_SAMPLE = "SELECT key, expires FROM counts_1 WHERE key > ? ORDER BY key LIMIT ?"
_DELETE = "DELETE FROM counts_1 WHERE key = ? AND expires = ?"
_PAGES = "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"


_Change = tuple[str, bytes | None, bytes, int]  # a key, its state before and after, its expiry


class EmbeddedStore:
    """Exact counters for one host, without a server."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        max_megabytes: int = MAX_MEGABYTES,
    ) -> None:
        self._connections = Connections(path)
        self._clock = clock
        self._max_pages = max_megabytes * 2**20 // PAGE
        self._new_rows = 0
        self._cursor = token_urlsafe(2)  # each process looks elsewhere

    def hit(self, entries: Sequence[Entry], cost: int) -> list[Standing]:
        def count(connection: Connection) -> list[Standing] | None:
            windows, states = self._load(connection, entries)
            is_admitted = all(window.admits(cost) for window in windows)
            if is_admitted and cost:
                changes = {
                    entry.key: _change(entry.key, states, window, window.add(cost))
                    for entry, window in zip(entries, windows, strict=True)
                }
                if not self._swap(connection, list(changes.values())):
                    return None
            return [
                Standing.of(window, cost, is_admitted=is_admitted or window.admits(cost))
                for window in windows
            ]

        return self._decide(count)

    def take_back(self, entries: Sequence[Entry], cost: int, quanta: Sequence[int]) -> None:
        def take(connection: Connection) -> bool | None:
            windows, states = self._load(connection, entries)
            changes = {}
            for entry, window, quantum in zip(entries, windows, quanta, strict=True):
                state = window.take_back(cost, quantum)
                if state is not None:
                    changes[entry.key] = _change(entry.key, states, window, state)
            return self._swap(connection, list(changes.values())) or None

        self._decide(take)

    def clear(self, entries: Sequence[Entry]) -> None:
        def delete(connection: Connection) -> bool:
            keys = [entry.key for entry in entries]
            connection.execute(_for_keys(_CLEAR, len(keys)), keys)
            return True

        self._decide(delete)

    def _decide(self, attempt: Callable[[Connection], T | None]) -> T:
        """Return what ``attempt`` does when it comes to something.

        Raises:
            StoreUnavailable: it does not within the time there is, or the file cannot be used.
        """
        try:
            try:
                return self._with_connection(attempt)
            except (sqlite3.Error, UnicodeDecodeError) as error:
                if not is_damage(error):
                    raise
            return self._with_connection(attempt)  # the damaged file is out of the way
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"{self._connections.path}: {error}") from error

    def _with_connection(self, attempt: Callable[[Connection], T | None]) -> T:
        connection = self._connections.take()
        try:
            result = self._persist(attempt, connection)
            self._tidy(connection)
        except BaseException as error:
            self._connections.drop(connection, error)
            raise
        self._connections.give(connection)
        return result

    def _persist(self, attempt: Callable[[Connection], T | None], connection: Connection) -> T:
        try:
            return persist(partial(attempt, connection), PATIENCE)
        except Outpaced:
            # A row that is out of order is not found, or not where it should be.
            if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                raise Damaged("a row is out of order") from None
            raise

    def _load(
        self, connection: Connection, entries: Sequence[Entry]
    ) -> tuple[list[Window], dict[str, bytes]]:
        keys = [entry.key for entry in entries]
        states = dict(connection.execute(_for_keys(_READ, len(keys)), keys).fetchall())
        if not all(type(state) is bytes for state in states.values()):
            raise Damaged("a state is none")
        now = int(self._clock() * SECOND)
        return [Window.load(states.get(entry.key), entry.limit, now) for entry in entries], states

    def _swap(self, connection: Connection, changes: Sequence[_Change]) -> bool:
        """Write all changes, or none if a row is no longer what it was."""
        # Only the lock is waited for here. What was read need not be read again, unless it changed.
        return not changes or persist(partial(self._try_swap, connection, changes), PATIENCE)

    def _try_swap(self, connection: Connection, changes: Sequence[_Change]) -> bool:
        if len(changes) == 1:  # a statement is a transaction
            return self._write(connection, changes[0])
        connection.execute("BEGIN IMMEDIATE")
        is_whole = all(self._write(connection, change) for change in changes)
        connection.execute("COMMIT" if is_whole else "ROLLBACK")
        return is_whole

    def _write(self, connection: Connection, change: _Change) -> bool:
        key, old, new, expires = change
        if old is not None:
            return connection.execute(_UPDATE, (new, expires, key, old)).rowcount == 1
        self._new_rows += 1
        return connection.execute(_INSERT, (key, new, expires)).rowcount == 1

    # -- Size ------------------------------------------------------------------------------------

    def _tidy(self, connection: Connection) -> None:
        """Keep the file small. What goes wrong here is no reason to fail: it is done again."""
        try:
            if self._new_rows >= _NEW_ROWS:
                self._new_rows = 0
                self._delete_some(connection)
            if self._connections.has_long_wal:
                # It only starts anew when nobody reads, which many readers never let happen.
                self._connections.has_long_wal = False
                connection.execute("PRAGMA busy_timeout = 50")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                connection.execute("PRAGMA busy_timeout = 0")
        except sqlite3.Error as error:
            if is_damage(error):
                raise
            connection.rollback()

    def _delete_some(self, connection: Connection) -> None:
        rows = connection.execute(_SAMPLE, (self._cursor, _SEEN_ROWS)).fetchall()
        self._cursor = rows[-1][0] if len(rows) == _SEEN_ROWS else ""
        if not all(type(expires) is int for _, expires in rows):
            raise Damaged("a time is none")
        now = int(self._clock() * SECOND)
        doomed = [row for row in rows if not now < row[1] < now + _HORIZON]
        if connection.execute(_PAGES).fetchone()[0] > self._max_pages:
            rows.sort(key=lambda row: row[1] if row[1] < now + _HORIZON else 0)
            doomed = rows[: max(len(doomed), len(rows) // 2)]
        if doomed:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_DELETE, doomed)
            connection.execute("COMMIT")


def _change(key: str, states: dict[str, bytes], window: Window, state: bytes) -> _Change:
    expires = (window.index + SLOTS) * quantum_of(window.limit)
    return key, states.get(key), state, expires


@cache
def _for_keys(sql: str, number: int) -> str:
    return sql.format(",".join("?" * number))
