"""What a settings module reads from ``os.environ`` itself, for a project that has no ``Env`` yet.

The one object is changed in place: whoever imported it before has it too.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django_hardened import reads, recording

# What the machine sets for every program. No .env file has it.
_OF_THE_MACHINE = re.compile(
    r"(PATH|HOME|PWD|USER|USERNAME|LOGNAME|SHELL|LANG|LC_\w+|TZ|TERM|TMPDIR|TEMP|TMP|HOSTNAME|CI"
    r"|VIRTUAL_ENV|PYTHON\w+|XDG_\w+|DJANGO_SETTINGS_MODULE)"
)


_Environ: Any = type(os.environ)


class _Listed(str):
    """A name that comes from a listing of the whole environment: who copies it reads nothing."""

    __slots__ = ()


class _Watched(_Environ):  # type: ignore[misc]  # a private class of os
    """``os.environ``, which tells the record what the project reads."""

    is_of_project: Callable[[str], bool]
    set_by_process: ClassVar[dict[str, str]] = {}

    def __iter__(self) -> Iterator[str]:
        return map(_Listed, super().__iter__())

    def __getitem__(self, name: str) -> str:
        if self._is_asked_by_project(name):
            value = self._found(reads.describe(name, None, required=True, default=None))
            if value is not None:
                return value
        return str(super().__getitem__(name))

    def get(self, name: str, default: Any = None) -> Any:
        if self._is_asked_by_project(name):
            read = reads.describe(name, None, required=False, default=default)
            value = self._found(read)
            return default if value is None else value
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        if self._is_asked_by_project(name):
            recording.asked(str(name))
            return name in self._seen()
        return bool(super().__contains__(name))

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name, value)
        self.set_by_process[str(name)] = value

    def setdefault(self, name: str, value: str) -> str:
        """Set it as ever: that is no read, and what is set is no variable of a ``.env``."""
        return str(super().setdefault(_Listed(name), value))

    def pop(self, name: str, *default: Any) -> Any:
        value = self.get(name, *default) if default else self[name]
        super().pop(_Listed(name), None)
        return value

    def _is_asked_by_project(self, name: object) -> bool:
        if not isinstance(name, str) or isinstance(name, _Listed):
            return False
        # A library reads for itself; os.getenv and the methods of a mapping read for others.
        frame = sys._getframe(1)  # noqa: SLF001  # inspect.currentframe may return None
        while frame.f_back and frame.f_code.co_filename in _BETWEEN:
            frame = frame.f_back
        is_of_project = type(self).is_of_project(frame.f_code.co_filename)
        return is_of_project and not _OF_THE_MACHINE.fullmatch(name)

    def _found(self, read: reads.Read) -> str | None:
        value = self._seen().get(read.name)
        return recording.found(read, value, None, lambda text, cast: text)

    def _seen(self) -> dict[str, str]:
        """Return what a read finds: what is assumed, and what the project has set itself."""
        process, _ = recording.environment(os.environ, None)
        return {**process, **self.set_by_process}


_BETWEEN = {code.co_filename for code in (os.getenv.__code__, Mapping.get.__code__)} | {__file__}


@contextmanager
def watched(is_of_project: Callable[[str], bool]) -> Iterator[None]:
    """Have the record told, within the block, of each read by a file that ``is_of_project``."""
    _Watched.is_of_project = staticmethod(is_of_project)
    _Watched.set_by_process = {}
    os.environ.__class__ = _Watched  # an object keeps what it has
    try:
        yield
    finally:
        os.environ.__class__ = _Environ
