"""What an audit remembers of functions while it runs, and no longer.

An audit copies the views that it asks. A cache that outlived it would hold those copies, and
with them the classes and closures of a project, for as long as the process lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

_MOST = 8192  # by each function; a site with more asks some of its views twice
_memos: list[Any] = []


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Have ``function`` work each answer out once in an audit. Its arguments are hashable."""
    memo = lru_cache(maxsize=_MOST)(function)
    _memos.append(memo)
    return cast(Callable[P, R], memo)


@contextmanager
def kept() -> Iterator[None]:
    """Remember until the end of this, and then let go of it all."""
    try:
        yield
    finally:
        for memo in _memos:
            memo.cache_clear()
