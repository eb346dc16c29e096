"""What a ``Cache-Control`` says: RFC 9111 section 5.2.2."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

_FOR_OTHERS: Final = frozenset({"public", "s-maxage"})
FOR_ONE: Final = frozenset({"private", "no-store"})


def directives(value: str) -> frozenset[str]:
    """Return the names of the directives in ``value``, in lower case and without arguments."""
    return frozenset(field.partition("=")[0].strip().lower() for field in value.split(","))


def is_for_others(said: Set[str]) -> bool:
    """Whether a view that has sent these directives means that others may be given its response."""
    return not said.isdisjoint(_FOR_OTHERS) and said.isdisjoint(FOR_ONE)
