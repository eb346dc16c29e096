"""What the forwarded headers say: the hops of a chain, from the right, one at a time.

Pure, and total: no value raises. From the right because that is where the proxies wrote. A client
may have put anything in front, so no more is read than is asked for, nothing to the left changes
how the right is read, and of an over-long field only the end is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

# Of a longer chain only the end is read: a client may put any number of hops in front.
MAX_FORWARDED_OCTETS = 1024
# An element of Forwarded may repeat the Host that the client sent. If that could push the address
# out of sight, the client would pass for the proxy: so it is more than servers let through.
MAX_ELEMENT_OCTETS = 16384

_LONGEST_HOP = len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")
_HOP_WITH_PORT = re.compile(
    r"(?:\[(?P<ipv6>[0-9a-fA-F.]*:[0-9a-fA-F:.]*)\]|(?P<ipv4>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?"
)

# RFC 7239 sections 4 and 6, with the token and the quoted string of RFC 9110 section 5.6.
_TCHARS = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
_PAIR = re.compile(rf"({_TCHARS})=({_TCHARS}|{_QUOTED})")
_ELEMENT = re.compile(rf"(?:{_PAIR.pattern})?(?:;(?:{_PAIR.pattern})?)*+")
_QUOTED_PAIR = re.compile(r"\\(.)")
_OBFUSCATED = r"_[0-9a-z._-]+"
_NODE = re.compile(
    r"(?:\[(?P<ipv6>[0-9a-f.]*:[0-9a-f:.]*)\]|(?P<ipv4>[0-9.]+)"
    rf"|(?P<hidden>unknown|{_OBFUSCATED}))(?::(?:(?P<port>[0-9]{{1,5}})|{_OBFUSCATED}))?",
    re.ASCII | re.IGNORECASE,
)
# Backwards. A comma or a quote within quotes ends nothing; and a quote is escaped if the number of
# backslashes in front of it, which here come after it, is odd.
_ELEMENT_BACKWARDS = re.compile(
    r"""([^",]*+(?:"(?:[^"]++|"(?=\\(?:\\\\)*+(?!\\)))*+"[^",]*+)*+)(,|\Z)"""
)


class Hop(NamedTuple):
    """One hop of a chain.

    Attributes:
        address: who connected to the proxy that wrote it, or None if that is not said.
        scheme: with what scheme, in lower case, or None.
    """

    address: str | None
    scheme: str | None = None


def parse_address(value: str) -> IPv4Address | IPv6Address | None:
    """Return the address ``value``, or None. IPv4-mapped IPv6 is the IPv4 address it maps."""
    if "%" in value:  # a zone means something on one machine only
        return None
    try:
        address = ip_address(value)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def read_forwarded_for(field: str) -> Iterator[Hop | None]:
    """Yield the hops of ``X-Forwarded-For`` from the right; None is one that is malformed."""
    hops = field[-MAX_FORWARDED_OCTETS:].split(",")
    if len(field) > MAX_FORWARDED_OCTETS:
        del hops[0]  # cut off somewhere in the middle
    for hop in reversed(hops):
        text = hop.strip(" \t")
        yield _read_hop(text) if len(text) <= _LONGEST_HOP else None


def read_forwarded(field: str) -> Iterator[Hop | None]:
    """Yield the hops of ``Forwarded`` (RFC 7239) from the right; None is one that is malformed."""
    backwards = field[-MAX_ELEMENT_OCTETS:][::-1]
    match = _ELEMENT_BACKWARDS.match(backwards)
    while match:
        element, separator = match.groups()
        if not separator and len(field) > MAX_ELEMENT_OCTETS:
            return  # cut off somewhere in the middle
        yield _read_element(element[::-1].strip(" \t"))
        if not separator:
            return
        match = _ELEMENT_BACKWARDS.match(backwards, match.end())
    yield None  # something ends with a quote that nothing opened


def _read_element(element: str) -> Hop | None:
    if not _ELEMENT.fullmatch(element):
        return None
    pairs = [(name.lower(), value) for name, value in _PAIR.findall(element)]
    values = dict(pairs)
    if len(values) != len(pairs):
        return None
    scheme = _unquoted(values["proto"]).lower() if "proto" in values else None
    if "for" not in values:
        return Hop(None, scheme)
    node = _NODE.fullmatch(_unquoted(values["for"]))
    if node is None or int(node["port"] or 0) > 65535:
        return None
    if node["hidden"]:
        return Hop(None, scheme)
    address = _canonical(node["ipv6"] or node["ipv4"])
    return Hop(address, scheme) if address else None


def _unquoted(value: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", value[1:-1]) if value.startswith('"') else value


@lru_cache(maxsize=1024)
def _read_hop(text: str) -> Hop | None:
    address = _canonical(_without_port(text))
    return Hop(address) if address else None


def _canonical(text: str) -> str | None:
    address = parse_address(text)
    return str(address) if address else None


def _without_port(hop: str) -> str:
    """Remove the port that some proxies add: ``192.0.2.1:4711``, ``[2001:db8::1]:4711``."""
    match = _HOP_WITH_PORT.fullmatch(hop)
    if match is None or int(match["port"] or 0) > 65535:
        return hop
    return match["ipv6"] or match["ipv4"]
