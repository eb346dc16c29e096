from __future__ import annotations

import base64

import pytest

from django_hardened.ratelimit.proven import ProvenHeaders, is_basic, is_basic_of


def test_the_least_recently_used_go_first() -> None:
    proven = ProvenHeaders(size=3)
    for header in "abc":
        proven.add(header)
    assert "a" in proven
    proven.add("d")
    assert [header in proven for header in "abcd"] == [True, False, True, True]
    proven.discard("a")
    proven.discard("never there")
    assert "a" not in proven


def test_memory_is_constant_and_holds_no_header() -> None:
    proven = ProvenHeaders(size=100)
    for number in range(1_000):
        proven.add(f"Token {number}")
    assert len(proven._known) == 100
    assert {len(digest) for digest in proven._known} == {16}


def test_each_process_has_a_secret() -> None:
    one, other = ProvenHeaders(), ProvenHeaders()
    one.add("x")
    other.add("x")
    assert one._known.keys() != other._known.keys()


def test_odd_headers() -> None:
    proven = ProvenHeaders()
    for odd in ("\ud800", "\0", "x" * 10**6, ""):
        proven.add(odd)
        assert odd in proven


def encoded(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(text.encode(charset)).decode()


@pytest.mark.parametrize(
    ("header", "name", "password", "found"),
    [
        (f"Basic {encoded('ada:x')}", "ada", "x", True),
        (f"basic   {encoded('ada:x')} ", "ada", "x", True),
        (f"Basic {encoded('ada:x:y')}", "ada", "x:y", True),
        ("Basic " + encoded("ad\u00e4:x"), "ad\u00e4", "x", True),
        ("Basic " + encoded("ad\u00e4:x", "latin-1"), "ad\u00e4", "x", True),
        (f"Basic {encoded('ada:x')}", "ada", "y", False),
        (f"Basic {encoded('ada:?')}", "ada", "\u65e5", False),
        (f"Basic {encoded('None:x')}", None, "x", False),
        (f"Bearer {encoded('ada:x')}", "ada", "x", False),
        ("Basic", "ada", "x", False),
        ("Basic \u00e4", "ada", "x", False),
        ("Basic =", "ada", "x", False),
        (f"Basic {encoded('ada:x')}", "\ud800", "x", False),
        ("", "ada", "x", False),
    ],
)
def test_the_header_of_a_login(header: str, name: object, password: str, found: bool) -> None:
    assert is_basic_of(header, name, password) is found


def test_basic() -> None:
    assert is_basic("BASIC x")
    assert not is_basic("Basically x")
    assert not is_basic("")
