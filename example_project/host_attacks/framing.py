"""Where a server finds the host: none, two of them, folded lines, and the request target."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from host_attacks.variants import ALIAS, FOREIGN, SITE, Variant, shown, verdict

OURS = f"Host: {SITE}".encode()
THEIRS = f"Host: {FOREIGN}".encode()

# Sets of header lines that hold no host, or not exactly one.
AMBIGUOUS: tuple[tuple[bytes, ...], ...] = (
    (),
    (b"Host:",),
    (b"Host: ",),
    (b"Host",),
    (OURS, OURS),
    (OURS, THEIRS),
    (THEIRS, OURS),
    (OURS, OURS.upper()),
    (OURS, b"host: " + FOREIGN.encode()),
    (OURS, b"Host:"),
    (b"Host:", OURS),
    (OURS, OURS + b":80"),
    (OURS, f"Host: {ALIAS}".encode()),
    (OURS, b"Accept: */*", THEIRS),
    (OURS, OURS, OURS),
    (b"Hos: " + SITE.encode(),),
    (b"X-Host: " + SITE.encode(),),
    (b"Ho st: " + SITE.encode(),),
)
# Lines that some read as a host and others do not: none of them may bring in a foreign one.
FOLDED = (b"\r\n ", b"\r\n\t", b"\r\n  \t", b"\n ", b"\n")
ODD_NAMES = (b"host", b"HOST", b"hOsT")
BROKEN_NAMES = (b"Host ", b"Host\t", b" Host", b"\tHost", b"Host\x00", b"Host\x0b", b"H\xc3\xb6st")
VERSIONS = (b"HTTP/1.0", b"HTTP/1.2", b"HTTP/0.9", b"HTTP/2.0", b"http/1.1")

SCHEMES = ("http", "https", "HTTP", "ftp")
# An authority in the target, and whether it is ours.
AUTHORITIES = {
    SITE: True,
    f"{SITE.upper()}.:80": True,
    f"{SITE}:99999": False,
    f"user@{SITE}": False,
    FOREIGN: False,
    f"{FOREIGN}:80": False,
    f"{SITE}@{FOREIGN}": False,
    f"{SITE},{FOREIGN}": False,
    "": False,
}


def framing() -> Iterator[Variant]:
    for fields in AMBIGUOUS:
        yield _variant("host lines", fields)
    for name in ODD_NAMES:
        yield _variant("host lines", (name + b": " + SITE.encode(),), canonical=True)
        yield _variant("host lines", (name + b":" + FOREIGN.encode(),))
    for name in BROKEN_NAMES:
        yield _variant("host lines", (name + b": " + SITE.encode(),))
        yield _variant("host lines", (OURS, name + b": " + FOREIGN.encode()), canonical=True)
    for fold in FOLDED:
        yield _variant("folded", (b"Host:" + fold + SITE.encode(),), canonical=True)
        yield _variant("folded", (OURS + fold + FOREIGN.encode(),), canonical=True)
        yield _variant("folded", (b"Accept: a" + fold + THEIRS, OURS), canonical=True)
        yield _variant("folded", (OURS, b"Accept: a" + fold + THEIRS), canonical=True)


def versions() -> Iterator[Variant]:
    for version, (fields, canonical) in product(
        VERSIONS, (((OURS,), True), ((THEIRS,), False), ((), False), ((OURS, THEIRS), False))
    ):
        yield _variant("version", fields, canonical=canonical, version=version)


def absolute_targets(*, authority_seen: bool) -> Iterator[Variant]:
    """A target with an authority of its own, which RFC 9112, 3.2.2, puts above the Host field.

    Where the server does not pass it on, nobody behind the server can refuse a foreign one; that
    the answer is to the Host field, and as harmless as that, is all there is to ask for.
    """
    for scheme, (authority, ours) in product(SCHEMES, AUTHORITIES.items()):
        target = f"{scheme}://{authority}/{{page}}".encode()
        canonical = ours or not authority_seen
        yield _variant("absolute target", (OURS,), canonical=canonical, target=target)
    for authority, ours in AUTHORITIES.items():
        target = f"http://{authority}/{{page}}".encode()
        yield _variant("absolute target", (THEIRS,), target=target)
        yield _variant("absolute target", (), target=target)
        if ours:
            fields = (OURS + b":8080",)
            yield _variant("absolute target", fields, canonical=True, target=target)


def _variant(
    category: str,
    fields: tuple[bytes, ...],
    *,
    canonical: bool = False,
    target: bytes = b"/{page}",
    version: bytes = b"HTTP/1.1",
) -> Variant:
    line = "" if target == b"/{page}" else f" {shown(target)}"
    line += "" if version == b"HTTP/1.1" else f" {shown(version)}"
    sent = shown(b"|".join(fields)) or "no field"
    expected = verdict(canonical=canonical)
    return Variant(
        f"{category}:{line} {sent}", category, expected, fields, target=target, version=version
    )
