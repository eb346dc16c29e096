"""Log lines that anybody can cause: one in a while, and a count of the others.

Pure but for the clock. Without it, whoever sends requests decides how fast a disk fills.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic


class LogWindow:
    """Admits one record, and the next one when ``seconds`` have passed.

    What comes in between is counted, and the next record says how many there were. Threads share
    an instance without a lock: at worst a record is written twice, or one is not counted.
    """

    def __init__(self, seconds: float = 60, *, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._closed_until = float("-inf")
        self._left_out = 0

    def warning(
        self, logger: str, message: str, *particulars: object, exc_info: bool = False
    ) -> bool:
        """Log a warning to ``logger``, with the exception being handled if asked, or count it.

        Returns whether it was logged.

        The logger is looked up by its name each time: one that exists before LOGGING is applied
        may be switched off by it.
        """
        now = self._clock()
        if now < self._closed_until:
            self._left_out += 1
            return False
        self._closed_until = now + self._seconds
        left_out, self._left_out = self._left_out, 0
        if left_out:
            message, particulars = (
                f"{message} (%d more since the last line)",
                (*particulars, left_out),
            )
        logging.getLogger(logger).warning(message, *particulars, exc_info=exc_info or None)
        return True
