"""Limits: how many, in which time. One grammar for what people write in settings and decorators."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_UNITS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
# That of django-ratelimit (5/m, 100/15m, 100/10) and that of DRF (60/min, 1000/day).
_RATE = re.compile(
    r"(?P<amount>[0-9]{1,9})/(?:(?P<multiple>[1-9][0-9]{0,8})"
    r"(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)?"
    r"|(?P<single>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?))"
)
MAX_AMOUNT = 2**31 - 1
MAX_SECONDS = 366 * _UNITS["d"]


class InvalidRate(ValueError):
    """A rate that cannot be read; the message says how to write one."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``amount`` in any ``seconds``.

    Attributes:
        amount: 0 admits nothing.
        seconds: the length of the window.
        name: what clients are told, and what keeps this limit's counts apart from others'.
    """

    amount: int
    seconds: int
    name: str = "default"

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= MAX_AMOUNT:
            raise InvalidRate(f"{self.amount} is no number of requests")
        if not 1 <= self.seconds <= MAX_SECONDS:
            raise InvalidRate(f"{self.seconds} s is no window: a second to a year is")

    @classmethod
    def parse(cls, rate: object, name: str = "default") -> Limit:
        """Read ``"5/m"``, ``"100/15m"``, ``"1000/day"`` or ``(100, 60)``.

        Raises:
            InvalidRate: it is none of these.
        """
        if isinstance(rate, Limit):
            return rate
        if isinstance(rate, tuple) and len(rate) == 2:
            amount, seconds = rate
            if type(amount) is int and type(seconds) is int:
                return cls(amount, seconds, name)
        return _read(str(rate), name)

    def __str__(self) -> str:
        return f"{self.amount}/{self.seconds}s"


@lru_cache(maxsize=256)  # they are those of the code and the settings
def _read(text: str, name: str) -> Limit:
    match = _RATE.fullmatch(text.strip().lower())
    if match is None:
        raise InvalidRate(f"{text!r} is no rate: write '60/min', '100/15m' or '1000/day'")
    unit = (match["single"] or match["unit"] or "s")[0]
    return Limit(int(match["amount"]), int(match["multiple"] or 1) * _UNITS[unit], name)
