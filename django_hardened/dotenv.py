"""The grammar of a ``.env`` file: django-environ's, read strictly.

django-environ drops a line it cannot read and keeps the last of two values for one name. Either
may be the line that mattered, so here both are problems, reported with their place and without
their content, which may be a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

# The assignment that django-environ's ``read_env`` accepts.
_ASSIGNMENT = re.compile(r"(?:export )?([A-Za-z_][A-Za-z_0-9]*)=(.*)")
_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SINGLE_QUOTED = re.compile(r"'([^']*)'")
# Characters that end a line for some readers and not for others, or that no one can see.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class Place(NamedTuple):
    """Where in a file something stands: its path and the line number, counted from 1."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Assignment(NamedTuple):
    """One ``NAME=value`` line."""

    value: str
    place: Place

    def __repr__(self) -> str:
        return f"<Assignment {self.place}>"


@dataclass(frozen=True)
class DotenvFile:
    """What a ``.env`` file says: its assignments by name, and a sentence for each bad line."""

    path: Path
    assignments: dict[str, Assignment]
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<DotenvFile {str(self.path)!r}: {len(self.assignments)} variables>"


def read_dotenv(path: Path) -> DotenvFile:
    """Read and parse ``path`` (UTF-8, with or without a byte order mark).

    A file that does not exist is an empty one: the process environment may hold everything. A
    file that exists and cannot be read is a problem, because what it says would be lost.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return DotenvFile(path, {})
    except OSError as error:
        return DotenvFile(path, {}, (f"{path}: cannot be read ({error.strerror})",))
    except UnicodeDecodeError:
        return DotenvFile(path, {}, (f"{path}: is not UTF-8 text",))
    return parse_dotenv(text, path)


def parse_dotenv(text: str, path: Path) -> DotenvFile:
    """Parse the ``text`` of a ``.env`` file; ``path`` is used for the places only."""
    assignments: dict[str, Assignment] = {}
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        place = Place(path, number)
        try:
            parsed = _parse_line(line.removesuffix("\r"))
        except ValueError as error:
            problems.append(f"{place}: {error}")
            continue
        if parsed is None:
            continue
        name, value = parsed
        if name in assignments:
            first = assignments[name].place.line
            problems.append(f"{place}: {name} is set a second time (first on line {first})")
            continue
        assignments[name] = Assignment(value, place)
    return DotenvFile(path, assignments, tuple(problems))


def _parse_line(line: str) -> tuple[str, str] | None:
    """Return the name and value of ``line``, or None for a blank line or a comment."""
    if not line.strip() or line.startswith("#"):
        return None
    if _UNPRINTABLE.search(line):
        raise ValueError("holds a control character")
    match = _ASSIGNMENT.fullmatch(line)
    if match is None:
        raise ValueError("is not NAME=value (no spaces around the name) or a # comment")
    name, raw = match.groups()
    return name, _unquote(name, raw)


def _unquote(name: str, raw: str) -> str:
    r"""Remove the quotes of a value as django-environ does.

    Within double quotes a backslash protects the next character; ``\n``, ``\r`` and ``\t`` stay
    as they are, for ``env.str(name, multiline=True)``.
    """
    value = raw.strip()
    if value.startswith('"'):
        match = _DOUBLE_QUOTED.fullmatch(value)
        if match is None:
            raise ValueError(f"{name} has an unbalanced quote, or text after the closing one")
        return re.sub(r"\\([^rnt])", r"\1", match[1])
    if value.startswith("'"):
        match = _SINGLE_QUOTED.fullmatch(value)
        if match is None:
            raise ValueError(f"{name} has an unbalanced quote, or text after the closing one")
        return match[1]
    if re.search(r"\s#", raw):
        # Comment or part of a password? Guessing wrong either way would be silent.
        raise ValueError(
            f"{name} is followed by ' #': quote the value, or move the comment to its own line"
        )
    return value
