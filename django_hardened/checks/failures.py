"""What may be told of an exception: its message may quote a value, and is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

from django_hardened.repository import relative

# Where nobody looks for the mistake: the machinery that ran into it.
_MACHINERY = sys.stdlib_module_names | {"django", "django_hardened"}


def describe(error: BaseException) -> str:
    """Return the type of ``error``, the module that was not found, and the place in the source."""
    missing = next((found.name for found in _chain(error) if isinstance(found, ImportError)), None)
    place = next(filter(None, map(_place, _chain(error))), "")
    parts = (f" (module {missing})" if missing else "", f" in {place}" if place else "")
    return type(error).__name__ + "".join(parts)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error`` and what caused it, the cause first."""
    cause = error.__cause__
    if cause is not None:
        yield from _chain(cause)
    yield error


def _place(error: BaseException) -> str:
    """Return the innermost place outside Django and the standard library, "" for none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{relative(Path(error.filename))}, line {error.lineno}"
    places = [
        f"{relative(Path(frame.f_code.co_filename))}, line {line}"
        for frame, line in walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in _MACHINERY
    ]
    return places[-1] if places else ""
