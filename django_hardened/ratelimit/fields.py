"""The header fields that tell a client how it stands, and when to come back.

Pure. ``RateLimit`` and ``RateLimit-Policy`` are those of draft-ietf-httpapi-ratelimit-headers-10,
written as RFC 9651 structured fields; ``Retry-After`` is RFC 9110 section 10.2.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django_hardened.ratelimit.decisions import Status


def fields(statuses: Iterable[Status]) -> dict[str, str]:
    """Return the fields for every limit that was asked; none where there is no limit.

    Of several limits with one name, such as those of the networks around an address, the one with
    the least left is told.
    """
    told: dict[str, Status] = {}
    for status in statuses:
        name = _string(status.limit.name)
        if name not in told or _rank(status) > _rank(told[name]):
            told[name] = status
    if not told:
        return {}
    made = {
        "RateLimit-Policy": ", ".join(
            f"{name};q={status.limit.amount};w={status.limit.seconds}"
            for name, status in told.items()
        ),
        "RateLimit": ", ".join(
            f"{name};r={status.remaining};t={status.reset_after}" for name, status in told.items()
        ),
    }
    wait = max(status.retry_after for status in told.values())
    return made | ({"Retry-After": str(wait)} if wait else {})


def _rank(status: Status) -> tuple[int, int]:
    return (status.retry_after, -status.remaining)


@lru_cache(maxsize=256)
def _string(name: str) -> str:
    """Write ``name`` as a structured-field string (RFC 9651 section 3.3.3): printable ASCII."""
    plain = "".join(char for char in name if char.isascii() and char.isprintable())
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
