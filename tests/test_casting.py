from __future__ import annotations

import json
import math
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.casting import (
    Unreadable,
    describe_failure,
    parse_bool,
    parse_float,
    parse_pairs,
    split,
)

TRUE = ("true", "on", "yes", "1")
FALSE = ("false", "off", "no", "0")

quick = settings(deadline=None, database=None, max_examples=60)

BLANK = st.text(" \t", max_size=3)
ITEM = st.text(
    st.characters(codec="ascii", categories=("L", "N", "P", "S"), exclude_characters=",="),
    min_size=1,
    max_size=8,
)


# -- Booleans ------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [*TRUE, "TRUE", "True", " on ", "yes\n"])
def test_a_word_for_true(word: str) -> None:
    assert parse_bool(word, TRUE, FALSE) is True


@pytest.mark.parametrize("word", [*FALSE, "FALSE", "False", " off ", "no\t"])
def test_a_word_for_false(word: str) -> None:
    assert parse_bool(word, TRUE, FALSE) is False


@pytest.mark.parametrize(
    "word",
    ["", " ", "enabled", "disabled", "2", "-1", "01", "1.0", "none", "t", "true false", "\uff11"],
)
def test_an_unknown_word_is_no_boolean(word: str) -> None:
    with pytest.raises(Unreadable, match=r"^is not a boolean: write true or false$"):
        parse_bool(word, TRUE, FALSE)


# -- Numbers -------------------------------------------------------------------------------------


@quick
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_itself(number: float) -> None:
    assert parse_float(repr(number)) == number


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "Infinity", "1e999"])
def test_a_number_is_finite(value: str) -> None:
    with pytest.raises(Unreadable, match=r"^is not a finite number$"):
        parse_float(value)


@pytest.mark.parametrize("value", ["1.2.3", "12 EUR", "1,5", "1,000.00", "", "--1", "0x10"])
def test_nothing_is_left_out_of_a_number(value: str) -> None:
    with pytest.raises(ValueError, match="could not convert"):
        parse_float(value)


# -- Lists ---------------------------------------------------------------------------------------


@quick
@given(st.lists(st.tuples(BLANK, ITEM, BLANK), min_size=1, max_size=5))
def test_items_are_trimmed_and_otherwise_themselves(items: list[tuple[str, str, str]]) -> None:
    assert split(",".join(map("".join, items))) == [item for _, item, _ in items]


@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_nothing_is_no_item(value: str) -> None:
    assert split(value) == []


@pytest.mark.parametrize("value", [",", ",,", "a,", ",a", "a,,b", "a, ,b"])
def test_a_blank_item_is_a_slip(value: str) -> None:
    with pytest.raises(
        Unreadable, match=r"^has a blank item \(two commas in a row, or one at an end\)$"
    ):
        split(value)


# -- Pairs ---------------------------------------------------------------------------------------


@quick
@given(st.dictionaries(ITEM, ITEM, max_size=4))
def test_pairs_are_themselves(pairs: dict[str, str]) -> None:
    assert parse_pairs(",".join(f"{key}={text}" for key, text in pairs.items())) == pairs


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ("", {}),
        (" a = 1 , b = 2 ", {"a": "1", "b": "2"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=", {"a": ""}),
    ],
)
def test_pairs_are_trimmed_and_split_at_the_first_equals_sign(
    value: str, pairs: dict[str, str]
) -> None:
    assert parse_pairs(value) == pairs


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a", "has an item that is not key=value"),
        ("a=1,b", "has an item that is not key=value"),
        ("a=1,a=2", "has a key twice"),
        ("a=1, a =1", "has a key twice"),
        ("a=1,", "has a blank item (two commas in a row, or one at an end)"),
    ],
)
def test_pairs_that_are_none(value: str, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse_pairs(value)
    assert str(caught.value) == reason


# -- What to say ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cast", "reason"),
    [
        (int, "is not a whole number"),
        (float, "is not a number"),
        (json.loads, "is not valid JSON"),
        (Fraction, "cannot be read as Fraction"),
        (math.sqrt, "cannot be read as sqrt"),
        (partial(int, base=16), "cannot be read as partial"),
        ([int], "cannot be read as list"),
        ({"value": int}, "cannot be read as dict"),
    ],
)
def test_a_failure_says_what_the_value_is_not(cast: Any, reason: str) -> None:
    assert describe_failure(cast) == reason
