"""Endpoints as a table that fits a terminal, and what is wrong with them in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.management.color import Style

from django_hardened.audit.endpoints import Access, Endpoint, Probed
from django_hardened.exposure import Finding
from django_hardened.reports.endpoints.rows import Changes

_HEADER = ("METHOD", "PATH", "WHO", "LIMIT", "VIEW")
_GAP = 2
# Of the width that is left by the methods; the view has what the others do not take.
_SHARES = {"PATH": 0.5, "WHO": 0.2, "LIMIT": 0.15}


def render(endpoints: Sequence[Endpoint], style: Style, width: int) -> str:
    """Return a line for each endpoint, none longer than ``width``, and how many there are."""
    cells = [_cells(each) for each in endpoints]
    widths = _widths([_HEADER, *cells], width)
    lines = [style.MIGRATE_HEADING(_line(_HEADER, widths))]
    lines += [
        _paint(_line(row, widths), endpoint, style)
        for row, endpoint in zip(cells, endpoints, strict=True)
    ]
    return "\n".join([*lines, "", summary(endpoints)])


def _cells(endpoint: Endpoint) -> tuple[str, ...]:
    return (
        endpoint.method,
        endpoint.path,
        who(endpoint),
        ", ".join(each.rpartition(": ")[2] for each in endpoint.throttles) or "-",
        endpoint.view,
    )


def who(endpoint: Endpoint) -> str:
    """Return who may call an endpoint, in a word or a permission."""
    access = endpoint.proven
    named = [each for each in endpoint.permissions if "." in each]
    told = named[0] if access is Access.PERMISSION and len(named) == 1 else access.value
    if access is Access.ANONYMOUS:
        told = "anybody"
    return told + _mark(endpoint.probed)


def _mark(probed: Probed | None) -> str:
    if probed is None:
        return ""
    if not probed.agrees:
        return " !"
    return " ?" if probed.access is Access.UNKNOWN else " ="


def _widths(rows: Iterable[Sequence[str]], width: int) -> list[int]:
    longest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = width - longest[0] - _GAP * (len(longest) - 1)
    widths = [longest[0]]
    widths += [
        min(wanted, int(left * _SHARES[name]))
        for name, wanted in zip(_HEADER[1:-1], longest[1:-1], strict=True)
    ]
    return [*widths, min(longest[-1], left - sum(widths[1:]))]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    last = len(row) - 1
    # Of a view its end says most, of all else the beginning.
    parts = [
        _cut(text, width, at_start=number == last).ljust(width)
        for number, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return (" " * _GAP).join(parts).rstrip()


def _cut(text: str, width: int, *, at_start: bool) -> str:
    if len(text) <= width:
        return text
    return "…" + text[len(text) - width + 1 :] if at_start else text[: width - 1] + "…"


def _paint(line: str, endpoint: Endpoint, style: Style) -> str:
    if endpoint.proven.is_closed:
        return line
    is_bad = endpoint.is_write or endpoint.proven is Access.UNKNOWN
    return str(style.ERROR(line) if is_bad else style.WARNING(line))


def summary(endpoints: Sequence[Endpoint]) -> str:
    """Return how many endpoints there are, and for how many of them anybody will do."""
    paths = len({each.path for each in endpoints})
    counts = {access: sum(each.proven is access for each in endpoints) for access in Access}
    writes = sum(each.proven is Access.ANONYMOUS and each.is_write for each in endpoints)
    parts = [
        f"{counts[Access.ANONYMOUS]} open to anybody ({writes} of them write)",
        f"{counts[Access.AUTHENTICATED]} to users",
        f"{counts[Access.STAFF]} to staff",
        f"{counts[Access.PERMISSION]} by permission",
        f"{counts[Access.UNKNOWN]} unknown",
    ]
    return f"{len(endpoints)} endpoints on {paths} paths: {', '.join(parts)}."


def render_findings(findings: Sequence[Finding], style: Style) -> str:
    """Return each finding with what to do, and how many there are."""
    lines = []
    for each in findings:
        place = f"{each.endpoint.file}:{each.endpoint.line}: " if _has_place(each) else ""  # type: ignore[union-attr]
        lines += [style.ERROR(f"{place}{each.message}"), f"    {each.hint}"]
    return "\n".join(lines)


def _has_place(finding: Finding) -> bool:
    return finding.endpoint is not None and finding.endpoint.file is not None


def render_changes(changes: Changes, style: Style) -> str:
    """Return what a change opens, adds, closes and removes, a line for each."""
    lines: list[str] = []
    for title, listed in (
        ("Opened", changes.opened),
        ("New", changes.added),
        ("Closed", changes.closed),
        ("Gone", changes.removed),
    ):
        if listed:
            lines.append(style.MIGRATE_HEADING(f"{title}:"))
        for method, path, before, after in listed:
            told = " -> ".join(filter(None, (before, after)))
            is_open = after in {Access.ANONYMOUS.value, Access.UNKNOWN.value}
            line = f"  {method} {path}: {told}"
            lines.append(style.ERROR(line) if is_open else line)
    return "\n".join(lines) or "Nothing is opened or closed."
