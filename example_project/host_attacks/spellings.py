"""Host fields: spellings of our names, and names that are not ours however they are spelled."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from host_attacks.variants import ALIAS, FOREIGN, SITE, Variant, with_host

OURS = SITE.encode()
THEIRS = FOREIGN.encode()

# Each part of a spelling, and whether a host with it is still ours.
CASES = {OURS: True, OURS.swapcase(): True}
DOTS = {b"": True, b".": True, b"..": False}
PORTS = {
    b"": True,
    b":80": True,
    b":443": True,
    b":1": True,
    b":8080": True,
    b":65535": True,
    b":0": False,
    b":00080": False,
    b":65536": False,
    b":99999": False,
    b":99999999999999999999": False,
    b":": False,
    b":+80": False,
    b":-80": False,
    b": 80": False,
    b":8 0": False,
    b":8o": False,
    b":0x50": False,
    b":80:80": False,
    b":\xd9\xa8\xd9\xa0": False,  # 80 in digits that int() reads as well
}

WHITE_SPACE = b" \t\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0"
CONTROLS = b"\x00\x01\x08\x1b\x7f\x80\xad\xff"
PUNCTUATION = b"!\"#$%&'()*+,/;<=>?@\\^_`{|}~"

# What stands between two names, or between a name and a lie about it.
SEPARATORS = (
    *(bytes([octet]) for octet in b",@/\\;#?|&= \t\r\x00\x0b\x7f\x85\xa0-.:"),
    *(b", ", b"%00", b"%20", b"%2c", b"%2f", b"%40", b"%0d%0a", b":80,", b":80@", b":@", b"://"),
)

ADDRESSES = (
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]", "[::1%lo]", "[::ffff:127.0.0.1]"),
    *("[::FFFF:7F00:1]", "::1", "[::1", "::1]", "[]", "[[::1]]", f"[{SITE}]", f"[v1.{SITE}]"),
    *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.0.0.01"),
    *("0", "0.0", "256.256.256.256", "1.2.3.4.5", f"{SITE}.1", f"{SITE}.0x1", "127.0.0.1."),
)
NAMES = (
    *(FOREIGN, FOREIGN.upper(), f"{FOREIGN}.", "localhost", "testserver", "example.com", "test"),
    *("example", f"evil{SITE}", f"evil-{SITE}", f"{SITE}s", "example..test"),
    *(f".{SITE}", f"-{SITE}", "example-.test", "exa_mple.test", f"*.{SITE}", "*", ".", "..", "-"),
    *(f"a.{SITE}", f"A.{SITE}.", f"a.b.{SITE}", f"_a.{SITE}", f"a_b.{SITE}", f"a..{SITE}"),
    *(f"www.{ALIAS}", f"xn--.{SITE}", "xn--exmple-cua.test", "xn--xample-2of.test"),
    *("example%2etest", "%65xample.test", "example.tes%74", f"http://{SITE}", f"//{SITE}"),
)
# What Unicode's own rules, or somebody's tolerance, fold into our name.
LOOKALIKES = (
    *("ex\u00e4mple.test", "\u0435xample.test", "\uff45xample.test", "example\u3002test"),
    *("example\uff0etest", "example.te\u017ft", "exam\u200dple.test", "exam\u00adple.test"),
    *("example.test\u200b", "\ufeffexample.test", "ex\u0430mple.test:80", "e\u0301xample.test"),
)
LABELS = (63, 64, 255)
LENGTHS = (253, 254, 255, 256, 1024, 4096)


def spellings() -> Iterator[Variant]:
    for (name, fine), (dot, few), (port, real) in product(
        CASES.items(), DOTS.items(), PORTS.items()
    ):
        yield with_host("spelling", name + dot + port, canonical=fine and few and real)
    for dot, port in product((b"", b"."), (b"", b":80", b":1", b":0")):
        value = ALIAS.title().encode() + dot + port
        yield with_host("alias", value, canonical=PORTS[port], host=ALIAS)


def characters() -> Iterator[Variant]:
    """One character too many: in front, within, and at the end."""
    for octet in WHITE_SPACE + CONTROLS + PUNCTUATION:
        one = bytes([octet])
        # Whoever takes white space off the ends of a field leaves our name.
        trimmed = octet in WHITE_SPACE
        yield with_host("character", one + OURS, canonical=trimmed)
        yield with_host("character", OURS[:4] + one + OURS[4:])
        yield with_host("character", OURS + one, canonical=trimmed)
        if trimmed:
            yield with_host("character", OURS + one + b":80")


def pairs() -> Iterator[Variant]:
    for separator in SEPARATORS:
        yield with_host("two names", OURS + separator + THEIRS)
        yield with_host("two names", THEIRS + separator + OURS)


def others() -> Iterator[Variant]:
    for name in NAMES:
        yield with_host("name", name.encode())
    for name in (FOREIGN, f"a.{SITE}"):
        for port in (b":80", b":1", b":0", b":99999", b":"):
            yield with_host("name", name.encode() + port)
    for address, suffix in product(ADDRESSES, ("", ":80")):
        yield with_host("address", f"{address}{suffix}".encode())
    for lookalike in LOOKALIKES:
        yield with_host("lookalike", lookalike.encode())
    for lookalike in ("ex\u00e4mple.test", "example.te\u00dft"):
        yield with_host("lookalike", lookalike.encode("latin-1"))


def lengths() -> Iterator[Variant]:
    for length in LABELS:
        yield with_host("length", b"a" * length + b"." + OURS)
    for length in LENGTHS:
        for suffix in (b"." + OURS, b"." + OURS + b".", b"." + THEIRS):
            yield with_host("length", _labels(length - len(suffix)) + suffix)
    yield with_host("length", OURS + b"." * 1024)
    yield with_host("length", OURS + b":" + b"0" * 1024 + b"80")


def _labels(length: int) -> bytes:
    """Return as many labels as there can be in ``length`` octets."""
    return (b"a" if length % 2 else b"aa") + b".a" * ((length - 1) // 2)
