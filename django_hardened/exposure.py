"""What is wrong with the endpoints of a project: what is open that nobody has declared, and more.

The audit says what is; here it is judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django_hardened.audit.endpoints import Access, Endpoint
from django_hardened.declarations import Declaration, Declarations

# Open by what they are for, in every project that has them.
_PUBLIC = re.compile(
    r"django\.contrib\.auth\.views\.|django\.contrib\.admin\.sites\.AdminSite\.login$"
    r"|django\.views\.(i18n|static)\.|django\.contrib\.(staticfiles|sitemaps)\.views\."
)
_LOGINS = re.compile(
    r"login|(?-i:SignIn)|(?<![a-z])(?:log[-_]in|sign[-_]?in)(?![a-z])"
    r"|auth[-_]?token|obtain|token/?$|jwt/create|password[-_]?(reset|recover|forgot)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Finding:
    """One thing that ``--check`` fails for. ``kind`` is stable, for machines."""

    kind: str
    message: str
    hint: str
    endpoint: Endpoint | None = None
    declaration: Declaration | None = None


def is_public_by_nature(endpoint: Endpoint) -> bool:
    """Whether it is one of Django's own views that strangers need: login, translations, files."""
    return _PUBLIC.match(endpoint.view) is not None


def is_declared(endpoint: Endpoint, declarations: Declarations) -> bool:
    """Whether somebody wrote down why anybody may call it, in a list or on the view."""
    covering = declarations.covering(endpoint.path, endpoint.method)
    return covering is not None or bool(endpoint.public_reason)


def undeclared(endpoints: Iterable[Endpoint], declarations: Declarations) -> list[Endpoint]:
    """Return those that are open, or may be, and that nobody has declared."""
    return [
        each
        for each in endpoints
        if not each.proven.is_closed
        and not is_public_by_nature(each)
        and not is_declared(each, declarations)
    ]


def findings(
    endpoints: Sequence[Endpoint], declarations: Declarations, *, are_logins_limited: bool
) -> list[Finding]:
    """Return what is wrong, the most serious first.

    ``are_logins_limited`` says whether something counts attempts at every login of the project.
    """
    found = [_undeclared(each) for each in undeclared(endpoints, declarations)]
    found += () if are_logins_limited else _unlimited(endpoints)
    found += [
        Finding(
            "stale",
            f"{each} is declared public, and {why}.",
            f"Remove it: {each.place}.",
            declaration=each,
        )
        for each, why in stale(endpoints, declarations)
    ]
    found += [
        Finding("declaration", problem, "Correct what it says, or remove the entry.")
        for problem in declarations.problems
    ]
    found += _differing(endpoints)
    return sorted(found, key=lambda each: _ORDER.index(each.kind))


_ORDER = ("open-write", "open", "differs", "unknown", "unlimited-login", "stale", "declaration")


def _undeclared(endpoint: Endpoint) -> Finding:
    what = f"{endpoint.method} {endpoint.path} ({endpoint.view})"
    declare = "or declare it in public_endpoints.toml, with the reason"
    if endpoint.proven is Access.UNKNOWN:
        why = f": {endpoint.note}" if endpoint.note else ""
        hint = f"Call it, with --probe; put a permission in front of it, {declare}."
        return Finding("unknown", f"Who may call {what} cannot be known{why}.", hint, endpoint)
    hint = f"Put a permission in front of it, {declare}."
    if endpoint.is_write:
        return Finding("open-write", f"Anybody may write with {what}.", hint, endpoint)
    return Finding("open", f"Anybody may call {what}.", hint, endpoint)


def _unlimited(endpoints: Iterable[Endpoint]) -> Iterator[Finding]:
    for each in endpoints:
        if each.is_write and not each.throttles and is_login(each):
            yield Finding(
                "unlimited-login",
                f"{each.method} {each.path} ({each.view}) can be tried without end.",
                "AUTHENTICATION_BACKENDS = "
                '["django_hardened.backends.LoginProtectionBackend", ...], or a throttle class.',
                each,
            )


def is_login(endpoint: Endpoint) -> bool:
    """Whether strangers give it a password, or have one sent."""
    if endpoint.proven.is_closed:
        return False
    return bool(_LOGINS.search(endpoint.path) or _LOGINS.search(endpoint.view))


def stale(
    endpoints: Sequence[Endpoint], declarations: Declarations
) -> Iterator[tuple[Declaration, str]]:
    """Yield the declarations that nothing open needs, each with the reason."""
    for each in declarations.entries:
        covered = [
            endpoint for endpoint in endpoints if each.covers(endpoint.path, endpoint.method)
        ]
        if not covered:
            yield each, "there is no such endpoint"
        elif all(endpoint.proven.is_closed for endpoint in covered):
            yield each, "it is closed"


def _differing(endpoints: Iterable[Endpoint]) -> Iterator[Finding]:
    for each in endpoints:
        if each.probed is None or each.probed.agrees:
            continue
        answers = ", ".join(f"{role} {status}" for role, status in each.probed.answers.items())
        yield Finding(
            "differs",
            f"{each.method} {each.path} ({each.view}) looks {each.access} and answered as "
            f"{each.probed.access}: {answers}.",
            "See what stands before the view, or what it does by itself.",
            each,
        )
