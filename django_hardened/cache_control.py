"""What a ``Cache-Control`` says: RFC 9111 section 5.2.2."""

from __future__ import annotations

from typing import Final

# A view that sends one of these has said that others may be given its response.
SHARED: Final = frozenset({"public", "s-maxage"})


def directives(value: str) -> frozenset[str]:
    """Return the names of the directives in ``value``, in lower case and without arguments."""
    return frozenset(field.partition("=")[0].strip().lower() for field in value.split(","))
