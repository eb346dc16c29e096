"""Keys that do not collide and hold no personal data."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import blake2b

from django_hardened.ratelimit.decisions import Entry
from django_hardened.ratelimit.rates import Limit

_BYTES = 15  # 120 bits, and 20 characters without padding


def entry(secret: bytes, client: tuple[str, ...], limit: Limit) -> Entry:
    """Return the entry of ``limit`` for ``client``, such as ``("address", "192.0.2.7")``.

    The parts are hashed with ``secret``, each behind its length: ``("ab", "c")`` is not
    ``("a", "bc")``, and nobody who reads the store learns an address or a name.
    """
    tag = _digest(secret, client)
    name = (*client, limit.name, str(limit.amount), str(limit.seconds))
    return Entry(tag, _digest(secret, name), limit)


def _digest(secret: bytes, parts: tuple[str, ...]) -> str:
    digest = blake2b(key=secret[: blake2b.MAX_KEY_SIZE], digest_size=_BYTES)
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big") + text)
    return urlsafe_b64encode(digest.digest()).decode("ascii")
