"""Paths of URLs that settings name by their beginnings. Pure."""

from __future__ import annotations


def lies_in(path: str, beginning: str) -> bool:
    """Whether ``path`` is ``beginning`` or below it, segment by segment.

    ``/shop`` has ``/shop/cart`` in it and not ``/shopping``; ``/shop/`` has not ``/shop``.
    """
    if not path.startswith(beginning):
        return False
    return beginning[-1] == "/" or path[len(beginning) :][:1] in ("", "/")
