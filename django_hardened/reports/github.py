"""Findings as annotations of GitHub Actions, at the line where a setting gets its value.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable

from django_hardened.gate import Verdict
from django_hardened.reports.rows import Row, edge_line, place_of, rows

_COMMANDS = {"critical": "error", "error": "error", "warning": "warning"}


def render(verdicts: Iterable[Verdict]) -> str:
    """Return a workflow command for each finding, and one for what a proxy is declared to do."""
    commands = [_of_row(row) for row in rows(verdicts)]
    declared = edge_line()
    if declared:
        file, line = place_of("HARDENED_EDGE")
        commands.append(_command("notice", declared, file=file, line=line, title="HARDENED_EDGE"))
    return "\n".join(commands)


def _of_row(row: Row) -> str:
    """Return the command for a finding; one that is waived is a notice."""
    name, text = _COMMANDS.get(row.level, "notice"), row.text
    if row.waiver:
        reason, owner = row.waiver["reason"], row.waiver["owner"]
        name = "notice"
        text = f"{text}\nWaived until {row.waiver['expires']}, {owner}: {reason}"
    return _command(name, text, file=row.file, line=row.line, title=row.id)


def _command(name: str, text: str, **properties: str | int | None) -> str:
    given = [f"{key}={_property(str(value))}" for key, value in properties.items() if value]
    return f"::{name} {','.join(given)}".rstrip() + f"::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
