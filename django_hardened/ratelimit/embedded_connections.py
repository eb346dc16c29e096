"""Connections to the file of the embedded store: few, kept, and never taken across a fork."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import get_ident
from time import monotonic, sleep
from weakref import WeakSet

from django_hardened.ratelimit.decisions import StoreUnavailable
from django_hardened.ratelimit.embedded_place import (
    alone,
    delete_sides,
    prepare_file,
    prepare_folder,
    sides_of,
)
from django_hardened.ratelimit.embedded_waits import is_damage, persist

LOGGER = "django_hardened.ratelimit"
# The name has a version: another shape of state will have a table of its own in the same file, so
# that an old and a new release can serve side by side.
SCHEMA = (
    "CREATE TABLE counts_1 (key TEXT PRIMARY KEY, state BLOB NOT NULL, expires INTEGER NOT NULL)"
    " WITHOUT ROWID"
)
LOOK_EVERY = 1.0  # seconds
LONG_WAL = 16 * 2**20
PAGE = 4096
_OPEN_PATIENCE = 1.0
_FORK_PATIENCE = 0.2

Identity = tuple[int, ...]


class Connection(sqlite3.Connection):
    """A connection that knows which file it has open, and closes when it is forgotten."""

    identity: Identity = ()

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it was never opened
            self.close()


class Connections:
    """Idle connections, last used first: as many as there were threads in the store at once.

    Lists and sets change in one step under the interpreter's own lock, so there is none here that
    a thread could hold while it waits for that one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sides = sides_of(path)
        self.has_long_wal = False
        self._idle: list[Connection] = []
        self._users: set[int] = set()
        self._is_forking = False
        self._identity: Identity = ()
        self._looked = float("-inf")
        _pools.add(self)

    def take(self) -> Connection:
        """Return a connection that is this thread's until :meth:`give` or :meth:`drop`."""
        user = get_ident()
        self._users.add(user)  # before the question, so that a fork sees one of the two
        while self._is_forking:
            self._users.discard(user)
            sleep(0.001)
            self._users.add(user)
        try:
            return self._idle_one() or persist(self._open, _OPEN_PATIENCE)
        except BaseException:
            self._users.discard(user)
            raise

    def give(self, connection: Connection) -> None:
        """Keep ``connection`` for the next one."""
        self._idle.append(connection)
        self._users.discard(get_ident())

    def drop(self, connection: Connection, error: BaseException) -> None:
        """Close ``connection`` after ``error``: what was not committed is rolled back."""
        try:
            if is_damage(error):
                self._leave(connection, is_damaged=True)
        finally:
            connection.close()
            self._users.discard(get_ident())

    def _idle_one(self) -> Connection | None:
        if monotonic() - self._looked >= LOOK_EVERY:
            self._look()
        while self._idle:
            with suppress(IndexError):  # another thread was faster
                connection = self._idle.pop()
                if connection.identity == self._identity:
                    return connection
                self._leave(connection)
        return None

    def _look(self) -> None:
        """Notice that a file was deleted or replaced: others no longer count in ours."""
        self._looked = monotonic()
        self._identity = self._identify()

    def _identify(self) -> Identity:
        """Return which files are there: in part, if one is missing."""
        identity: Identity = ()
        try:
            file = self.path.stat()
            identity = (file.st_dev, file.st_ino)
            wal, shared = (side.stat() for side in self._sides)
        except OSError:
            return identity
        self.has_long_wal = wal.st_size > LONG_WAL
        # While anybody has them open, SQLite keeps them, and no new file gets their inodes.
        return (*identity, wal.st_ino, shared.st_ino)

    def _leave(self, connection: Connection, *, is_damaged: bool = False) -> None:
        """Close ``connection``, and move the file out of the way if nobody should open it.

        Nobody should if only the files beside it were deleted: who opens it makes new ones, and
        writes past those that have the old ones. Before it is closed: SQLite writes a file that is
        still in its place when it closes it.
        """
        try:
            if is_damaged or connection.identity[:2] == self._identity[:2]:
                persist(partial(self._set_aside, connection, is_damaged), _OPEN_PATIENCE)
        finally:
            connection.close()

    def _set_aside(self, connection: Connection, is_damaged: bool) -> bool:
        with alone(self.path):
            found = self._identify()
            is_the_same = found[:2] == connection.identity[:2]  # else somebody was faster
            if is_the_same and (is_damaged or found != connection.identity):
                self._move()
        return True

    def _move(self) -> None:
        delete_sides(self.path)
        self.path.replace(f"{self.path}.damaged")
        logging.getLogger(LOGGER).error(
            "The file of the rate limits is damaged. It is %s.damaged now, and counting starts"
            " anew.",
            self.path,
        )

    def _open(self) -> Connection:
        prepare_folder(self.path)
        with alone(self.path):
            inode = prepare_file(self.path)
            connection: Connection = sqlite3.connect(
                # SQLite itself would make a file that others can read.
                f"{self.path.as_uri()}?mode=rw",
                uri=True,
                # Waiting is ours: SQLite's pauses grow to 100 ms, and whoever is new goes first.
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
                factory=Connection,
            )
            try:
                self._set_up(connection)
                connection.identity = self._identity = self._identify()
                if connection.identity[1:2] != (inode,) or len(connection.identity) < 4:
                    raise StoreUnavailable(f"{self.path} was replaced while it was opened")
            except BaseException as error:
                if is_damage(error):
                    self._move()
                connection.close()
                raise
        return connection

    def _set_up(self, connection: Connection) -> None:
        found = connection.execute("SELECT sql FROM sqlite_master").fetchall()
        if found and (SCHEMA,) not in found:  # nothing has been written so far
            raise StoreUnavailable(f"{self.path} is the database of something else")
        # Counts need not survive a loss of power; and a process that is killed loses none by this.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA page_size = {PAGE}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(SCHEMA.replace("TABLE", "TABLE IF NOT EXISTS", 1))

    # -- Forks -----------------------------------------------------------------------------------
    # A connection must not be used in a child, nor even be closed there:
    # https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_

    def pause(self) -> None:
        """Have threads that come wait, until :meth:`resume`."""
        self._is_forking = True

    def is_used(self) -> bool:
        """Whether a thread has a connection now."""
        return bool(self._users)

    def close(self) -> None:
        """Close the connections that no thread has."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def resume(self) -> None:
        """Let threads have connections again."""
        self._is_forking = False

    def start_anew(self) -> None:
        """Forget, in a child, what its parent has."""
        # None, unless a server forks without having Python prepare for it.
        _left_to_the_parent.extend(self._idle)
        self._idle, self._users = [], set()
        self.resume()


_pools: WeakSet[Connections] = WeakSet()
_left_to_the_parent: list[Connection] = []


def _before_fork() -> None:
    pools = list(_pools)
    for pool in pools:
        pool.pause()
    end = monotonic() + _FORK_PATIENCE
    while any(pool.is_used() for pool in pools) and monotonic() < end:
        sleep(0.0005)
    for pool in pools:
        pool.close()


def _after_fork_in_parent() -> None:
    for pool in list(_pools):
        pool.resume()


def _after_fork_in_child() -> None:
    for pool in list(_pools):
        pool.start_anew()


if hasattr(os, "register_at_fork"):  # pragma: no branch  # Windows has no forks
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
