"""What git knows of a file, read from its own files: no process is started."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

# https://git-scm.com/docs/index-format
_HEADER = 12
_STAT = 40
_EXTENDED = 0x4000


@dataclass(frozen=True)
class WorkTree:
    """A checkout: the folder with the files, and the one where git keeps its own."""

    root: Path
    git: Path

    @property
    def common(self) -> Path:
        """Where a linked work tree shares its configuration with the main one."""
        shared = _read(self.git / "commondir").strip()
        return self.git / shared if shared else self.git


def work_tree(path: Path) -> WorkTree | None:
    """Return the checkout that ``path`` lies in, also as a submodule or a linked work tree."""
    for folder in path.parents:
        git = folder / ".git"
        if (git / "HEAD").is_file():
            return WorkTree(folder, git)
        link = re.match(r"gitdir:\s*(.+)", _read(git))
        if link:
            return WorkTree(folder, folder / link[1].strip())
    return None


def relative(file: Path) -> str:
    """Return ``file`` as code hosts know it: from the root of the checkout.

    Outside of any, relative to the working directory where it is below it.
    """
    file = file.absolute()
    tree = work_tree(file)
    root = tree.root if tree else Path.cwd()
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def is_tracked(path: Path) -> bool:
    """Whether git has ``path`` in its index: it is committed, or about to be."""
    path = _absolute(path)
    tree = work_tree(path)
    if tree is None:
        return False
    index = tree.git / "index"
    try:
        return path.relative_to(tree.root).as_posix() in _tracked(
            index, index.stat().st_mtime_ns, _hash_size(tree)
        )
    except OSError:
        return False


def is_ignored(path: Path) -> bool:
    """Whether a ``.gitignore`` or ``info/exclude`` of the checkout keeps ``path`` out of it."""
    path = _absolute(path)
    tree = work_tree(path)
    if tree is None:
        return False
    below = [path, *path.parents]
    candidates = below[: below.index(tree.root)]
    return any(_is_excluded(tree, candidate, candidate != path) for candidate in candidates)


def _absolute(path: Path) -> Path:
    return path.parent.resolve() / path.name


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


# -- The index -----------------------------------------------------------------------------------


def _hash_size(tree: WorkTree) -> int:
    config = _read(tree.common / "config")
    return 32 if re.search(r"(?im)^\s*objectformat\s*=\s*sha256\b", config) else 20


@lru_cache(maxsize=4)
def _tracked(index: Path, modified: int, hash_size: int) -> frozenset[str]:
    """Return the paths in ``index``; none of an index that is not of a known format."""
    data = index.read_bytes()
    if data[:4] != b"DIRC":
        return frozenset()
    return frozenset(_entries(data, hash_size))


def _entries(data: bytes, hash_size: int) -> Iterator[str]:
    version = int.from_bytes(data[4:8], "big")
    position, name = _HEADER, b""
    for _ in range(int.from_bytes(data[8:12], "big")):
        start = position
        position += _STAT + hash_size
        flags = int.from_bytes(data[position : position + 2], "big")
        position += 4 if flags & _EXTENDED else 2
        kept = 0
        if version == 4:  # a name is what differs from the one before
            dropped, position = _varint(data, position)
            kept = len(name) - dropped
        end = data.find(b"\0", position)
        if end < 0:
            return
        name = name[:kept] + data[position:end]
        position = end + 1 if version == 4 else start + (end - start) // 8 * 8 + 8
        yield name.decode("utf-8", "surrogateescape")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """Read the offset encoding of pack files: each further byte counts from one higher."""
    value = -1
    for position in range(position, len(data)):  # noqa: B020, PLR1704  # it is where reading goes on
        byte = data[position]
        value = (value + 1) << 7 | byte & 0x7F
        if not byte & 0x80:
            break
    return value, position + 1


# -- What is ignored -----------------------------------------------------------------------------


def _is_excluded(tree: WorkTree, path: Path, is_folder: bool) -> bool:
    """Whether the last pattern that matches ``path`` itself excludes it."""
    between = [folder for folder in path.parents if folder.is_relative_to(tree.root)]
    files = [(tree.root, tree.common / "info" / "exclude")]
    files += [(folder, folder / ".gitignore") for folder in reversed(between)]
    excluded = False
    for folder, file in files:
        relative = path.relative_to(folder).as_posix()
        for line in _read(file).splitlines():
            pattern = line.rstrip()
            if not pattern or pattern.startswith("#"):
                continue
            if _matches(pattern.removeprefix("!"), relative, is_folder):
                excluded = not pattern.startswith("!")
    return excluded


def _matches(pattern: str, relative: str, is_folder: bool) -> bool:
    if pattern.endswith("/") and not is_folder:
        return False
    pattern = pattern.rstrip("/")
    if "/" not in pattern:  # at any depth
        pattern = f"**/{pattern}"
    return re.fullmatch(_translate(pattern.removeprefix("/")), relative) is not None


_SPECIAL = r"(\\.|/\*\*/|^\*\*/|/\*\*$|\*+|\?|\[!?\]?[^\]]+\])"
_WORDS = {"/**/": "/(?:.*/)?", "**/": "(?:.*/)?", "/**": "/.*", "?": "[^/]"}


@lru_cache(maxsize=512)
def _translate(pattern: str) -> str:
    """Return the regular expression for a pattern; see https://git-scm.com/docs/gitignore."""
    return "".join(map(_translate_part, re.split(_SPECIAL, pattern)))


def _translate_part(part: str) -> str:
    if part in _WORDS:
        return _WORDS[part]
    if part.startswith("*"):
        return "[^/]*"
    if re.fullmatch(r"\[.+\]", part):
        return fnmatch.translate(part).removeprefix("(?s:").rpartition(")")[0]
    return re.escape(part.removeprefix("\\"))
