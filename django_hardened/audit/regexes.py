"""Regular expressions of URL patterns: as people write the path, and a path that they match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from re import _constants as ops  # type: ignore[attr-defined]  # the one parser that re has
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from django_hardened.audit.memos import remembered

# Tried in turn for the part that a set or a dot stands for.
_CHARACTERS = "a1A-_./ ,:@%"
_CATEGORIES: Mapping[Any, Callable[[str], bool]] = {
    ops.CATEGORY_DIGIT: str.isdigit,
    ops.CATEGORY_NOT_DIGIT: lambda char: not char.isdigit(),
    ops.CATEGORY_SPACE: str.isspace,
    ops.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    ops.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
    ops.CATEGORY_NOT_WORD: lambda char: not (char.isalnum() or char == "_"),
}
_REPEATS = {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}

Fill = Callable[[int], str | None]


def readable(regex: str) -> str:
    """Return ``users/<pk>/`` for ``^users/(?P<pk>[0-9]+)/$``; what may be absent is left out.

    Raises:
        re.error: it is no regular expression.
    """
    tree = _parsed(regex, 0)
    names = {number: name for name, number in tree.state.groupdict.items()}
    return _Writer(tree, lambda number: f"<{names.get(number, 'var')}>").text()


@remembered
def _parsed(regex: str, flags: int) -> Any:
    return _parser.parse(regex, flags)


def sample(regex: re.Pattern[str], values: Callable[[str], Iterable[str]]) -> str:
    """Return a text that ``regex`` matches.

    ``values`` has what to try first for a group, by its name; groups without one have "".
    """
    tree = _parsed(regex.pattern, regex.flags & ~re.DEBUG)
    names = {number: name for name, number in regex.groupindex.items()}
    chosen: dict[int, str] = {}
    for number in range(1, regex.groups + 1):
        for value in values(names.get(number, "")):
            text = _Writer(tree, {**chosen, number: value}.get).text()
            found = regex.match(text)
            if found and found[number] == value:
                chosen[number] = value
                break
    return _Writer(tree, chosen.get).text()


class _Writer:
    """Writes one text that a parsed expression matches; ``fill`` may write a group itself."""

    def __init__(self, tree: Any, fill: Fill) -> None:
        self._tree = tree
        self._fill = fill
        self._groups: dict[int, str] = {}

    def text(self) -> str:
        return self._all(self._tree, inside=False)

    def _all(self, tree: Any, *, inside: bool) -> str:
        return "".join(self._one(op, argument, inside=inside) for op, argument in tree)

    def _one(self, op: Any, argument: Any, *, inside: bool) -> str:
        if op in {ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.ANY}:
            return _character(op, argument)
        if op is ops.BRANCH:
            return self._all(argument[1][0], inside=inside)
        if op is ops.SUBPATTERN:
            return self._group(argument[0], argument[3], inside=inside)
        if op in _REPEATS:
            lowest, highest, tree = argument
            # A group has a value; outside of one, what may be absent is.
            times = max(lowest, 1) if inside and highest else lowest
            return "".join(self._all(tree, inside=inside) for _ in range(times))
        if op is ops.GROUPREF:
            return self._groups.get(argument, "")
        if op is ops.ATOMIC_GROUP:
            return self._all(argument, inside=inside)
        return ""  # assertions take no room

    def _group(self, number: int | None, tree: Any, *, inside: bool) -> str:
        if number is None:
            return self._all(tree, inside=inside)
        filled = self._fill(number)
        text = self._all(tree, inside=True) if filled is None else filled
        self._groups[number] = text
        return text


def _character(op: Any, argument: Any) -> str:
    if op is ops.LITERAL:
        return chr(argument)
    if op is ops.ANY:
        return _CHARACTERS[0]
    members = [(op, argument)] if op is ops.NOT_LITERAL else argument
    listed = [chr(value) for kind, value in members if kind is ops.LITERAL]
    listed += [chr(value[0]) for kind, value in members if kind is ops.RANGE]
    candidates = [*_CHARACTERS, *listed]
    return next((char for char in candidates if _admits(members, char)), _CHARACTERS[0])


def _admits(members: Any, char: str) -> bool:
    negated = any(kind in {ops.NEGATE, ops.NOT_LITERAL} for kind, _ in members)
    return negated != any(_is_member(kind, value, char) for kind, value in members)


def _is_member(kind: Any, value: Any, char: str) -> bool:
    if kind in {ops.LITERAL, ops.NOT_LITERAL}:
        return bool(ord(char) == value)
    if kind is ops.RANGE:
        return bool(value[0] <= ord(char) <= value[1])
    return kind is ops.CATEGORY and _CATEGORIES[value](char)
