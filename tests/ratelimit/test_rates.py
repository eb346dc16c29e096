from __future__ import annotations

from typing import Any

import pytest
from django.utils.functional import lazystr
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.ratelimit.rates import MAX_AMOUNT, MAX_SECONDS, InvalidRate, Limit


@pytest.mark.parametrize(
    ("rate", "amount", "seconds"),
    [
        ("5/m", 5, 60),
        ("5/s", 5, 1),
        ("100/15m", 100, 900),
        ("100/10", 100, 10),
        ("10/24h", 10, 86_400),
        ("0/s", 0, 1),
        ("60/min", 60, 60),
        ("1000/day", 1000, 86_400),
        ("3/hour", 3, 3600),
        ("3/2hours", 3, 7200),
        ("7/seconds", 7, 1),
        (" 5/M ", 5, 60),
        (lazystr("6/m"), 6, 60),
        ((100, 60), 100, 60),
        (Limit(3, 4), 3, 4),
    ],
    ids=repr,
)
def test_a_rate(rate: object, amount: int, seconds: int) -> None:
    limit = Limit.parse(rate)
    assert (limit.amount, limit.seconds) == (amount, seconds)
    assert Limit.parse(str(limit)) == limit


@pytest.mark.parametrize(
    "rate",
    [
        *("", "5", "5/", "/m", "5/x", "5/0m", "-5/m", "5.5/m", "5/m/m", "five/m", "5/ m", "5/mm"),
        *("5/1000000000d", "9999999999/m", "5/400d", "\u0665/m", None, 5, (5,), (5, 0), ("5", 60)),
        *((True, 60), (5, 60.0), (-1, 60), (2**31, 60), [5, 60], b"5/m"),
    ],
    ids=repr,
)
def test_no_rate(rate: Any) -> None:
    with pytest.raises(InvalidRate):
        Limit.parse(rate)


def test_a_name_is_kept() -> None:
    assert Limit.parse("5/m", "login").name == "login"
    assert Limit.parse((5, 60), "login") == Limit(5, 60, "login")


@given(st.integers(0, MAX_AMOUNT), st.integers(1, MAX_SECONDS), st.text(max_size=10))
def test_every_limit_can_be_written_and_read(amount: int, seconds: int, name: str) -> None:
    limit = Limit(amount, seconds, name)
    assert Limit.parse((amount, seconds), name) == limit
