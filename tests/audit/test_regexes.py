"""A text that a regular expression matches, and what people read in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.audit import arguments, regexes

_atoms = st.sampled_from(
    ["a", r"\.", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", "[a-z]", "[^/.]", "[^a]", r"[\d-]"]
)
_repeats = st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "+?", "*?", "?"])
_piece = st.tuples(_atoms, _repeats).map("".join)
_alternatives = st.lists(_piece, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})")


@st.composite
def _patterns(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(st.one_of(_piece, _alternatives), min_size=1, max_size=4))
    groups = draw(st.lists(_piece, max_size=2))
    named = [f"(?P<n{number}>{piece})" for number, piece in enumerate(groups)]
    return "^" + "/".join([*pieces, *named]) + "$"


@given(_patterns(), st.lists(st.text(max_size=4), max_size=3))
def test_a_sample_is_matched(pattern: str, values: list[str]) -> None:
    regex = re.compile(pattern)
    assert regex.match(regexes.sample(regex, lambda name: values))


@given(_patterns())
def test_every_group_is_read_by_its_name(pattern: str) -> None:
    text = regexes.readable(pattern)
    assert all(f"<{name}>" in text for name in re.compile(pattern).groupindex)


@pytest.mark.parametrize(
    ("pattern", "read", "sampled"),
    [
        (r"^users/(?P<pk>[^/.]+)/$", "users/<pk>/", "users/1/"),
        (r"^users\.(?P<format>[a-z0-9]+)/?$", "users.<format>", "users.json"),
        (r"^(?P<a>x|y)-(?P=a)/\Z", "<a>-<a>/", "x-x/"),
        (r"^(\w+)/((?:[\w-]+/)*)$", "<var>/<var>", "1/"),
        (r"^(?>ab+)c(?i:D)(?!e)\b", "abcD", "abcD"),
        (r"^[\u4e00-\u9fff]$", "\u4e00", "\u4e00"),
        (r"^[^/]$", "a", "a"),
        ("", "", ""),
    ],
)
def test_patterns_are_read_as_people_write_paths(pattern: str, read: str, sampled: str) -> None:
    assert regexes.readable(pattern) == read
    regex = re.compile(pattern)
    found = regexes.sample(regex, arguments.candidates)
    assert regex.match(found)
    assert found == sampled or "(\\w+)" in pattern


def test_what_nothing_matches_is_still_written() -> None:
    assert regexes.sample(re.compile(r"^[^\w\W]$"), lambda name: []) == "a"


@pytest.mark.parametrize(
    ("framework", "first"),
    [
        ({"DEFAULT_VERSION": "v3", "ALLOWED_VERSIONS": ["v3", "v4"]}, ("v3", "v3", "v4")),
        ({}, ("v1", "1")),
        (None, ("v1", "1")),
    ],
)
def test_versions_are_those_of_the_api(framework: Any, first: tuple[str, ...]) -> None:
    with override_settings(REST_FRAMEWORK=framework):
        assert arguments.candidates("version")[: len(first)] == first


def test_languages_and_examples_of_converters_come_first() -> None:
    class Converter:
        examples = (7, "x")

    with override_settings(LANGUAGE_CODE="pt-br"):
        assert arguments.candidates("lang")[0] == "pt-br"
    assert arguments.candidates("pk", Converter())[:2] == ("7", "x")
