"""What a key looks like: ``prefix_identifier_secret`` and a checksum. Pure.

As the tokens of GitHub do (https://github.blog/engineering/platform-security/
behind-githubs-new-authentication-token-formats/): a prefix by which people and secret scanners
recognise one, underscores, so that a double click selects it all, and at the end the CRC-32 of what
precedes, six digits of base 62. Whoever has made up or mistyped a key is told so by that alone.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

# Some databases compare text without case: what is looked up has none. 36**16 is 2**82.
_LOWER: Final = string.digits + string.ascii_lowercase
_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
IDENTIFIER_LENGTH: Final = 16
SECRET_LENGTH: Final = 43  # 62**43 is more than 2**256
_CHECKSUM_LENGTH: Final = 6  # 62**6 is more than 2**32
MAX_PREFIX_LENGTH: Final = 20

PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
# For secret scanners, with the prefix of the project in front.
PATTERN: Final = (
    rf"_[0-9a-z]{{{IDENTIFIER_LENGTH}}}_[0-9A-Za-z]{{{SECRET_LENGTH + _CHECKSUM_LENGTH}}}"
)
_KEY = re.compile(rf"{PREFIX.pattern}_(?P<identifier>[0-9a-z]{{{IDENTIFIER_LENGTH}}})_[0-9A-Za-z]+")
_REST_LENGTH = IDENTIFIER_LENGTH + SECRET_LENGTH + _CHECKSUM_LENGTH + 2
MAX_LENGTH: Final = MAX_PREFIX_LENGTH + _REST_LENGTH


@dataclass(frozen=True, slots=True)
class Key:
    """A key in the right form, which need not be one that exists.

    Attributes:
        identifier: by which it is looked up; no secret.
        text: the whole of it.
    """

    identifier: str
    text: str = field(repr=False)


def is_prefix(value: str) -> bool:
    """Whether keys may begin with ``value``."""
    return len(value) <= MAX_PREFIX_LENGTH and PREFIX.fullmatch(value) is not None


def generate(prefix: str) -> Key:
    """Return a new key with ``prefix``, which :func:`is_prefix` admits."""
    identifier = _random(_LOWER, IDENTIFIER_LENGTH)
    body = f"{prefix}_{identifier}_{_random(_BASE62, SECRET_LENGTH)}"
    return Key(identifier, body + checksum(body))


def parse(text: str) -> Key | None:
    """Return the key that ``text`` is, or None. No query is needed to know.

    Any prefix will do: keys outlive a change of the setting.
    """
    length = len(text) - _REST_LENGTH
    if not 0 < length <= MAX_PREFIX_LENGTH:
        return None
    match = _KEY.fullmatch(text)
    if match is None or match.start("identifier") != length + 1:
        return None
    body, found = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    return Key(match["identifier"], text) if checksum(body) == found else None


def checksum(body: str) -> str:
    """Return the CRC-32 of ``body``, which is ASCII, in base 62 with leading zeros."""
    number = crc32(body.encode("ascii"))
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
