"""Where the file of the embedded store is, and that nobody else can have put it there."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django_hardened.ratelimit.decisions import StoreUnavailable

if sys.platform != "win32":  # pragma: no branch  # where no file that is open can be replaced
    import fcntl

_HAS_USERS = hasattr(os, "geteuid")  # not on Windows, where each user has a temporary folder


def default_path(project: str) -> Path:
    """Return the place for ``project``, which is the name of its settings module.

    All workers of a project on one host have it in common, and so do two releases of it that serve
    side by side for a while, which the folder of the project would not. What two projects of one
    name share is room and not counts: keys are hashed with the secret of each.
    """
    user = os.geteuid() if _HAS_USERS else 0
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", project)[:100] or "project"
    return Path(tempfile.gettempdir(), f"django-hardened-{user}", f"{name}.sqlite3")


def prepare_folder(path: Path) -> None:
    """Make the folder of the file if it is not there, for this user only.

    The temporary folder is everybody's. Who made our folder in it before us, or a symlink in its
    place, could read and write the counts, or have us write into a file of ours.

    Raises:
        StoreUnavailable: it can be written by others.
        OSError: it cannot be made.
    """
    folder = path.parent
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        _insist(folder, os.lstat(folder), stat.S_ISDIR, "folder", 0o022)


def prepare_file(path: Path) -> int:
    """Make the file if it is not there, for this user only; return its inode.

    Raises:
        StoreUnavailable: it can be read by others.
        OSError: it cannot be made.
    """
    try:
        # Only where nothing is: closing a file that SQLite has open would release its locks.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        _insist(path, os.lstat(path), stat.S_ISREG, "file", 0o077)
    else:
        delete_sides(path)  # those of a file that was deleted
    return os.lstat(path).st_ino


def sides_of(path: Path) -> list[Path]:
    """Return the files that SQLite has beside the file, whether they are there or not."""
    return [Path(f"{path}{suffix}") for suffix in ("-wal", "-shm")]


def delete_sides(path: Path) -> None:
    """Delete what SQLite has left beside the file."""
    for side in sides_of(path):
        with suppress(FileNotFoundError):
            side.unlink()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let no other process or thread open the file meanwhile, or move it.

    Raises:
        BlockingIOError: one of them does so now.
    """
    if sys.platform == "win32":  # pragma: no cover  # there is no flock
        yield
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        # By name: a child that was forked meanwhile would keep the lock for as long as it lives.
        fcntl.flock(folder, fcntl.LOCK_UN)
        os.close(folder)


def _insist(
    path: Path, found: os.stat_result, is_kind: Callable[[int], bool], kind: str, forbidden: int
) -> None:
    if not is_kind(found.st_mode):
        raise StoreUnavailable(f"{path} is no {kind}")
    if not _HAS_USERS:
        return
    if found.st_uid != os.geteuid():
        raise StoreUnavailable(f"{path} belongs to another user")
    if found.st_mode & forbidden:
        deed = "written" if kind == "folder" else "read"
        raise StoreUnavailable(f"{path} can be {deed} by other users")
