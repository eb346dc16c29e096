"""How a key is stored: HMAC-SHA-256 under a key made of ``SECRET_KEY``, compared in constant time.

No slow hash: a password is guessed, 256 random bits are not. With the database alone nobody can
make a key that is admitted, nor store one of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT: Final = "django_hardened.api_keys"
# What nothing hashes to: compared where there is no row, so that the work is the same.
NOTHING: Final = "-" * 64


def hash_key(text: str) -> str:
    """Return what is stored of the key ``text``: 64 hexadecimal digits."""
    return _hash(text, settings.SECRET_KEY)


def hashes(text: str) -> list[str]:
    """Return what may be stored of ``text``: under SECRET_KEY, then under each of the fallbacks."""
    return [hash_key(text), *(_hash(text, secret) for secret in settings.SECRET_KEY_FALLBACKS)]


def position(stored: str, candidates: Sequence[str]) -> int | None:
    """Return which of ``candidates`` is ``stored``, in a time that does not depend on it."""
    found = None
    for index, candidate in enumerate(candidates):
        if constant_time_compare(stored, candidate):
            found = index
    return found


def _hash(text: str, secret: str | bytes) -> str:
    return salted_hmac(_SALT, text, secret=secret, algorithm="sha256").hexdigest()
