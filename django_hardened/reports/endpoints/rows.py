"""An endpoint as the machine-readable reports show it, and what changed since an earlier report.

The format is a promise: fields may be added, none is renamed or removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_hardened.audit.endpoints import Access, Endpoint, Probed
from django_hardened.exposure import Finding
from django_hardened.waivers import encodable

VERSION = 1
_OPENNESS = {
    "anonymous": 0,
    "unknown": 1,
    "authenticated": 2,
    "staff": 3,
    "permission": 4,
}


def row(endpoint: Endpoint) -> dict[str, Any]:
    """Return the fields of an endpoint in the JSON report, version 1."""
    return {
        "path": encodable(endpoint.path),
        "name": endpoint.name,
        "method": endpoint.method,
        "view": endpoint.view,
        "access": endpoint.access.value,
        "permissions": list(endpoint.permissions),
        "authenticators": list(endpoint.authenticators),
        "throttles": list(endpoint.throttles),
        "csrf_exempt": endpoint.csrf_exempt,
        "public_reason": endpoint.public_reason,
        "file": endpoint.file,
        "line": endpoint.line,
        "probed": _probed(endpoint.probed),
        "kind": endpoint.kind.value,
        "action": endpoint.action,
        "cache": endpoint.cache,
        "origin": "third-party" if endpoint.is_third_party else "first-party",
        "note": endpoint.note or None,
    }


def _probed(probed: Probed | None) -> dict[str, Any] | None:
    if probed is None:
        return None
    return {
        "access": probed.access.value,
        "answers": dict(probed.answers),
        "agrees": probed.agrees,
        "note": probed.note or None,
    }


def finding_row(finding: Finding) -> dict[str, Any]:
    """Return the fields of a finding."""
    endpoint = finding.endpoint
    return {
        "kind": finding.kind,
        "message": encodable(finding.message),
        "hint": finding.hint,
        "path": endpoint.path if endpoint else None,
        "method": endpoint.method if endpoint else None,
        "file": endpoint.file if endpoint else None,
        "line": endpoint.line if endpoint else None,
    }


@dataclass(frozen=True)
class Changes:
    """What a change of the code opens and closes, each ``(method, path, before, after)``."""

    opened: tuple[tuple[str, str, str, str], ...] = ()
    closed: tuple[tuple[str, str, str, str], ...] = ()
    added: tuple[tuple[str, str, str, str], ...] = ()
    removed: tuple[tuple[str, str, str, str], ...] = ()


def changes(before: Mapping[tuple[str, str], str], endpoints: Iterable[Endpoint]) -> Changes:
    """Return what differs from an earlier report, as :func:`read_report` gives it."""
    after = _widest(((each.path, each.method), each.proven.value) for each in endpoints)
    both = [(key, before[key], after[key]) for key in after if key in before]
    return Changes(
        opened=tuple(_change(key, old, new) for key, old, new in both if _is_wider(new, old)),
        closed=tuple(_change(key, old, new) for key, old, new in both if _is_wider(old, new)),
        added=tuple(_change(key, "", after[key]) for key in after if key not in before),
        removed=tuple(_change(key, before[key], "") for key in before if key not in after),
    )


def _widest(found: Iterable[tuple[tuple[str, str], str]]) -> dict[tuple[str, str], str]:
    """Return one access for each path and method: two patterns may read alike."""
    widest: dict[tuple[str, str], str] = {}
    for key, access in found:
        if key not in widest or _is_wider(access, widest[key]):
            widest[key] = access
    return widest


def _is_wider(one: str, other: str) -> bool:
    return _OPENNESS[one] < _OPENNESS[other]


def _change(key: tuple[str, str], old: str, new: str) -> tuple[str, str, str, str]:
    path, method = key
    return method, path, old, new


def read_report(file: Path) -> dict[tuple[str, str], str]:
    """Return who could call what by an earlier JSON report.

    Raises:
        ValueError: it is no report of this version.
    """
    try:
        document = json.loads(file.read_bytes())  # in any UTF: shells write more than one
        is_known = document["version"] == VERSION
        found = _widest(map(_proven, document["endpoints"])) if is_known else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        found = None
    if found is None:
        raise ValueError(
            f"it is no report of version {VERSION}: make it with audit_endpoints --format json"
        )
    return found


def _proven(row: Any) -> tuple[tuple[str, str], str]:
    """Return who may call an endpoint of a report, as ``Endpoint.proven`` has it."""
    proven = row["access"]
    called = (row.get("probed") or {}).get("access", Access.UNKNOWN.value)
    if called != Access.UNKNOWN.value:
        is_open = Access.ANONYMOUS.value in {proven, called}
        proven = Access.ANONYMOUS.value if is_open else called
    if proven not in _OPENNESS:
        raise ValueError(proven)
    return (row["path"], row["method"]), proven
