"""What a settings module reads from the environment, written down while it is imported.

``Env`` asks :func:`current` at each read. Outside of a :func:`recording` block there is no record,
and nothing happens; within one, a required variable that is not set gets a placeholder, so that
the import goes on to the next one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django_hardened.dotenv import DotenvFile
from django_hardened.reads import BOOLEAN, TEXT, Read, placeholder


@dataclass(frozen=True)
class Assumption:
    """What a record assumes about the environment.

    Attributes:
        values: what ``Env`` sees in place of the process environment and of any file; None leaves
            both as they are.
        switched: whether a boolean variable that is not set is the opposite of its default.
    """

    values: Mapping[str, str] | None = None
    switched: bool = False


@dataclass
class Record:
    """What was read within one :func:`recording` block, in order; and the files that were named."""

    assumption: Assumption = Assumption()
    reads: dict[str, Read] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    _expected: dict[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def environment(
        self, process: Mapping[str, str], dotenv: DotenvFile | None
    ) -> tuple[Mapping[str, str], DotenvFile | None]:
        """Return what a new ``Env`` shall see in place of ``process`` and ``dotenv``."""
        if dotenv and dotenv.path not in self.files:
            self.files.append(dotenv.path)
        if self.assumption.values is None:
            return process, dotenv
        # A mapping of the settings module's own is code, and no environment.
        process = self.assumption.values if process is os.environ else process
        return process, dotenv and DotenvFile(dotenv.path, {})

    def expect(self, name: str, kind: str, choices: Sequence[str]) -> None:
        """Remember what ``name`` is about to be read as, where the cast will not tell."""
        words = f"{kind} {', '.join(choices)}" if choices else kind
        self._expected.setdefault(name, (words, choices[:1]))

    def asked(self, name: str) -> None:
        """Remember that somebody asked whether ``name`` is set: then it is optional."""
        self._asked.add(name)
        self.reads.setdefault(name, Read(name))

    def found(
        self, read: Read, value: str | None, cast: Any, parse: Callable[[str, Any], Any]
    ) -> str | None:
        """Remember ``read``; return ``value``, or what the read shall get in its place."""
        self._add(read)
        if value is not None:
            return value
        if read.required:
            kind, choices = self._expected.get(read.name, (read.kind, ()))
            return placeholder(kind, choices, lambda text: parse(text, cast))
        if self.assumption.switched and read.kind == BOOLEAN and read.default is not None:
            return "false" if read.default == "true" else "true"
        return None

    def _add(self, read: Read) -> None:
        """Merge ``read`` with what is known of its name: a second read may know more, or less."""
        name = read.name
        known = self.reads.get(name, read)
        kind = read.kind if known.kind == TEXT else known.kind
        self.reads[name] = Read(
            name,
            kind=self._expected[name][0] if name in self._expected else kind,
            required=(known.required or read.required) and name not in self._asked,
            default=read.default if known.default is None else known.default,
        )


_current: ContextVar[Record | None] = ContextVar("django_hardened_record", default=None)


def current() -> Record | None:
    """Return the record to write to, if there is one."""
    return _current.get()


@contextmanager
def recording(assumption: Assumption | None = None) -> Iterator[Record]:
    """Record what every ``Env`` made within the block reads, under ``assumption``."""
    record = Record(assumption or Assumption())
    token = _current.set(record)
    try:
        yield record
    finally:
        _current.reset(token)


# -- What Env says; where nothing is recorded, nothing happens -----------------------------------


def environment(
    process: Mapping[str, str], dotenv: DotenvFile | None
) -> tuple[Mapping[str, str], DotenvFile | None]:
    """Return what a new ``Env`` shall see: its own arguments, unless a record assumes others."""
    record = current()
    return (process, dotenv) if record is None else record.environment(process, dotenv)


def expect(name: str, kind: str, choices: Sequence[str] = ()) -> None:
    """Say what ``name`` is about to be read as, where the cast will not tell."""
    record = current()
    if record is not None:
        record.expect(name, kind, choices)


def asked(name: str) -> None:
    """Say that somebody asked whether ``name`` is set."""
    record = current()
    if record is not None:
        record.asked(name)


def found(read: Read, value: str | None, cast: Any, parse: Callable[[str, Any], Any]) -> str | None:
    """Say that ``read`` found ``value``, or None; return the value to go on with."""
    record = current()
    return value if record is None else record.found(read, value, cast, parse)
