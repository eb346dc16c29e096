"""The middleware in effect, found by what it is and not by how it is spelled.

Projects subclass and wrap Django's middleware. A check that compares dotted paths calls that
missing; here a class stands for its bases too.
"""

from __future__ import annotations

from django_hardened.checks.classes import is_subclass, listed


def positions(dotted: str) -> list[int]:
    """Return where in ``MIDDLEWARE`` the middleware ``dotted``, or a subclass of it, stands."""
    return [index for index, entry in enumerate(listed("MIDDLEWARE")) if is_subclass(entry, dotted)]


def has(dotted: str) -> bool:
    """Whether the middleware ``dotted``, or a subclass of it, is in ``MIDDLEWARE``."""
    return bool(positions(dotted))


def comes_before(first: str, second: str) -> bool:
    """Whether no ``second`` stands in front of a ``first``; true where either is missing."""
    return not (positions(first) and positions(second)) or (
        min(positions(first)) < min(positions(second))
    )
