"""Findings as Django's ``check`` command prints them."""

from __future__ import annotations

from collections.abc import Sequence

from django.core import checks
from django.core.management.color import Style

_GROUPS = (
    ("CRITICALS", checks.CRITICAL, None),
    ("ERRORS", checks.ERROR, checks.CRITICAL),
    ("WARNINGS", checks.WARNING, checks.ERROR),
    ("INFOS", checks.INFO, checks.WARNING),
    ("DEBUGS", None, checks.INFO),
)


HEADER = "System check identified some issues:\n"


def render(
    messages: Sequence[checks.CheckMessage],
    style: Style,
    *,
    header: str = HEADER,
    count: bool = True,
) -> str:
    """Return ``header``, the findings by severity and, with ``count``, how many there are."""
    visible = [message for message in messages if not message.is_silenced()]
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
    issues = {0: "no issues", 1: "1 issue"}.get(len(visible), f"{len(visible)} issues")
    silenced = len(messages) - len(visible)
    separator = "\n" if visible else ""
    return f"{text}{separator}System check identified {issues} ({silenced} silenced)."


def _paint(message: checks.CheckMessage, style: Style) -> str:
    paint = style.ERROR if message.is_serious() else style.WARNING
    return str(paint(str(message)))
