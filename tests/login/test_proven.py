"""Headers that were right before: bounded, and forgotten in the order of their last use."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from django_hardened.ratelimit.proven import ProvenHeaders, is_basic


def test_the_least_recently_used_goes_first() -> None:
    proven = ProvenHeaders(size=2)
    proven.add("a")
    proven.add("b")
    assert "a" in proven
    proven.add("c")
    assert [header in proven for header in "abc"] == [True, False, True]


def test_any_number_of_headers_takes_the_same_room() -> None:
    proven = ProvenHeaders(size=10)
    for number in range(1_000):
        proven.add(f"Token {number}" * 1_000)
    assert len(proven._known) == 10
    assert {len(digest) for digest in proven._known} == {16}


def test_what_is_discarded_is_forgotten() -> None:
    proven = ProvenHeaders()
    proven.add("\ud800")
    assert "\ud800" in proven
    proven.discard("\ud800")
    proven.discard("\ud800")
    assert "\ud800" not in proven


def basic(text: str, encoding: str = "utf-8") -> str:
    return "Basic " + b64encode(text.encode(encoding)).decode()


@pytest.mark.parametrize(
    ("header", "name", "password", "expected"),
    [
        (basic("ada:secret"), "ada", "secret", True),
        (basic("ada:secret").replace("Basic", "bAsIc"), "ada", "secret", True),
        (basic("ada:s:e:c"), "ada", "s:e:c", True),
        (basic("ad\u00e4:\u00fc"), "ad\u00e4", "\u00fc", True),
        (basic("ad\u00e4:\u00fc", "latin-1"), "ad\u00e4", "\u00fc", True),
        (basic("ada:secret"), "ada", "other", False),
        (basic("ada:secret"), "eve", "secret", False),
        ("Basic !", "ada", "secret", False),
        ("Basic", "ada", "secret", False),
        ("", "ada", "secret", False),
        ("Token " + basic("ada:secret")[6:], "ada", "secret", False),
        (basic("x:y"), "\ud800", "y", False),
        (basic("None:7"), None, 7, True),
    ],
)
def test_whether_a_password_is_that_of_the_header(
    header: str, name: Any, password: Any, expected: bool
) -> None:
    assert is_basic(header, name, password) is expected
