"""Counts of violations in the log: each kind at once, and its number in a while.

A line is JSON behind a mark, for programs to find. How fast the log grows is not for senders of
reports to decide: so many kinds in a window are named, and the others are counted together.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from threading import Lock
from time import monotonic
from typing import Final, NamedTuple

from django_hardened.csp import DIRECTIVES
from django_hardened.csp_reports.bodies import is_source

LOGGER: Final = "django_hardened.csp_reports"
MARK: Final = "csp-report "
_OTHERS: Final = "others"


class Kind(NamedTuple):
    """What is counted together: ``page`` is a route, and names no visitor."""

    directive: str
    source: str
    page: str


class Tally:
    """Counts for ``seconds``, and of no more than ``limit`` kinds."""

    def __init__(
        self, seconds: float = 60, limit: int = 50, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._seconds = seconds
        self._limit = limit
        self._clock = clock
        self._ends = float("-inf")
        self._more: Counter[Kind] = Counter()
        self._others = 0
        self._lock = Lock()

    def add(self, kind: Kind) -> None:
        """Count one of ``kind``."""
        now = self._clock()
        with self._lock:
            lines = []
            if now >= self._ends:
                lines += self._drain()
                self._ends = now + self._seconds
            if kind in self._more:
                self._more[kind] += 1
            elif len(self._more) < self._limit:
                self._more[kind] = 0  # besides the one that is logged now
                lines.append(_line(kind, 1))
            else:
                self._others += 1
        _log(lines)

    def flush(self) -> None:
        """Log what is counted so far."""
        with self._lock:
            lines = self._drain()
        _log(lines)

    def _drain(self) -> list[str]:
        lines = [_line(kind, count) for kind, count in sorted(self._more.items()) if count]
        if self._others:
            lines.append(f"{MARK}{json.dumps({_OTHERS: self._others})}")
        self._more.clear()
        self._others = 0
        return lines


def _line(kind: Kind, count: int) -> str:
    return MARK + json.dumps({"count": count, **kind._asdict()}, sort_keys=True)


def _log(lines: list[str]) -> None:
    for line in lines:
        logging.getLogger(LOGGER).warning("%s", line)


def read_line(line: str) -> tuple[Kind, int] | None:
    """Return what a line of a log counts, or None for another line."""
    _, mark, rest = line.partition(MARK)
    if not mark:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(rest)
        kind = Kind(*(str(value[name]) for name in Kind._fields))
        count = value["count"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    if type(count) is not int or count < 1:
        return None
    # A log holds what strangers have asked for, in other lines.
    return (kind, count) if kind.directive in DIRECTIVES and is_source(kind.source) else None


def read_lines(lines: Iterable[str]) -> Counter[Kind]:
    """Return the sum of all counts in ``lines``."""
    total: Counter[Kind] = Counter()
    for line in lines:
        counted = read_line(line)
        if counted:
            total[counted[0]] += counted[1]
    return total
