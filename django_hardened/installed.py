"""What was installed from a package index, and so is not of the project."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

# As pip and Debian call them.
_FOLDERS = frozenset({"site-packages", "dist-packages"})


@lru_cache(maxsize=4096)
def is_installed(file: str | Path) -> bool:
    """Whether ``file`` lies in a folder that packages are installed into."""
    return not _FOLDERS.isdisjoint(Path(file).parts)


def is_from_a_package(module: str) -> bool:
    """Whether ``module``, if Python has loaded it, was installed, not written for this project."""
    return is_installed(getattr(sys.modules.get(module), "__file__", None) or "")
