"""Asserting that nobody may call what nobody has declared public."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django_hardened.audit.endpoints import Access, Endpoint
from django_hardened.audit.inventory import inventory
from django_hardened.audit.probe import probe as call_endpoints
from django_hardened.declarations import Declaration, Declarations, read_declarations
from django_hardened.exposure import undeclared


def assert_endpoints_closed(
    *, except_: Iterable[str] = (), probe: bool = False, urlconf: Any = None
) -> None:
    """Assert that nobody may call an endpoint without login, but for those that are declared.

    Declared is what ``public_endpoints.toml``, ``HARDENED_PUBLIC_ENDPOINTS`` or a ``public()``
    mark says; Django's own logins and static files need no declaration.

    Args:
        except_: more that may be open: ``"/health/"`` for reading, or ``"POST /webhook/"``;
            ``*`` stands for anything.
        probe: also call each endpoint with a method that changes nothing. The test needs the
            database then.
        urlconf: another URLconf than ``ROOT_URLCONF``.

    Raises:
        AssertionError: something is open, or may be, or one of ``except_`` is not open.
    """
    listed = inventory(urlconf)
    endpoints = call_endpoints(listed)[0] if probe else [endpoint for _, endpoint in listed]
    allowed = [_allowed(each) for each in except_]
    declared = Declarations((*read_declarations().entries, *allowed))
    lines = [_told(each) for each in undeclared(endpoints, declared)]
    lines += [
        f"except_ has {each}, which is not open"
        for each in allowed
        if not any(each.covers(e.path, e.method) and not e.proven.is_closed for e in endpoints)
    ]
    if lines:
        raise AssertionError("\n".join(["These endpoints are not closed:", *lines]))


def _allowed(text: str) -> Declaration:
    method, _, path = text.rpartition(" ")
    return Declaration(path, (method.upper() or "*",), "a test says so")


def _told(endpoint: Endpoint) -> str:
    who = "cannot be known" if endpoint.proven is Access.UNKNOWN else "anybody"
    note = f", {endpoint.note}" if endpoint.note else ""
    return f"  {endpoint.method} {endpoint.path}: {who}{note} ({endpoint.view})"
