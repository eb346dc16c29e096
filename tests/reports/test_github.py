from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Error, Warning
from findings_support import Source
from hypothesis import given
from hypothesis import strategies as st
from reports_support import MESSAGES, SETTINGS, VERDICTS

from django_hardened.gate import Verdict
from django_hardened.reports import github
from django_hardened.waivers import Waiver


def test_nothing() -> None:
    assert github.render([]) == ""


def test_one_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = Source(tmp_path, monkeypatch)
    file = f"{source.package}/production.py"
    with source.in_effect(SETTINGS):
        report = github.render(VERDICTS)
    assert report.split("\n") == [
        "::error title=security.E024::fact c",
        f"::error file={file},line=2,title=django_hardened.E001::"
        "DEBUG is True: all is shown.%0ADEBUG = False",
        "::error title=x.E1::fact%0Aof two lines%0Ahint e",
        "::warning::no id",
        f"::warning file={file},line=3,title=django_hardened.W700::"
        "ALLOWED_HOSTS has '*'.%0ARepair it.",
        f"::notice file={file},line=3,title=django_hardened.W700::"
        "ALLOWED_HOSTS has 'www.example.com'.%0ARepair it.%0A"
        "Waived until 2027-03-31, ops@example.com: a reason: 100 %25, honestly",
        "::notice title=x.I1::fact i",
        "::notice title=x.D1::fact d",
        f"::notice file={file},line=6,title=HARDENED_EDGE::"
        "Declared to be done by a proxy in front: hsts, ssl_redirect.",
    ]


def test_only_the_edge(settings: Any) -> None:
    settings.HARDENED_EDGE = {"hsts"}
    assert github.render([]) == (
        "::notice title=HARDENED_EDGE::Declared to be done by a proxy in front: hsts."
    )


def test_a_waived_error_is_a_notice() -> None:
    waiver = Waiver("x.E1", "r", "o", date(2027, 3, 31))
    assert github.render([Verdict(Error("text", id="x.E1"), waiver)]).startswith("::notice ")


def test_the_escapes() -> None:
    found = [Verdict(Warning("50% :: a,b\r\nc", id="x:y,z%"))]
    assert github.render(found) == "::warning title=x%3Ay%2Cz%25::50%25 :: a,b%0D%0Ac"


@given(st.lists(st.builds(Warning, st.text(), hint=st.text(), id=st.none() | st.text())))
def test_no_text_breaks_out_of_its_line(found: list[Warning]) -> None:
    report = github.render([Verdict(message) for message in found])
    lines = report.split("\n") if report else []
    assert len(lines) == len(found)
    assert all(line.startswith("::warning") and "\r" not in line for line in lines)
    properties = [line.split("::")[1].removeprefix("warning").strip() for line in lines]
    assert all(given.count("=") >= (given != "") and "," not in given for given in properties)


def test_messages_are_not_changed() -> None:
    before = [str(message) for message in MESSAGES]
    github.render(VERDICTS)
    assert [str(message) for message in MESSAGES] == before
