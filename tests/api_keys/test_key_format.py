"""The form of a key: what is made can be read, and nothing else."""

from __future__ import annotations

import re
import string
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.api_keys.key_format import (
    MAX_LENGTH,
    PATTERN,
    Key,
    checksum,
    generate,
    is_prefix,
    parse,
)

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
PREFIXES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}(_[A-Za-z0-9]{1,4}){0,2}", fullmatch=True)
# One of those that generate() makes; not another one in each run, since tests are named after it.
KEY = "dhk_o7ujyqbg5yqfev4m_csuLBq4ZF1DM7TdzBAM6Pfjf9xN0JEL4Z5FovCNPcks3ZVsWY"


@given(PREFIXES)
def test_what_is_made_can_be_read(prefix: str) -> None:
    key = generate(prefix)
    assert parse(key.text) == key
    assert key.text.startswith(f"{prefix}_{key.identifier}_")
    assert len(key.text) <= MAX_LENGTH
    assert re.fullmatch(prefix + PATTERN, key.text)


def test_the_form() -> None:
    assert re.fullmatch(r"dhk_[0-9a-z]{16}_[0-9A-Za-z]{49}", KEY)
    assert len(KEY) == 70


def test_no_two_are_the_same() -> None:
    keys = [generate("dhk") for _ in range(1000)]
    assert len({key.identifier for key in keys}) == len({key.text[21:64] for key in keys}) == 1000


def test_a_secret_has_every_character_of_base_62() -> None:
    assert {*"".join(generate("dhk").text[21:64] for _ in range(200))} == {*BASE62}


@given(st.text(st.characters(max_codepoint=127)))
def test_the_checksum_is_the_crc_in_base_62(body: str) -> None:
    number = 0
    for digit in checksum(body):
        number = number * 62 + BASE62.index(digit)
    assert len(checksum(body)) == 6
    assert number == crc32(body.encode())


def test_a_checksum_has_leading_zeros() -> None:
    assert checksum("") == "000000"


@given(st.integers(0, len(KEY) - 1), st.sampled_from(BASE62 + "_-é \n\x00"))
def test_no_character_of_a_key_can_be_another_one(position: int, character: str) -> None:
    changed = KEY[:position] + character + KEY[position + 1 :]
    assert (parse(changed) is not None) == (changed == KEY)


@given(st.integers(0, len(KEY) - 2))
def test_no_two_characters_can_change_places(position: int) -> None:
    swapped = KEY[:position] + KEY[position + 1] + KEY[position] + KEY[position + 2 :]
    assert (parse(swapped) is not None) == (swapped == KEY)


@given(st.text() | st.text(BASE62 + "_"))
def test_what_nobody_has_made_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        *(KEY[:-1], KEY[1:], KEY + "0", f" {KEY}", f"{KEY}\n", f"_{KEY}", KEY.upper(), KEY * 2),
        KEY.replace("dhk_", "_"),
        KEY.replace("dhk_", ""),
        KEY.replace("dhk", "d" * 21),
        KEY.replace("_", "-"),
        "dhk_" + "0" * 60 + checksum("dhk_" + "0" * 60),
        "dhk_é" + "0" * 59 + "000000",
    ],
)
def test_other_forms_are_none(text: str) -> None:
    assert parse(text) is None


def test_a_length_that_is_right_in_another_place_is_none() -> None:
    body = f"dhk_{'0' * 17}_{'0' * 42}"
    assert parse(body + checksum(body)) is None
    body = f"dhk_x_{'0' * 16}_{'0' * 43}"
    assert parse(body + checksum(body)) == Key("0" * 16, body + checksum(body))


def test_the_key_is_not_in_its_repr() -> None:
    key = generate("dhk")
    assert repr(key) == str(key) == f"Key(identifier={key.identifier!r})"


@pytest.mark.parametrize("prefix", ["dhk", "d", "acme_live", "Acme2", "a_1", "a" * 20])
def test_prefixes(prefix: str) -> None:
    assert is_prefix(prefix)


@pytest.mark.parametrize(
    "prefix", ["", "_", "a_", "_a", "a__b", "1a", "é", "a b", "a-b", "a" * 21, "a\n"]
)
def test_no_prefixes(prefix: str) -> None:
    assert not is_prefix(prefix)
