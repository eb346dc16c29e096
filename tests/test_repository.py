from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from findings_support import git

from django_hardened import repository
from django_hardened.repository import is_ignored, is_tracked, relative, work_tree


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "site"
    root.mkdir()
    git(root, "init", "--quiet")
    return root


def _write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


# -- Paths -----------------------------------------------------------------------------------------


def test_paths_begin_at_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "backend").mkdir()
    monkeypatch.chdir(tmp_path / "backend")
    assert relative(tmp_path / "backend" / "settings.py") == "backend/settings.py"
    assert relative(Path("settings.py")) == "backend/settings.py"


def test_paths_outside_of_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert relative(tmp_path / "here" / "a" / "settings.py") == "a/settings.py"
    assert relative(tmp_path / "settings.py") == str(tmp_path / "settings.py")


# -- The index -----------------------------------------------------------------------------------

TRACKED = [".editorconfig", ".env", ".env.example", "a", "a1234567", "a12345678", "dir/b"]


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_tracked_files(checkout: Path, version: str) -> None:
    _write(checkout, *TRACKED, "ü/täglich.py", "x" * 130, "other")
    git(checkout, "update-index", "--index-version", version)
    git(checkout, "add", *TRACKED, "ü/täglich.py", "x" * 130)
    if version == "3":  # git writes version 2 until an entry needs the other one
        git(checkout, "add", "--intent-to-add", "other")
    names = [*TRACKED, "ü/täglich.py", "x" * 130]
    assert [name for name in names if not is_tracked(checkout / name)] == []
    assert is_tracked(checkout / "other") is (version == "3")
    assert not is_tracked(checkout / ".en")
    assert not is_tracked(checkout / "dir")


def test_names_of_every_length(checkout: Path) -> None:
    names = ["n" * length for length in range(1, 40)]
    _write(checkout, *names)
    git(checkout, "add", ".")
    assert [name for name in names if not is_tracked(checkout / name)] == []


def test_a_file_that_is_removed_from_the_index(checkout: Path) -> None:
    _write(checkout, ".env", "a")
    git(checkout, "add", ".")
    assert is_tracked(checkout / ".env")
    git(checkout, "rm", "--cached", ".env")
    assert not is_tracked(checkout / ".env")


def test_sha256(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    _write(tmp_path, ".env", "b")
    git(tmp_path, "add", ".")
    assert is_tracked(tmp_path / ".env")
    assert is_tracked(tmp_path / "b")


def test_a_linked_work_tree_and_a_submodule(checkout: Path, tmp_path: Path) -> None:
    _write(checkout, ".env")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "-m", "x")
    linked = tmp_path / "linked"
    git(checkout, "worktree", "add", "--quiet", "-b", "other", str(linked))
    (checkout / ".git" / "info" / "exclude").write_text("secret.toml\n")
    assert is_tracked(linked / ".env")
    assert is_ignored(linked / "secret.toml")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", str(checkout), "site")
    assert is_tracked(outer / "site" / ".env")
    tree = work_tree(outer / "site" / ".env")
    assert tree
    assert tree.root == outer / "site"


def test_no_checkout(tmp_path: Path) -> None:
    _write(tmp_path, ".env")
    assert work_tree(tmp_path / ".env") is None
    assert not is_tracked(tmp_path / ".env")
    assert not is_ignored(tmp_path / ".env")


def test_a_checkout_without_an_index(checkout: Path) -> None:
    assert work_tree(checkout / ".env") is not None
    assert not is_tracked(checkout / ".env")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"DIRX" + b"\0" * 20,
        b"DIRC",
        b"DIRC\0\0\0\2\0\0\0\5",
        b"DIRC\0\0\0\2\xff\xff\xff\xff" + b"\1" * 90,
        b"DIRC\0\0\0\4\xff\xff\xff\xff" + b"\xff" * 90,
        b"DIRC\0\0\0\4\0\0\0\1" + b"\0" * 62,
    ],
)
def test_an_index_that_is_broken(checkout: Path, data: bytes) -> None:
    (checkout / ".git" / "index").write_bytes(data)
    assert not is_tracked(checkout / ".env")


