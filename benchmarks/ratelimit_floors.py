"""Throttle classes that do what none on that store can do without, and decide nothing."""

from __future__ import annotations

import os
import socket
import sqlite3
from threading import local

_kept = local()


class Redis:
    """One INCR, on a connection that is kept."""

    def allow_request(self, request: object, view: object) -> bool:
        if not hasattr(_kept, "redis"):
            port = int(os.environ["BENCHMARK_REDIS"])
            _kept.redis = socket.create_connection(("127.0.0.1", port))
            _kept.redis.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = request.META["REMOTE_ADDR"].encode()  # type: ignore[attr-defined]
        _kept.redis.sendall(b"*2\r\n$4\r\nINCR\r\n$%d\r\n%b\r\n" % (len(key), key))
        _kept.redis.recv(100)
        return True


class SQLite:
    """One row that is read and written, in the manner of the embedded store."""

    def allow_request(self, request: object, view: object) -> bool:
        if not hasattr(_kept, "sqlite"):
            path = os.path.join(os.environ["BENCHMARK_FOLDER"], "floor.sqlite3")  # noqa: PTH118
            _kept.sqlite = sqlite3.connect(path, isolation_level=None)
            _kept.sqlite.execute("PRAGMA synchronous = OFF")
            _kept.sqlite.execute("PRAGMA journal_mode = WAL")
            _kept.sqlite.execute(
                "CREATE TABLE IF NOT EXISTS counts (key TEXT PRIMARY KEY, state BLOB)"
            )
        execute = _kept.sqlite.execute
        key = request.META["REMOTE_ADDR"]  # type: ignore[attr-defined]
        state = execute("SELECT state FROM counts WHERE key = ?", (key,)).fetchone() or (None,)
        if state[0] is None:
            execute("INSERT OR REPLACE INTO counts VALUES (?, ?)", (key, os.urandom(142)))
        else:
            sql = "UPDATE counts SET state = ? WHERE key = ? AND state = ?"
            execute(sql, (os.urandom(142), key, *state))
        return True
