from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from env_support import git

from django_hardened.env_files import file_writing
from django_hardened.env_files.file_writing import NotDone, append, create, replace
from django_hardened.env_files.gitignore import ignore

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _full(*args: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


# -- A new file ----------------------------------------------------------------------------------


@posix
def test_a_new_file_is_private_before_it_holds_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    monkeypatch.setattr(
        file_writing, "_write", lambda descriptor, _: modes.append(os.fstat(descriptor).st_mode)
    )
    umask = os.umask(0)
    try:
        assert create(tmp_path / ".env", "X=1\n", 0o600)
    finally:
        os.umask(umask)
    assert [stat.S_IMODE(mode) for mode in modes] == [0o600]


def test_its_lines_end_the_same_everywhere(tmp_path: Path) -> None:
    assert create(tmp_path / ".env", "X=ä\n", 0o600)
    assert (tmp_path / ".env").read_bytes() == "X=ä\n".encode()


def test_what_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("mine")
    assert not create(path, "X=1\n", 0o600)
    assert path.read_text() == "mine"


@posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_not_followed(tmp_path: Path, exists: bool) -> None:
    target = tmp_path / "target"
    if exists:
        target.write_text("theirs")
    (tmp_path / ".env").symlink_to(target)
    assert not create(tmp_path / ".env", "X=1\n", 0o600)
    assert target.exists() is exists
    assert not exists or target.read_text() == "theirs"


def test_one_of_many_makes_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    with ThreadPoolExecutor(8) as pool:
        made = [*pool.map(lambda number: create(path, str(number) * 9, 0o600), range(8))]
    assert made.count(True) == 1
    assert path.read_text() == str(made.index(True)) * 9


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotDone, match=r"\.env cannot be written: No such file"):
        create(tmp_path / "none" / ".env", "", 0o600)


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(NotDone, match="No space left"):
        create(tmp_path / ".env", "X=1\n", 0o600)
    assert [*tmp_path.iterdir()] == []


# -- Replacing -----------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_the_mode_stays(tmp_path: Path, mode: int) -> None:
    path = tmp_path / ".env"
    path.write_text("old")
    path.chmod(mode)
    replace(path, "new\r\n")
    assert (_mode(path), path.read_bytes()) == (mode, b"new\r\n")
    assert [*tmp_path.iterdir()] == [path]


@posix
def test_the_owner_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("old")
    given: list[tuple[int, int]] = []
    was = path.stat()
    stranger = os.stat_result((*was[:4], 12345, 54321, *was[6:]))
    monkeypatch.setattr(os, "chown", lambda _, uid, gid: given.append((uid, gid)))
    temporary = tmp_path / "x"
    temporary.write_text("")
    file_writing._inherit(str(temporary), stranger)
    assert given == [(12345, 54321)]


def test_no_file_to_replace(tmp_path: Path) -> None:
    with pytest.raises(NotDone, match="No such file"):
        replace(tmp_path / ".env", "new")


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_failure_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    path = tmp_path / ".env"
    path.write_text("old")
    monkeypatch.setattr(os, function, _full)
    with pytest.raises(NotDone, match="No space left"):
        replace(path, "new")
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


# -- .gitignore ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, ".env\n"),
        ("", ".env\n"),
        ("a\n", "a\n.env\n"),
        ("a", "a\n.env\n"),
        ("a\r\n", "a\r\n.env\r\n"),
        (".env\n!.env\n", ".env\n!.env\n.env\n"),
        (".env.example\n", ".env.example\n.env\n"),
    ],
)
@pytest.mark.parametrize("checkout", [True, False])
def test_a_line_is_added(tmp_path: Path, before: str | None, after: str, checkout: bool) -> None:
    file = tmp_path / ".gitignore"
    if checkout:
        git(tmp_path, "init", "--quiet")
    if before is not None:
        file.write_bytes(before.encode())
    assert ignore(tmp_path / ".env") == file
    assert file.read_bytes().decode() == after
    assert ignore(tmp_path / ".env") is None


def test_no_line_where_it_is_ignored(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(".env*\n")
    assert ignore(tmp_path / ".env") is None


def test_the_nearest_file_of_the_checkout(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("")  # outside of the checkout
    root = tmp_path / "root"
    folder = root / "src" / "site"
    folder.mkdir(parents=True)
    git(root, "init", "--quiet")
    assert ignore(folder / ".env") == folder / ".gitignore"
    (folder / ".gitignore").unlink()
    (root / ".gitignore").write_text("x\n")
    assert ignore(folder / ".env") == root / ".gitignore"
    git(folder, "check-ignore", ".env")


def test_a_gitignore_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").mkdir()
    with pytest.raises(NotDone, match=r"\.gitignore cannot be written: Is a directory"):
        ignore(tmp_path / ".env")
    with pytest.raises(NotDone):
        append(tmp_path / "none" / "x", "line")
