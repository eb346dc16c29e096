"""Findings as SARIF 2.1.0, which code hosts show next to the code.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import quote

from django_hardened.assignments import settings_file
from django_hardened.conf import conf
from django_hardened.gate import Verdict
from django_hardened.reports.rows import HOME, RULES_BY_ID, Row, rows
from django_hardened.repository import relative

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"critical": "error", "error": "error", "warning": "warning"}


def render(verdicts: Iterable[Verdict]) -> str:
    """Return a log with one run. A waived finding is there, with its suppression."""
    found = rows(verdicts)
    first = {row.id: row for row in reversed(found)}
    index = {identifier: number for number, identifier in enumerate(sorted(first))}
    return log(
        [_rule(first[identifier]) for identifier in index],
        [_result(row, index[row.id]) for row in found],
    )


def log(rules: list[dict[str, Any]], results: list[dict[str, Any]]) -> str:
    """Return a log with one run of this package."""
    driver = {"name": "django-hardened", "informationUri": HOME, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "results": results,
        "properties": {"edge": sorted(conf.edge)},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(row: Row) -> dict[str, Any]:
    """Describe the rule of ``row``; of other apps' nothing is known but what they found."""
    known = RULES_BY_ID.get(row.id)
    text = {"text": _sentence(known.fact) if known else row.message}
    help_text = {"text": _sentence(known.hint) if known else row.hint or row.message}
    rule: dict[str, Any] = {
        "id": row.id,
        "shortDescription": text,
        "fullDescription": text,
        "help": help_text,
        "defaultConfiguration": {"level": _level(row)},
    }
    if row.docs:
        rule["helpUri"] = row.docs
        tags = ["security"]
        tags += [f"external/cwe/cwe-{row.cwe:03}"] if row.cwe else []
        tags += [f"ASVS-5.0-{row.asvs}"] if row.asvs else []
        rule["properties"] = {"tags": tags}
    return rule


def _sentence(template: str) -> str:
    """Return what a format string says of any occurrence: an ellipsis for each particular."""
    parts = Formatter().parse(template)
    return "".join(text if field is None else f"{text}\u2026" for text, field, *_ in parts)


def _result(row: Row, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": row.id,
        "ruleIndex": index,
        "level": _level(row),
        "message": {"text": row.text},
        "locations": _locations(row),
        # What stays the same when lines move: a code host recognises the finding by it.
        "partialFingerprints": {"finding/v1": "/".join(filter(None, (row.id, row.subject)))},
    }
    if row.waiver:
        why = f"{row.waiver['reason']} ({row.waiver['owner']}, until {row.waiver['expires']})"
        result["suppressions"] = [{"kind": "external", "justification": why}]
    return result


def _level(row: Row) -> str:
    return _LEVELS.get(row.level, "note")


def _locations(row: Row) -> list[dict[str, Any]]:
    """Return the line of the setting; without one the settings module, because hosts ask for it."""
    module = settings_file()
    return locations(row.file or (relative(module) if module else None), row.line)


def locations(file: str | None, line: int | None) -> list[dict[str, Any]]:
    """Return the place of a finding, or none."""
    if file is None:
        return []
    path = Path(file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if line:
        physical["region"] = {"startLine": line}
    return [{"physicalLocation": physical}]
