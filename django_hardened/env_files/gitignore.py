"""One line in ``.gitignore``, before there is a secret that it keeps out."""

from __future__ import annotations

from pathlib import Path

from django_hardened import repository
from django_hardened.env_files.file_writing import append


def ignore(path: Path) -> Path | None:
    """Make git ignore ``path``; return the ``.gitignore`` that was changed, or None.

    Where there is no checkout yet, ``git init`` comes later than the secret, so it is the same.

    Raises:
        NotDone: the file cannot be written.
    """
    if repository.is_ignored(path):
        return None
    file = _gitignore_for(path)
    if _names(file, path.name):
        return None
    append(file, path.name)
    return file


def _gitignore_for(path: Path) -> Path:
    """Return the nearest ``.gitignore`` up to the root of the checkout, or one beside ``path``."""
    tree = repository.work_tree(path)
    folders = [path.parent]
    if tree is not None:
        folders += [folder for folder in path.parent.parents if folder.is_relative_to(tree.root)]
    files = [folder / ".gitignore" for folder in folders]
    return next((file for file in files if file.is_file()), files[0])


def _names(file: Path, name: str) -> bool:
    """Whether the last word of ``file`` on ``name`` is that it is ignored."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    about = [line.strip() for line in lines if line.strip().lstrip("!/") == name]
    return bool(about) and not about[-1].startswith("!")
