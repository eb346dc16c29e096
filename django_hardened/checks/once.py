"""What several checks ask for, and one run of the catalogue works out once.

What is kept ends with the run: the next one may have other settings and another URLconf. A check
that is called by itself keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")

_kept: ContextVar[dict[Callable[[], Any], Any] | None] = ContextVar("kept", default=None)


@contextmanager
def one_run() -> Iterator[None]:
    """Keep what :func:`once_in_a_run` decorates until the end of this."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def once_in_a_run(function: Callable[[], T]) -> Callable[[], T]:
    """Have ``function`` work its answer out once in a run. Nobody changes what it returns."""

    @wraps(function)
    def answer() -> T:
        kept = _kept.get()
        if kept is None:
            return function()
        if function not in kept:
            kept[function] = function()
        found: T = kept[function]
        return found

    return answer
