"""Who is served where ALLOWED_HOSTS leaves it open."""

from __future__ import annotations

from host_attacks.variants import ALIAS, SITE


def resolve(name: str) -> str | None:
    return name if name in (SITE, ALIAS) else None
