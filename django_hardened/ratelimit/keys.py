"""Keys that do not collide and hold no personal data."""

from __future__ import annotations

from binascii import b2a_base64
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django_hardened.ratelimit.decisions import Entry
from django_hardened.ratelimit.rates import Limit

_BYTES = 15  # 120 bits, and 20 characters without padding


@lru_cache(maxsize=1024)  # who asks once often asks again
def entry(secret: bytes, client: tuple[str, ...], limit: Limit) -> Entry:
    """Return the entry of ``limit`` for ``client``, such as ``("address", "192.0.2.7")``.

    The parts are hashed with ``secret``, each behind its length: ``("ab", "c")`` is not
    ``("a", "bc")``, and nobody who reads the store learns an address or a name.
    """
    digest = _keyed(secret).copy()
    digest.update(_joined(client))
    tag = _text(digest)
    digest.update(_of_limit(limit))
    return Entry(tag, _text(digest), limit)


@lru_cache(maxsize=2)
def _keyed(secret: bytes) -> Any:
    return blake2b(key=secret[: blake2b.MAX_KEY_SIZE], digest_size=_BYTES)


@lru_cache(maxsize=256)  # they are those of the code and the settings
def _of_limit(limit: Limit) -> bytes:
    return _joined((limit.name, str(limit.amount), str(limit.seconds)))


def _joined(parts: tuple[str, ...]) -> bytes:
    texts = [part.encode("utf-8", "surrogatepass") for part in parts]
    return b"".join([len(text).to_bytes(8) + text for text in texts])


def _text(digest: Any) -> str:
    return b2a_base64(digest.digest(), newline=False).decode("ascii")
