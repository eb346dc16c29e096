from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_hardened.csp_reports.tally import Kind, Tally

LINE = "2026-01-01 WARNING django_hardened.csp_reports: "


@pytest.fixture
def log(tmp_path: Path, caplog: Any) -> Path:
    tally = Tally()
    for kind in (
        Kind("img-src", "https://tiles.example.com", "maps/"),
        Kind("img-src", "https://tiles.example.com", "maps/"),
        Kind("script-src-elem", "inline", "blog/<slug>/"),
    ):
        tally.add(kind)
    tally.flush()
    path = tmp_path / "site.log"
    path.write_text("\n".join([*(LINE + r.getMessage() for r in caplog.records), "\xff other"]))
    return path


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command("csp_suggest", *arguments, stdout=out)
    return out.getvalue()


SUGGESTED = """\
# Add only what you know: anybody can send a report.
HARDENED_CSP = {
    **hardened["HARDENED_CSP"],
    "img-src": ["'self'", "data:", "https://tiles.example.com"],
}
#   2 x img-src https://tiles.example.com on 'maps/'

# Not to be allowed:
#   1 x script-src-elem inline on 'blog/<slug>/': write it into a file, or put the nonce on its \
tag; for an attribute such as onclick or style, use addEventListener or a class.
"""


def test_a_change_that_can_be_pasted(log: Path, settings: Any) -> None:
    assert _run(str(log)) == SUGGESTED
    settings.HARDENED_CSP_MODE = "report-only"
    assert _run(str(log)) == SUGGESTED


def test_from_standard_input(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(log.read_text()))
    assert _run() == SUGGESTED


def test_nothing_to_add(log: Path) -> None:
    out = _run("--at-least", "3", str(log))
    assert out == "# Nothing is to be added to the policy.\n"


def test_a_log_without_reports(tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_text("a line\n")
    with pytest.raises(CommandError, match="no line of the report receiver"):
        _run(str(tmp_path / "empty.log"))


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none.log cannot be read: No such file"):
        _run(str(tmp_path / "none.log"))


def test_without_a_policy_nothing_is_stopped(log: Path, settings: Any) -> None:
    settings.HARDENED_CSP = {}
    with pytest.raises(CommandError, match="No policy is sent"):
        _run(str(log))


@pytest.mark.parametrize("mode", ["enforce", "report-only"])
def test_it_changes_the_policy_that_is_one_s_own(log: Path, settings: Any, mode: str) -> None:
    other = {"img-src": ["'self'", "'unsafe-inline'"]}
    name = "SECURE_CSP" if mode == "report-only" else "SECURE_CSP_REPORT_ONLY"
    setattr(settings, name, other)
    settings.HARDENED_CSP_MODE = mode
    assert _run(str(log)) == SUGGESTED
