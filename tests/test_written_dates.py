from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest
from findings_support import Source
from hypothesis import given
from hypothesis import strategies as st

from django_hardened import assignments, gate, written_dates
from django_hardened.waivers import read_waivers

DAY = date(2027, 3, 31)
HEAD = """
from datetime import UTC, date, datetime, timedelta
import datetime as dt

"""
ENTRY = """
HARDENED_WAIVERS = [{{"id": "W700", "reason": "r", "owner": "o", "expires": {}}}]
"""

InEffect = Callable[..., AbstractContextManager[Path]]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    return Source(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "expires",
    [
        '"2027-03-31"',
        "date(2027, 3, 31)",
        "dt.date(2027, 3, 31)",
        "date(year=2027, month=3, day=31)",
        "date(2027, 3, day=31)",
        "datetime(2027, 3, 31, 23, 59, tzinfo=UTC)",
        'date.fromisoformat("2027-03-31")',
    ],
)
def test_a_day_that_is_spelled_out(source: Source, expires: str) -> None:
    with source.in_effect(HEAD + ENTRY.format(expires)):
        assert written_dates.written_dates("HARDENED_WAIVERS") == frozenset({DAY})


@pytest.mark.parametrize(
    "expires",
    [
        "date.today() + timedelta(30)",
        "(date.today() + timedelta(30)).isoformat()",
        "str(date.today())",
        "date(date.today().year, 12, 31)",
        "datetime.now(UTC)",
        "date(**{'year': 2027, 'month': 3, 'day': 31})",
        "date(*(2027, 3, 31))",
        '"2027-03-" + "31"',
    ],
)
def test_a_day_that_is_computed(source: Source, expires: str) -> None:
    with source.in_effect(HEAD + ENTRY.format(expires)):
        assert written_dates.written_dates("HARDENED_WAIVERS") == frozenset()


def test_a_sum_is_not_the_day_that_it_starts_from(source: Source) -> None:
    text = HEAD + ENTRY.format("date(2027, 3, 31) + timedelta(30)")
    with source.in_effect(text):
        found = read_waivers(written_dates.written_dates("HARDENED_WAIVERS"))
    assert found.entries == ()
    assert found.problems == (
        "HARDENED_WAIVERS, entry 1: its 'expires' is computed: write 2027-04-30",
    )


@pytest.mark.parametrize(
    ("base", "names", "rest"),
    [
        ("END = '2027-03-31'", "*", ENTRY.format("END")),
        ("END = '2027-03-31'", "END", ENTRY.format("END")),
        ("from datetime import date\nEND = date(2027, 3, 31)", "END", ENTRY.format("END")),
        (ENTRY.format("'2027-03-31'"), "*", ""),
        (ENTRY.format("'2027-03-31'"), "HARDENED_WAIVERS", ""),
        (ENTRY.format("'2027-03-31'"), "*", "HARDENED_WAIVERS = [*HARDENED_WAIVERS]"),
        ("HARDENED_WAIVERS = []", "*", "HARDENED_WAIVERS += [{'expires': '2027-03-31'}]"),
    ],
)
def test_days_of_what_is_imported(source: Source, base: str, names: str, rest: str) -> None:
    source.write("base", base)
    with source.in_effect(f"from .base import {names}\n{rest}"):
        assert written_dates.written_dates("HARDENED_WAIVERS") == frozenset({DAY})


def test_nothing_is_told_of_what_is_not_assigned(source: Source) -> None:
    with source.in_effect("END = '2027-03-31'", HARDENED_WAIVERS=[]):
        assert written_dates.written_dates("HARDENED_WAIVERS") is None


def test_a_source_that_is_gone_has_no_dates(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    with source.in_effect(ENTRY.format("'2027-03-31'")) as path:
        monkeypatch.setattr(assignments, "files", lambda: {path, path.with_name("gone.py")})
        assert written_dates.written_dates("HARDENED_WAIVERS") == frozenset({DAY})


@given(st.text(), st.lists(st.integers() | st.text() | st.none(), max_size=4))
def test_no_constant_is_too_odd(text: str, parts: list[object]) -> None:
    tree = ast.parse(f"date({', '.join(map(repr, parts))})\ndatetime({text!r})\n{text!r}")
    assert all(isinstance(found, date) for found in written_dates._dates(tree))


COMPUTED = HEAD + ENTRY.format("date.today() + timedelta(30)")


def test_a_waiver_that_never_ends_fails_the_deploy(source: Source) -> None:
    with source.in_effect(COMPUTED):
        verdicts = gate.judge([], include_deployment_checks=True)
        assert [verdict.message.id for verdict in verdicts] == ["django_hardened.E911"]
        assert "its 'expires' is computed: write " in verdicts[0].message.msg
        assert gate.judge([], include_deployment_checks=False) == []
