"""One request as it goes over the wire, and what a site may do with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SITE = "example.test"
ALIAS = "www.example.test"
FOREIGN = "evil.test"

# "canonical": whoever answers it does so under the one spelling of the site's name. Refusing it is
# just as safe. "refused": nobody answers it with a page.
Expected = Literal["canonical", "refused"]

_SHOWN = 40


@dataclass(frozen=True)
class Variant:
    """A request for any page of the site; ``{page}`` in the target is the page's path."""

    name: str
    category: str
    expected: Expected
    fields: tuple[bytes, ...]
    host: str = SITE
    target: bytes = b"/{page}"
    version: bytes = b"HTTP/1.1"

    def request(self, page: str) -> bytes:
        """Return the bytes that ask for ``page``, a path without its first slash."""
        target = self.target.replace(b"{page}", page.encode())
        line = b" ".join([b"GET", target, self.version])
        return b"\r\n".join([line, *self.fields, b"Connection: close", b"", b""])


def shown(value: bytes) -> str:
    """Return ``value`` on one short line, for a name; what is left out is told by its length."""
    text = ascii(value)[2:-1]
    if len(text) <= 2 * _SHOWN:
        return text
    return f"{text[:_SHOWN]}...{text[-_SHOWN:]} ({len(value)} octets)"


def verdict(*, canonical: bool) -> Expected:
    return "canonical" if canonical else "refused"


def with_host(category: str, value: bytes, *, canonical: bool = False, host: str = SITE) -> Variant:
    """Return the plain request whose Host field has this ``value``."""
    return Variant(
        f"{category}: Host: {shown(value)}",
        category,
        verdict(canonical=canonical),
        (b"Host: " + value,),
        host,
    )
