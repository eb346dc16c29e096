"""Trusted proxies: whose ``X-Forwarded-*`` is believed, and what it says.

Pure. The model is that of RFC 7239 section 8.1: a header field says something about the client
only as far as every hop that could have written it is one that was declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

UNIX_SOCKET = "unix"
# Of a longer chain only the end is read: a client may put any number of hops in front.
MAX_FORWARDED_OCTETS = 1024

_IPV4_MAPPED = IPv6Network("::ffff:0:0/96")
_HOP_WITH_PORT = re.compile(
    r"(?:\[(?P<ipv6>[0-9a-fA-F.]*:[0-9a-fA-F:.]*)\]|(?P<ipv4>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?"
)


@dataclass(frozen=True)
class TrustedProxies:
    """The declared proxies: networks, and whether peers on a unix socket count."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix_socket: bool = False

    @classmethod
    def parse(cls, entries: Iterable[str]) -> TrustedProxies:
        """Read addresses and networks such as ``10.0.0.0/8`` or ``::1``, and ``"unix"``.

        Raises:
            ValueError: an entry is none of these, a network with host bits set, or everybody.
        """
        declared = list(entries)
        networks = [_parse_network(entry) for entry in declared if entry != UNIX_SOCKET]
        return cls(tuple(networks), UNIX_SOCKET in declared)

    def trusts(self, peer: str) -> bool:
        """Whether ``peer``, the address of the connection, is a declared proxy.

        A peer on a unix socket has no address; servers give an empty one.
        """
        if not peer:
            return self.unix_socket
        address = parse_address(peer)
        return address is not None and self._includes(address)

    def client_address(self, peer: str, forwarded_for: str) -> str:
        """Return the address of the client that the trusted ``peer`` speaks for.

        That is the right-most address of ``X-Forwarded-For`` that is not a declared proxy; the
        left-most one if all are. Something malformed says nothing: the peer it is.

        Of an over-long field only the end is read. The proxies wrote that; a client who could
        have the field ignored by padding it would pass for the proxy itself.
        """
        hops = forwarded_for[-MAX_FORWARDED_OCTETS:].split(",")
        if len(forwarded_for) > MAX_FORWARDED_OCTETS:
            del hops[0]  # cut off somewhere in the middle
        client = peer
        for hop in reversed(hops):
            address = parse_address(_without_port(hop.strip()))
            if address is None:
                return peer
            client = str(address)
            if not self._includes(address):
                break
        return client

    def _includes(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.networks)


def parse_address(value: str) -> IPv4Address | IPv6Address | None:
    """Return the address ``value``, or None. IPv4-mapped IPv6 is the IPv4 address it maps."""
    if "%" in value:  # a zone means something on one machine only
        return None
    try:
        address = ip_address(value)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _parse_network(entry: str) -> IPv4Network | IPv6Network:
    text = str(entry)  # ip_network(10) is 0.0.0.10
    try:
        if "%" in text:
            raise ValueError
        network = ip_network(text)
    except ValueError:
        raise ValueError(f"is not an address, a network or {UNIX_SOCKET!r}") from None
    if network.prefixlen == 0:
        raise ValueError("trusts everybody")
    if isinstance(network, IPv6Network) and network.subnet_of(_IPV4_MAPPED):
        # Peers are unmapped before they are compared, so what they are compared with is too.
        base = int(network.network_address) & 0xFFFFFFFF
        return IPv4Network((base, network.prefixlen - 96))
    return network


def _without_port(hop: str) -> str:
    """Remove the port that some proxies add: ``192.0.2.1:4711``, ``[2001:db8::1]:4711``."""
    match = _HOP_WITH_PORT.fullmatch(hop)
    if match is None or int(match["port"] or 0) > 65535:
        return hop
    return match["ipv6"] or match["ipv4"]