def test_a_path_through_a_link(checkout: Path, tmp_path: Path) -> None:
    _write(checkout, ".env")
    git(checkout, "add", ".env")
    (tmp_path / "link").symlink_to(checkout)
    assert is_tracked(tmp_path / "link" / ".env")


# -- What is ignored -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "ignored"),
    [
        (".env", True),
        ("/.env", True),
        ("*.env", True),
        (".env*", True),
        (".e?v", True),
        (".[de]nv", True),
        (".[!a]nv", True),
        ("**/.env", True),
        ("*", True),
        (".*", True),
        (".env   ", True),
        ("\\.env", True),
        ("# a comment\n\n.env\n", True),
        (".env\n!.env.example", True),
        ("", False),
        ("#.env", False),
        (".env/", False),
        ("conf/.env", False),
        (".envrc", False),
        ("env", False),
        (".env\n!.env", False),
        ("*\n!.env", False),
        (".[!e]nv", False),
        (".[nv", False),
        (".[z-a]nv", False),
        (".[--e]nv", True),
        (".en[v]", True),
        (".\\env", True),
        ("**", True),
        (".e**", True),
        ("[]", False),
        ("a/**/b", False),
    ],
)
def test_patterns(checkout: Path, lines: str, ignored: bool) -> None:
    (checkout / ".gitignore").write_text(lines)
    _write(checkout, ".env")
    assert is_ignored(checkout / ".env") is ignored
    assert ignored is (
        subprocess.run(["git", "check-ignore", "-q", ".env"], cwd=checkout, check=False).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        ("conf", "conf/.env", True),
        ("conf/", "conf/.env", True),
        ("conf/*", "conf/.env", True),
        ("conf/**", "conf/a/.env", True),
        ("/conf/.env", "conf/.env", True),
        ("conf/.env", "conf/.env", True),
        ("**/conf/.env", "a/b/conf/.env", True),
        ("a/**/.env", "a/.env", True),
        ("a/**/.env", "a/b/c/.env", True),
        ("conf/*", "conf/a/.env", True),
        ("conf/\n!conf/.env", "conf/.env", True),
        ("conf/*\n!conf/.env", "conf/.env", False),
        ("conf/.env", "a/conf/.env", False),
        ("/.env", "conf/.env", False),
        ("a/*/.env", "a/b/c/.env", False),
    ],
)
def test_patterns_with_folders(checkout: Path, lines: str, path: str, ignored: bool) -> None:
    (checkout / ".gitignore").write_text(lines)
    _write(checkout, path)
    assert is_ignored(checkout / path) is ignored
    assert ignored is (
        subprocess.run(["git", "check-ignore", "-q", path], cwd=checkout, check=False).returncode
        == 0
    )


def test_the_file_nearest_to_it_wins(checkout: Path) -> None:
    (checkout / ".gitignore").write_text(".env")
    _write(checkout, "conf/.env", "conf/x.env")
    (checkout / "conf" / ".gitignore").write_text("!.env\n/x.env")
    assert not is_ignored(checkout / "conf" / ".env")
    assert is_ignored(checkout / "conf" / "x.env")
    assert is_ignored(checkout / ".env")


def test_info_exclude(checkout: Path) -> None:
    (checkout / ".git" / "info" / "exclude").write_text(".env")
    assert is_ignored(checkout / ".env")
    (checkout / ".gitignore").write_text("!.env")
    assert not is_ignored(checkout / ".env")


def test_a_gitignore_that_is_no_text(checkout: Path) -> None:
    (checkout / ".gitignore").write_bytes(b"\xff\xfe\n.env\n")
    assert is_ignored(checkout / ".env")


def test_a_long_shared_name() -> None:
    assert repository._varint(b"\x80\x00", 0) == (128, 2)
