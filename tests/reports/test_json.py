from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from findings_support import Source
from reports_support import SETTINGS, VERDICTS

from django_hardened.reports import json as report
from django_hardened.reports.rows import Row

PROMISED = {"id", "level", "message", "hint", "setting", "file", "line", "waiver"}
PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "reference" / "report-formats.md"
LEVELS = ["critical", "error", "warning", "info", "debug"]


def test_nothing() -> None:
    assert json.loads(report.render([])) == {"version": 1, "edge": [], "findings": []}


def test_the_edge_is_told(settings: Any) -> None:
    settings.HARDENED_EDGE = ("ssl_redirect", "hsts")
    assert json.loads(report.render([]))["edge"] == ["hsts", "ssl_redirect"]


def test_the_fields_of_version_1() -> None:
    found = json.loads(report.render(VERDICTS))
    assert set(found) == {"version", "edge", "findings"}
    assert len(found["findings"]) == len(VERDICTS)
    for finding in found["findings"]:
        assert set(finding) == PROMISED | {"subject", "docs", "asvs", "cwe"}
        assert finding["level"] in LEVELS


def test_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = Source(tmp_path, monkeypatch)
    with source.in_effect(SETTINGS):
        [finding] = json.loads(report.render(VERDICTS[-1:]))["findings"]
    assert {key: finding[key] for key in PROMISED} == {
        "id": "django_hardened.W700",
        "level": "warning",
        "message": "ALLOWED_HOSTS has 'www.example.com'.",
        "hint": "Repair it.",
        "setting": "ALLOWED_HOSTS",
        "file": f"{source.package}/production.py",
        "line": 3,
        "waiver": {
            "reason": "a reason: 100 %, honestly",
            "owner": "ops@example.com",
            "expires": "2027-03-31",
        },
    }


def test_any_stream_can_take_it() -> None:
    report.render(VERDICTS).encode("ascii")


def test_the_page_about_it_is_right() -> None:
    page = PAGE.read_text(encoding="utf-8")
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    shown = json.loads(example)
    assert list(shown) == ["version", "edge", "findings"]
    for finding in shown["findings"]:
        assert tuple(finding) == Row._fields
    table = page[page.index("| Field |") : page.index("`file` and `line` are null")]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == Row._fields
    assert all(f"`{level}`" in table for level in LEVELS)
