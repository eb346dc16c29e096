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


def render(messages: Sequence[checks.CheckMessage], style: Style) -> str:
    """Return the findings by severity and the line that counts them."""
    visible = [message for message in messages if not message.is_silenced()]
    lines = ["System check identified some issues:\n"] if visible else []
    for title, lowest, above in _GROUPS:
        group = [
            message
            for message in visible
            if (lowest is None or message.level >= lowest)
            and (above is None or message.level < above)
        ]
        if group:
            lines += [f"{title}:", *sorted(_paint(message, style) for message in group), ""]
    count = {0: "no issues", 1: "1 issue"}.get(len(visible), f"{len(visible)} issues")
    silenced = len(messages) - len(visible)
    lines.append(f"System check identified {count} ({silenced} silenced).")
    return "\n".join(lines)


def _paint(message: checks.CheckMessage, style: Style) -> str:
    paint = style.ERROR if message.is_serious() else style.WARNING
    return str(paint(str(message)))
