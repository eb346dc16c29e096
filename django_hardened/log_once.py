"""Log lines about what a project does each time: once for each name, and for so many names."""

from __future__ import annotations

import logging


class LogOnce:
    """Logs one warning for each key, for the first ``limit`` keys: others would fill the memory.

    Threads share an instance without a lock: at worst a line is written twice.
    """

    def __init__(self, limit: int = 100) -> None:
        self._limit = limit
        self._seen: set[str] = set()

    def warning(self, logger: str, key: str, message: str, *particulars: object) -> bool:
        """Log a warning to ``logger`` unless ``key`` has had one; return whether it was logged."""
        if key in self._seen or len(self._seen) >= self._limit:
            return False
        self._seen.add(key)
        logging.getLogger(logger).warning(message, *particulars)
        return True
