"""Findings as Django's ``check`` command prints them, and what was accepted after them."""

from __future__ import annotations

from collections.abc import Sequence

from django.core import checks
from django.core.management.color import Style

from django_hardened.gate import Verdict
from django_hardened.reports.rows import edge_line

HEADER = "System check identified some issues:\n"

_GROUPS = (
    ("CRITICALS", checks.CRITICAL, None),
    ("ERRORS", checks.ERROR, checks.CRITICAL),
    ("WARNINGS", checks.WARNING, checks.ERROR),
    ("INFOS", checks.INFO, checks.WARNING),
    ("DEBUGS", None, checks.INFO),
)


def render(
    verdicts: Sequence[Verdict], style: Style, *, header: str = HEADER, count: bool = True
) -> str:
    """Return ``header``, the findings by severity and, with ``count``, how many there are.

    Byte for byte what Django prints, but for the waivers and what a proxy is declared to do.
    """
    visible = [verdict.message for verdict in verdicts if verdict.is_open]
    text = header if visible else ""
    for title, lowest, above in _GROUPS:
        group = [
            _paint(message, style)
            for message in visible
            if (lowest is None or message.level >= lowest)
            and (above is None or message.level < above)
        ]
        if group:
            text += f"\n{title}:\n" + "\n".join(sorted(group)) + "\n"
    if not count:
        return text
    return f"{text}\n{_summary(verdicts)}" if visible else _summary(verdicts)


def _summary(verdicts: Sequence[Verdict]) -> str:
    visible = sum(verdict.is_open for verdict in verdicts)
    silenced = sum(verdict.is_silenced for verdict in verdicts)
    accepted = [str(verdict.waiver) for verdict in verdicts if verdict.waiver]
    issues = {0: "no issues", 1: "1 issue"}.get(visible, f"{visible} issues")
    waived = f", {len(accepted)} waived" if accepted else ""
    lines = [f"System check identified {issues} ({silenced} silenced{waived})."]
    lines += [f"Waived: {waiver}" for waiver in sorted(set(accepted))]
    return "\n".join(filter(None, [*lines, edge_line()]))


def _paint(message: checks.CheckMessage, style: Style) -> str:
    paint = style.ERROR if message.is_serious() else style.WARNING
    return str(paint(str(message)))
