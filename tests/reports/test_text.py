"""The report is Django's own, byte for byte: its ``check`` command is the reference."""

from __future__ import annotations

from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core import checks
from django.core.checks import CheckMessage
from django.core.management.base import BaseCommand, SystemCheckError
from django.core.management.color import color_style, no_style
from django.core.management.commands import check as django_check
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_hardened import gate
from django_hardened.gate import Verdict
from django_hardened.management.commands import check
from django_hardened.reports import text
from django_hardened.waivers import Waiver

FIVE = [
    checks.Debug("fact d", id="x.D1"),
    checks.Info("fact i", hint="hint i", id="x.I1"),
    checks.Warning("fact w", hint="hint w", id="x.W2"),
    checks.Warning("fact of another w", id="x.W1"),
    checks.Error("fact e", hint="hint e", id="x.E1", obj="an object"),
    checks.Critical("fact c", id="x.C1"),
]
NOTHING = "System check identified no issues (0 silenced)."

Outcome = tuple[str, str, str | None]


def _verdicts(messages: list[CheckMessage]) -> list[Verdict]:
    return [Verdict(message) for message in messages]


def _outcome(
    command: type[BaseCommand], messages: list[CheckMessage], *, color: bool, fail_level: int
) -> Outcome:
    """Return what ``check`` writes to both streams, and the text of the error that it raises."""
    stdout, stderr = StringIO(), StringIO()
    instance = command(stdout=stdout, stderr=stderr, force_color=color, no_color=not color)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "run_checks", lambda **options: list(messages))
        patch.setattr(gate, "run_checks", lambda **options: list(messages))
        try:
            instance.check(display_num_errors=True, fail_level=fail_level)
        except SystemCheckError as error:
            return stdout.getvalue(), stderr.getvalue(), str(error)
    return stdout.getvalue(), stderr.getvalue(), None


def _assert_same(messages: list[CheckMessage], *, color: bool, fail_level: int) -> Outcome:
    options: Any = {"color": color, "fail_level": fail_level}
    ours = _outcome(check.Command, messages, **options)
    assert ours == _outcome(django_check.Command, messages, **options)
    return ours


