"""Findings as JSON. The format is a promise: fields may be added, none is renamed or removed."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django_hardened.conf import conf
from django_hardened.gate import Verdict
from django_hardened.reports.rows import rows

VERSION = 1


def render(verdicts: Iterable[Verdict]) -> str:
    """Return the report: ``{"version": 1, "edge": [...], "findings": [...]}``."""
    report = {
        "version": VERSION,
        "edge": sorted(conf.edge),
        "findings": [row._asdict() for row in rows(verdicts)],
    }
    return json.dumps(report, indent=2)
