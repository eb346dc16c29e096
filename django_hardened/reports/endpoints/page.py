"""The report as one page: nothing is loaded, and a strict policy lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine, Template
from django.utils.safestring import mark_safe

from django_hardened.audit.endpoints import Access, Endpoint
from django_hardened.declarations import Declarations
from django_hardened.exposure import Finding, is_public_by_nature
from django_hardened.gate import Verdict
from django_hardened.reports.endpoints.rows import Changes, finding_row, row
from django_hardened.reports.endpoints.table import summary
from django_hardened.reports.rows import edge_names, rows

_HERE = Path(__file__).parent
# The most exposed first: key, short title, heading.
_GROUPS = (
    ("open-write", "open, and write", "Anybody may write"),
    ("open-read", "open", "Anybody may read"),
    ("unknown", "unknown", "Who may call cannot be known"),
    ("authenticated", "for users", "Whoever is logged in"),
    ("staff", "for staff", "Staff"),
    ("permission", "by permission", "By permission, group or key"),
)
_CHANGES = {"opened": "opened", "added": "new", "closed": "closed", "removed": "gone"}


def render(
    endpoints: Sequence[Endpoint],
    findings: Iterable[Finding],
    *,
    declarations: Declarations = Declarations(),  # noqa: B008  # it is frozen
    verdicts: Iterable[Verdict] = (),
    changes: Changes | None = None,
    before: str = "",
) -> str:
    """Return the page.

    Args:
        endpoints: what the audit has found.
        findings: what is wrong with them.
        declarations: what is declared public.
        verdicts: what the deploy checks have found, with the waivers.
        changes: what differs from an earlier report.
        before: the name of that report.
    """
    style, script = _text("report.css"), _text("report.js")
    context = {
        "title": "Who may call what",
        "policy": f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'",
        # They are of this package, and hashed: escaped they would be others.
        "style": mark_safe(style),  # noqa: S308
        "script": mark_safe(script),  # noqa: S308
        "summary": summary(endpoints),
        "groups": _groups(endpoints, declarations),
        "total": len(endpoints),
        "findings": [finding_row(each) for each in findings],
        "changes": None if changes is None else _changed(changes),
        "before": before,
        "checks": [each._asdict() for each in rows(verdicts)],
        "edge": edge_names(),
        "declarations": declarations.entries,
        "footer": "Made by audit_endpoints of django-hardened.",
    }
    return _template().render(Context(context))


@cache
def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    # An engine of its own: the report looks the same in every project.
    return Engine(autoescape=True).from_string(_text("report.html"))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _groups(endpoints: Iterable[Endpoint], declarations: Declarations) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {key: [] for key, *_ in _GROUPS}
    for each in endpoints:
        found[_group_of(each)].append(_shown(each, declarations))
    return [
        {"key": key, "title": title, "heading": heading, "rows": found[key]}
        for key, title, heading in _GROUPS
    ]


def _group_of(endpoint: Endpoint) -> str:
    if endpoint.proven is Access.ANONYMOUS:
        return "open-write" if endpoint.is_write else "open-read"
    return endpoint.proven.value


def _shown(endpoint: Endpoint, declarations: Declarations) -> dict[str, Any]:
    called = ""
    if endpoint.probed:
        answers = ", ".join(f"{role} {code}" for role, code in endpoint.probed.answers.items())
        is_told = endpoint.probed.access is not Access.UNKNOWN
        agrees = ("agrees" if is_told else "tells nothing") if endpoint.probed.agrees else "differs"
        called = f"{agrees}: {answers}" if answers else endpoint.probed.note
    why = _why(endpoint, declarations)
    return {**row(endpoint), "is_write": endpoint.is_write, "called": called, "why": why}


def _why(endpoint: Endpoint, declarations: Declarations) -> str:
    if endpoint.proven.is_closed:
        return endpoint.note
    declared = declarations.covering(endpoint.path, endpoint.method)
    reason = endpoint.public_reason or (declared.reason if declared else "")
    if reason:
        return f"Declared: {reason}"
    return "Of Django, and for strangers." if is_public_by_nature(endpoint) else endpoint.note


def _changed(changes: Changes) -> list[dict[str, str]]:
    names = ("method", "path", "before", "after")
    listed = asdict(changes)
    return [
        {"kind": told, **dict(zip(names, each, strict=True))}
        for kind, told in _CHANGES.items()
        for each in listed[kind]
    ]
