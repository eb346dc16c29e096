"""A line on a terminal that says how far several runs are; elsewhere nothing."""

from __future__ import annotations

import sys
from threading import Lock

_EVERY = 25  # variants


class Progress:
    """Counts runs and variants, from any thread."""

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self._finished = 0
        self._sent = 0
        self._lock = Lock()
        self._shown = sys.stderr.isatty()

    def tick(self) -> None:
        with self._lock:
            self._sent += 1
            if self._sent % _EVERY == 0:
                self._write()

    def done(self) -> None:
        with self._lock:
            self._finished += 1
            self._write()

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def _write(self) -> None:
        if self._shown:
            sys.stderr.write(
                f"\r\033[K{self._finished} of {self.runs} runs, {self._sent} variants sent\r"
            )
            sys.stderr.flush()
