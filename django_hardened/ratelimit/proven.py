"""Credentials in a header that were right before: they are no guess, and need no reservation.

Without this, an address that sends more requests at once than it may have failures would be
refused, and each request of an API would cost a second round trip to give its reservation back.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

_SIZE = 10_000


class ProvenHeaders:
    """Remembers, in this process, hashes of ``Authorization`` headers that told who it is.

    Keyed with a secret that ends with the process. The least recently used go first. What is
    revoked is forgotten when it fails.
    """

    def __init__(self, size: int = _SIZE) -> None:
        self._size = size
        self._secret = secrets.token_bytes(blake2b.MAX_KEY_SIZE)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, header: str) -> bool:
        digest = self._digest(header)
        with self._lock:
            is_known = digest in self._known
            if is_known:
                self._known.move_to_end(digest)
        return is_known

    def add(self, header: str) -> None:
        """Remember ``header``."""
        with self._lock:
            self._known[self._digest(header)] = None
            while len(self._known) > self._size:
                self._known.popitem(last=False)

    def discard(self, header: str) -> None:
        """Forget ``header``."""
        with self._lock:
            self._known.pop(self._digest(header), None)

    def _digest(self, header: str) -> bytes:
        data = header.encode("utf-8", "surrogatepass")
        return blake2b(data, key=self._secret, digest_size=16).digest()


def is_basic(header: str) -> bool:
    """Whether ``header`` is one of basic authentication: a password, which can be guessed."""
    return header.partition(" ")[0].lower() == "basic"


def is_basic_of(header: str, name: object, password: object) -> bool:
    """Whether ``header`` is that of basic authentication with this name and password."""
    if name is None or not is_basic(header):
        return False
    text = f"{name}:{password}"
    try:
        given = b64decode(header.partition(" ")[2].strip())
        # Clients that were told no charset send either. Nobody is let in by what is said here.
        return given == text.encode() or given == text.encode("latin-1")
    except ValueError:
        return False
