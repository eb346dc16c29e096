"""Endpoints as JSON, as CSV, and what is wrong with them as SARIF 2.1.0."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django_hardened.audit.endpoints import Endpoint
from django_hardened.exposure import Finding
from django_hardened.reports import sarif
from django_hardened.reports.endpoints.rows import VERSION, Changes, finding_row, row
from django_hardened.reports.rows import HOME

_HELP = f"{HOME}/blob/main/docs/how-to/audit-endpoints.md"
_RULES = {
    "open-write": ("error", "Anybody may write with an endpoint that nobody has declared public."),
    "open": ("error", "Anybody may call an endpoint that nobody has declared public."),
    "differs": ("error", "An endpoint answered otherwise than its view lets expect."),
    "unknown": ("error", "Who may call an endpoint cannot be known."),
    "unlimited-login": ("error", "Passwords can be tried without end."),
    "stale": ("warning", "What is declared public is closed, or is not there."),
    "declaration": ("error", "A declaration of public endpoints says too little."),
}
# What a spreadsheet takes for a formula, and would run.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_json(
    endpoints: Iterable[Endpoint], findings: Sequence[Finding], changes: Changes | None = None
) -> str:
    """Return ``{"version": 1, "endpoints": [...], "findings": [...]}``."""
    report: dict[str, Any] = {
        "version": VERSION,
        "endpoints": [row(each) for each in endpoints],
        "findings": [finding_row(each) for each in findings],
    }
    if changes is not None:
        names = ("method", "path", "before", "after")
        report["changes"] = {
            kind: [dict(zip(names, each, strict=True)) for each in listed]
            for kind, listed in asdict(changes).items()
        }
    return json.dumps(report, indent=2)


def render_csv(endpoints: Iterable[Endpoint]) -> str:
    """Return a line for each endpoint below a line of names; lists are joined by ``;``."""
    rows = [_flat(row(each)) for each in endpoints]
    text = io.StringIO()
    names = list(rows[0]) if rows else []
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(fields: dict[str, Any]) -> dict[str, str]:
    probed = fields.pop("probed") or {}
    fields |= {"probed": probed.get("access"), "agrees": probed.get("agrees")}
    return {name: _cell(value) for name, value in fields.items()}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = "; ".join(value) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def render_sarif(findings: Iterable[Finding]) -> str:
    """Return a log with one run, each finding at the line of its view."""
    found = list(findings)
    kinds = sorted({each.kind for each in found})
    rules = [
        {
            "id": f"audit_endpoints.{kind}",
            "shortDescription": {"text": _RULES[kind][1]},
            "helpUri": _HELP,
            "defaultConfiguration": {"level": _RULES[kind][0]},
            "properties": {"tags": ["security", "external/cwe/cwe-862"]},
        }
        for kind in kinds
    ]
    return sarif.log(rules, [_result(each, kinds.index(each.kind)) for each in found])


def _result(finding: Finding, index: int) -> dict[str, Any]:
    endpoint, declaration = finding.endpoint, finding.declaration
    subject = str(declaration or finding.message)
    if endpoint:
        subject = f"{endpoint.method} {endpoint.path}"
    return {
        "ruleId": f"audit_endpoints.{finding.kind}",
        "ruleIndex": index,
        "level": _RULES[finding.kind][0],
        "message": {"text": f"{finding.message}\n{finding.hint}"},
        "locations": sarif.locations(endpoint.file, endpoint.line) if endpoint else [],
        "partialFingerprints": {"finding/v1": f"{finding.kind}/{subject}"},
    }
