"""Host names: one parser, for the middleware, the settings and the checks.

Pure: it knows nothing of requests or settings. Sources of the rules: RFC 9110 section 7.2 (the
Host field), RFC 3986 section 3.2.2 (host), RFC 1123 section 2.1 and RFC 1035 section 2.3.4 (names
and their lengths), the WHATWG URL standard (a number in last place makes a host an IPv4 address).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

from django_hardened.suffixes import REGION, REGIONAL_SUFFIXES, SHARED_SUFFIXES, SPECIAL_USE_NAMES

MAX_HOST_OCTETS = 253  # RFC 1035 section 2.3.4: 255 on the wire, less the root and a length octet

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_HOST = re.compile(
    r"(?:(?P<ipv6>\[[0-9a-f:.]+\])|(?P<name>[a-z0-9.-]+?)\.?)(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_IDNA_DEVIATIONS = re.compile("[\u00df\u1e9e\u03c2\u200c\u200d]")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class InvalidHost(ValueError):
    """Not a host name at all; the message says why and does not repeat it."""


class Host(NamedTuple):
    """A host in canonical form: lower case, no trailing dot, IPv6 compressed and in brackets."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"


def parse_host(value: str) -> Host:
    """Parse ``host`` or ``host:port``.

    Raises:
        InvalidHost: for anything else. In particular for what servers, caches and browsers read
            differently: underscores, user information, percent-encoding, lists, white space,
            non-ASCII characters, IPv6 zones, and numbers that only some read as IPv4 addresses
            (``127.1``, ``2130706433``, ``0177.0.0.1``).
    """
    if not value:
        raise InvalidHost("is blank")
    # Room for a name of the greatest length, its trailing dot, and a port. Asked first, so that
    # nothing below sees more than a constant amount of text.
    if len(value) > MAX_HOST_OCTETS + len(".:65535"):
        raise InvalidHost(f"is longer than {MAX_HOST_OCTETS} octets")
    if not value.isascii():
        raise InvalidHost("is not ASCII")
    match = _HOST.fullmatch(value.lower())
    if match is None:
        raise InvalidHost("is not a host name")
    port = int(match["port"]) if match["port"] else None
    if port is not None and port > 65535:
        raise InvalidHost("has a port over 65535")
    if match["ipv6"]:
        return Host(_canonical_ipv6(match["ipv6"]), port)
    return Host(_canonical_name(match["name"]), port)


def _canonical_ipv6(literal: str) -> str:
    try:
        address = IPv6Address(literal[1:-1])
    except AddressValueError:
        raise InvalidHost("is not an IPv6 address") from None
    if address.ipv4_mapped:
        # As browsers send it; Python's own form of these has changed between versions.
        high, low = divmod(int(address.ipv4_mapped), 1 << 16)
        return f"[::ffff:{high:x}:{low:x}]"
    return f"[{address.compressed}]"


def _canonical_name(name: str) -> str:
    if len(name) > MAX_HOST_OCTETS or not _NAME.fullmatch(name):
        raise InvalidHost("is not a host name")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return str(IPv4Address(name))
        except AddressValueError:
            raise InvalidHost("is not an IPv4 address") from None
    return name


def is_loopback(name: str) -> bool:
    """Whether the canonical ``name`` can only mean this machine (RFC 6761 section 6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        if name.startswith("["):
            address = IPv6Address(name[1:-1])
            return (address.ipv4_mapped or address).is_loopback
        return IPv4Address(name).is_loopback
    except AddressValueError:
        return False


# -- ALLOWED_HOSTS -------------------------------------------------------------------------------

_SLIPS = (
    (re.compile(r"\A\s*\Z"), "is blank"),
    (re.compile(r"\A\s|\s\Z"), "has white space around it"),
    (re.compile("://"), "has a scheme"),
    (re.compile("/"), "has a path"),
    (re.compile(r"\*"), "has a glob"),
    (re.compile(r"\A[^\[]*:[^:]*:"), "is an IPv6 address without its brackets"),
    (re.compile(r"\.\Z"), "has a trailing dot"),
)


def pattern_problem(entry: object) -> str | None:
    """Say why an entry of ``ALLOWED_HOSTS`` can never match a request, or return None.

    Django compares an entry with the host of the request without its port and trailing dot, so
    that an entry with a scheme, a port, a path or a glob allows nothing, without a word.
    """
    if not isinstance(entry, str):
        return "is not a string"
    if entry == "*":
        return None
    return next((problem for pattern, problem in _SLIPS if pattern.search(entry)), None) or (
        _name_problem(entry)
    )


def _name_problem(entry: str) -> str | None:
    with suppress(InvalidHost):
        if not entry.isascii():
            return f"is not ASCII: clients send {encode_idna(entry)}"
    try:
        host = parse_host(entry.removeprefix("."))
    except InvalidHost as error:
        return str(error)
    if host.port is not None:
        return "has a port"
    if host.name != entry.lower().removeprefix("."):
        return f"is compared as text, and clients send {host.name}"
    return None


def is_overbroad(entry: str) -> bool:
    """Whether ``entry`` is a ``.suffix`` under which anybody may register a name.

    A top-level domain is such a suffix, and so is a domain on which a hosting provider gives
    names to all its customers.
    """
    suffix = entry.lower().removeprefix(".")
    if not entry.startswith(".") or suffix in SPECIAL_USE_NAMES:
        return False
    label, _, parent = suffix.partition(".")
    regional = parent in REGIONAL_SUFFIXES and REGION.fullmatch(label) is not None
    return not parent or suffix in SHARED_SUFFIXES or regional


def encode_idna(entry: str) -> str:
    """Return a host name from the settings as a client sends it: non-ASCII names as punycode.

    Raises:
        InvalidHost: the name has no such form, or two: Python encodes by IDNA 2003, browsers by
            IDNA 2008, and for four characters that is another domain (RFC 5894 section 7.2).
    """
    if entry.isascii():
        return entry
    if _IDNA_DEVIATIONS.search(entry):
        raise InvalidHost("has a character that IDNA 2003 and 2008 encode differently")
    dot = "." if entry.startswith(".") else ""
    try:
        return dot + entry.removeprefix(".").encode("idna").decode("ascii")
    except UnicodeError:
        raise InvalidHost("is not an internationalised host name") from None


@dataclass(frozen=True)
class HostTable:
    """The hosts that are ours: whole names, and domains which count with all names below them."""

    names: frozenset[str]
    suffixes: tuple[str, ...] = ()  # each with its dot in front
    anything: bool = False

    @classmethod
    def from_allowed_hosts(cls, entries: Iterable[object], *, wildcard: bool = False) -> HostTable:
        """Read Django's ``ALLOWED_HOSTS``; entries that can never match are left out.

        ``*`` names no host. It is honoured only with ``wildcard``, where nothing is at stake.
        """
        usable = [str(e).lower() for e in entries if pattern_problem(e) is None]
        suffixes = tuple(entry for entry in usable if entry.startswith("."))
        names = {str(parse_host(e)) for e in usable if e != "*" and not e.startswith(".")}
        return cls(frozenset(names), suffixes, wildcard and "*" in usable)

    def __contains__(self, name: str) -> bool:
        return name in self.names or self.anything or f".{name}".endswith(self.suffixes)
