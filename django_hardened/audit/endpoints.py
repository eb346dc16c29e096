"""An endpoint: one pattern of the URLconf with one method, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """Who may call an endpoint, from the widest to what nobody can tell."""

    ANONYMOUS = "anonymous"
    AUTHENTICATED = "authenticated"
    STAFF = "staff"
    PERMISSION = "permission"
    UNKNOWN = "unknown"

    @property
    def is_closed(self) -> bool:
        """Whether strangers are known to be kept out."""
        return self not in {Access.ANONYMOUS, Access.UNKNOWN}


class Kind(StrEnum):
    """What a view was written with."""

    FUNCTION = "function"
    CLASS = "class"
    ADMIN = "admin"
    DRF = "drf"
    NINJA = "ninja"

    @property
    def is_api(self) -> bool:
        """Whether programs call it, and not browsers."""
        return self in {Kind.DRF, Kind.NINJA}


@dataclass(frozen=True)
class Probed:
    """What came back when the endpoint was called.

    ``answers`` has the status by role; ``agrees`` says whether it is what was inferred.
    """

    access: Access
    answers: Mapping[str, int]
    agrees: bool
    note: str = ""


@dataclass(frozen=True)
class Endpoint:
    """One pattern with one method. ``path`` is as people write it: ``/posts/<int:pk>/``."""

    path: str
    name: str | None
    method: str
    view: str
    access: Access
    kind: Kind = Kind.FUNCTION
    action: str | None = None
    permissions: tuple[str, ...] = ()
    authenticators: tuple[str, ...] = ()
    throttles: tuple[str, ...] = ()
    csrf_exempt: bool = False
    cache: str | None = None
    public_reason: str | None = None
    is_third_party: bool = False
    file: str | None = None
    line: int | None = None
    note: str = ""
    probed: Probed | None = None

    @property
    def is_write(self) -> bool:
        """Whether the method is one that changes things."""
        return self.method not in {"GET", "HEAD", "OPTIONS", "TRACE"}

    @property
    def proven(self) -> Access:
        """Who may call it: what was inferred, or what calling showed where that was unknown.

        Where the two differ the wider one counts.
        """
        if self.probed is None or self.probed.access is Access.UNKNOWN:
            return self.access
        if Access.ANONYMOUS in {self.access, self.probed.access}:
            return Access.ANONYMOUS
        return self.probed.access