LEVELS = {name: getattr(checks, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}


@pytest.mark.parametrize("color", [False, True], ids=["plain", "coloured"])
@pytest.mark.parametrize("fail_level", LEVELS.values(), ids=LEVELS)
@pytest.mark.parametrize(
    "silenced", [[], ["x.E1"], ["x.C1", "x.E1", "x.W1"], [str(m.id) for m in FIVE]]
)
def test_five_levels(settings: Any, silenced: list[str], fail_level: int, color: bool) -> None:
    settings.SILENCED_SYSTEM_CHECKS = silenced
    stdout, stderr, error = _assert_same(FIVE, color=color, fail_level=fail_level)
    assert f"({len(silenced)} silenced)." in stdout + stderr + (error or "")


@pytest.mark.parametrize("color", [False, True], ids=["plain", "coloured"])
@pytest.mark.parametrize("message", FIVE, ids=lambda message: str(message.id))
@pytest.mark.parametrize("fail_level", LEVELS.values(), ids=LEVELS)
def test_one_message(message: CheckMessage, fail_level: int, color: bool) -> None:
    outcome = _assert_same([message], color=color, fail_level=fail_level)
    assert "System check identified 1 issue (0 silenced)." in "".join(filter(None, outcome))


@pytest.mark.parametrize("color", [False, True], ids=["plain", "coloured"])
def test_no_message(color: bool) -> None:
    outcome = _assert_same([], color=color, fail_level=checks.ERROR)
    assert outcome == (f"{NOTHING}\n", "", None)


_TEXT = st.text(max_size=10)
_MESSAGE = st.builds(
    CheckMessage,
    level=st.integers(-1, 60),
    msg=_TEXT,
    hint=st.none() | _TEXT,
    obj=st.none() | st.sampled_from(["an object", 5]),
    id=st.none() | st.sampled_from(["a.E1", "b.W1", "c.I1"]),
)


@hypothesis_settings(max_examples=300)
@given(
    messages=st.lists(_MESSAGE, max_size=8),
    silenced=st.sets(st.sampled_from(["a.E1", "b.W1", "c.I1"])),
    fail_level=st.sampled_from(sorted(LEVELS.values())),
    color=st.booleans(),
)
def test_any_messages(
    messages: list[CheckMessage], silenced: set[str], fail_level: int, color: bool
) -> None:
    with override_settings(SILENCED_SYSTEM_CHECKS=list(silenced)):
        assert _assert_same(messages, color=color, fail_level=fail_level)


# -- The function itself -------------------------------------------------------------------------


def test_render_groups_by_severity_and_sorts_within() -> None:
    assert text.render(_verdicts(FIVE), no_style()) == (
        "System check identified some issues:\n"
        "\nCRITICALS:\n?: (x.C1) fact c\n"
        "\nERRORS:\nan object: (x.E1) fact e\n\tHINT: hint e\n"
        "\nWARNINGS:\n?: (x.W1) fact of another w\n?: (x.W2) fact w\n\tHINT: hint w\n"
        "\nINFOS:\n?: (x.I1) fact i\n\tHINT: hint i\n"
        "\nDEBUGS:\n?: (x.D1) fact d\n"
        "\nSystem check identified 6 issues (0 silenced)."
    )


def test_render_nothing() -> None:
    assert text.render([], no_style()) == NOTHING


def test_render_only_silenced(settings: Any) -> None:
    settings.SILENCED_SYSTEM_CHECKS = ["x.E1"]
    found: list[CheckMessage] = [checks.Error("fact", id="x.E1")]
    assert (
        text.render(_verdicts(found), no_style())
        == "System check identified no issues (1 silenced)."
    )


def test_render_with_colours() -> None:
    style = color_style(force_color=True)
    found = [checks.Error("fact e", id="x.E1"), checks.Warning("fact w", id="x.W1")]
    report = text.render(_verdicts(found), style)
    assert style.ERROR("?: (x.E1) fact e") in report
    assert style.WARNING("?: (x.W1) fact w") in report
    assert "\x1b" in report


@pytest.mark.parametrize("count", [True, False])
def test_render_without_a_count(count: bool) -> None:
    report = text.render(_verdicts(FIVE), no_style(), count=count)
    assert ("identified 6 issues" in report) is count
    assert text.render([], no_style(), count=count) == (NOTHING if count else "")


def test_render_with_another_header() -> None:
    report = text.render(_verdicts(FIVE), no_style(), header="Something else:\n")
    assert report.startswith("Something else:\n\nCRITICALS:\n")


# -- What Django does not have -------------------------------------------------------------------

WAIVER = Waiver("x.E1", "a reason", "ops@example.com", date(2027, 3, 31), object="an object")


def test_security_is_never_silenced(settings: Any) -> None:
    found: list[CheckMessage] = [checks.Error("fact", id="security.E1")]
    before = text.render(_verdicts(found), no_style())
    settings.SILENCED_SYSTEM_CHECKS = ["security.E1"]
    assert text.render(_verdicts(found), no_style()) == before


def test_what_is_waived_is_told_with_its_waiver() -> None:
    verdicts = [Verdict(FIVE[4], WAIVER), Verdict(FIVE[4], WAIVER), Verdict(FIVE[1])]
    assert text.render(verdicts, no_style()) == (
        "System check identified some issues:\n"
        "\nINFOS:\n?: (x.I1) fact i\n\tHINT: hint i\n"
        "\nSystem check identified 1 issue (0 silenced, 2 waived).\n"
        "Waived: x.E1 (an object) until 2027-03-31, ops@example.com: a reason"
    )


def test_only_waived() -> None:
    assert text.render([Verdict(FIVE[4], WAIVER)], no_style()) == (
        "System check identified no issues (0 silenced, 1 waived).\n"
        "Waived: x.E1 (an object) until 2027-03-31, ops@example.com: a reason"
    )


@pytest.mark.parametrize("edge", [{"hsts", "ssl_redirect"}, ["ssl_redirect", "hsts"]])
def test_what_a_proxy_does_is_told(settings: Any, edge: Any) -> None:
    settings.HARDENED_EDGE = edge
    sentence = "Declared to be done by a proxy in front: hsts, ssl_redirect."
    assert text.render([], no_style()) == f"{NOTHING}\n{sentence}"
    assert text.render(_verdicts(FIVE), no_style()).endswith(f"(0 silenced).\n{sentence}")
