"""What a request with a key has as ``request.auth``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class VerifiedKey:
    """A key that was verified with the request.

    Attributes:
        pk: the primary key of its record, an ``APIKey``.
        identifier: the part of it that is no secret.
        name: what it is for.
        scopes: what it may do.
        expires_at: until when.
    """

    pk: int
    identifier: str
    name: str
    scopes: frozenset[str]
    expires_at: datetime
