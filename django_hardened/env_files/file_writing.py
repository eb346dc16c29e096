"""Files that hold secrets: made readable by their owner only, and never half written."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
ORDINARY = 0o666  # less the umask


class NotDone(Exception):
    """Why a command has done nothing; the message is for the user."""


def create(path: Path, text: str, mode: int) -> bool:
    """Write a new file, which has ``mode`` from its first moment; False if ``path`` is taken.

    Whatever is there stays: ``O_EXCL`` follows no symbolic link, not even one to nowhere
    (POSIX, open), and of two processes one makes the file.

    Raises:
        NotDone: it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, mode)
    except FileExistsError:
        return False
    except OSError as error:
        raise not_written(path, error) from None
    try:
        _write(descriptor, text.encode())
    except OSError as error:
        path.unlink()
        raise not_written(path, error) from None
    return True


def replace(path: Path, text: str) -> None:
    """Replace the content of ``path`` as a whole: a reader sees the old one or the new one.

    Its mode, owner and group stay.

    Raises:
        NotDone: it cannot be written; the file is as it was.
    """
    temporary: str | None = None
    try:
        was = path.stat()
        # mkstemp makes it with mode 0600.
        descriptor, temporary = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        _write(descriptor, text.encode())
        _inherit(temporary, was)
        os.replace(temporary, path)  # noqa: PTH105  # it is a str here
        _sync_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()
        raise not_written(path, error) from None


def append(path: Path, line: str) -> None:
    """Add ``line`` to a file, which need not exist.

    Raises:
        NotDone: it cannot be written.
    """
    try:
        before = path.read_bytes() if path.exists() else b""
        newline = b"\r\n" if b"\r\n" in before else b"\n"
        gap = newline if before and not before.endswith(b"\n") else b""
        with path.open("ab") as file:
            file.write(gap + line.encode() + newline)
    except OSError as error:
        raise not_written(path, error) from None


def not_written(path: Path, error: OSError) -> NotDone:
    """Return what to tell the user of ``error``."""
    return NotDone(f"{path} cannot be written: {error.strerror}.")


def _write(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _inherit(temporary: str, was: os.stat_result) -> None:
    """Give the new file the owner and the mode of the old one, the owner first: it is 0600 yet."""
    made = Path(temporary).stat()
    if (made.st_uid, made.st_gid) != (was.st_uid, was.st_gid):
        os.chown(temporary, was.st_uid, was.st_gid)
    Path(temporary).chmod(was.st_mode & 0o7777)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power failure, where a folder can be opened (POSIX)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
