"""Trusted proxies: whose forwarded headers are believed, and whom they speak for.

Pure. The model is that of RFC 7239 section 8.1: a header field says something about the client
only as far as every hop that could have written it is one that was declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Literal, NamedTuple, get_args

from django_hardened.forwarded import Hop, parse_address, read_forwarded, read_forwarded_for

UNIX_SOCKET = "unix"
MAX_ADDRESS_CHARACTERS = 64
# Two addresses of IPv6, or a few of IPv4. What is longer is not worth the room.
_REMEMBERED_CHARACTERS = 96
# A chain of more is a number that was meant for something else.
MAX_PROXIES = 16

ForwardedHeader = Literal["X-Forwarded-For", "Forwarded"]
FORWARDED_HEADERS: Final[tuple[ForwardedHeader, ...]] = get_args(ForwardedHeader)
Scheme = Literal["http", "https"]

_IN_META = {"X-Forwarded-For": "HTTP_X_FORWARDED_FOR", "Forwarded": "HTTP_FORWARDED"}
DEFAULT_HTTPS = ("HTTP_X_FORWARDED_PROTO", "https")
# Of a WebSocket some proxies say ws and wss.
_SCHEMES: Final[Mapping[str, Scheme]] = {
    "http": "http",
    "https": "https",
    "ws": "http",
    "wss": "https",
}
_NO_ENTRY = f"is not an address, a network or {UNIX_SOCKET!r}"
_COUNT = re.compile("[0-9]{1,2}")
_IPV4_MAPPED = IPv6Network("::ffff:0:0/96")


class Client(NamedTuple):
    """Whom a request is from, as far as that can be believed.

    Attributes:
        address: the address; that of the peer if nothing better is known.
        scheme: how the client connected, or None where a proxy has not said.
        host: the host that the client asked for, or None where a proxy has not said.
        ignored: the header fields that said something which is not believed, by name in META.
    """

    address: str
    scheme: Scheme | None = None
    host: str | None = None
    ignored: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TrustedProxies:
    """The declared proxies.

    Attributes:
        networks: where they connect from.
        unix_socket: whether a peer on a unix socket is one.
        count: how many there are in a row, the peer included; None is any number. With neither
            networks nor a unix socket, whoever connects is the first of them.
        header: which header they write the chain of addresses to.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix_socket: bool = False
    count: int | None = None
    header: ForwardedHeader = "X-Forwarded-For"

    @classmethod
    def parse(
        cls, entries: Iterable[object], *, header: ForwardedHeader = "X-Forwarded-For"
    ) -> TrustedProxies:
        """Read addresses and networks such as ``10.0.0.0/8`` or ``::1``, ``"unix"``, a number.

        Raises:
            ValueError: an entry is none of these, a network with host bits set, everybody, or
                one number too many.
        """
        declared = list(entries)
        counts = [_checked_count(entry) for entry in declared if isinstance(entry, int)]
        if len(counts) > 1:
            raise ValueError("is a second number of proxies")
        return cls(
            tuple(
                _parse_network(entry)
                for entry in declared
                if entry != UNIX_SOCKET and not isinstance(entry, int)
            ),
            UNIX_SOCKET in declared,
            counts[0] if counts else None,
            header,
        )

    def trusts(self, peer: str) -> bool:
        """Whether ``peer``, the address of the connection, is a declared proxy.

        A peer on a unix socket has no address; servers give an empty one.
        """
        if self.is_count_alone:
            return True
        # Some servers give whatever a client wrote: what is longer than any address is not kept.
        return self._includes(peer[:MAX_ADDRESS_CHARACTERS]) if peer else self.unix_socket

    @property
    def is_count_alone(self) -> bool:
        """Whether nothing but their number is said of the proxies: anybody may be the first."""
        return self.count is not None and not self.networks and not self.unix_socket

    def client_address(self, peer: str, chain: str) -> str:
        """Return the address of the client that the trusted ``peer`` speaks for.

        That is the right-most address of the chain that is not a declared proxy; the left-most
        one if all are. Something malformed says nothing: the peer it is.

        Of an over-long field only the end is read. The proxies wrote that; a client who could
        have the field ignored by padding it would pass for the proxy itself.
        """
        return self._walk(peer, chain) or peer

    def speak_for(
        self, peer: str, fields: Mapping[str, str], *, https: tuple[str, str] = DEFAULT_HTTPS
    ) -> Client:
        """Return whom ``peer`` speaks for: the client if it is a declared proxy, or itself.

        Args:
            peer: the address of the connection, or "" on a unix socket.
            fields: the forwarded header fields, by their name in ``META``.
            https: the header that says how the client connected, and its value for https.
        """
        # What a proxy does not write it passes on as the client sent it: one family is read.
        host, scheme = None, None
        if self.header == "Forwarded":
            name = "HTTP_FORWARDED"
            chain = said = fields.get(name, "")
            hop = next(read_forwarded(chain), None)  # the element that the peer itself wrote
            if hop and hop.scheme:
                scheme = _SCHEMES.get(hop.scheme)
        else:
            name, secure = https
            chain, said = fields.get("HTTP_X_FORWARDED_FOR", ""), fields.get(name, "")
            host = fields.get("HTTP_X_FORWARDED_HOST")
            scheme = "https" if said == secure else _SCHEMES.get(said)
        if not self.trusts(peer):
            return Client(peer, ignored=((name, said),) if scheme == "https" else ())
        ignored: list[tuple[str, str]] = []
        walk = self._remembered if len(chain) <= _REMEMBERED_CHARACTERS else self._walk
        address = walk(peer, chain) if chain.strip() else peer
        if address is None:
            address = peer
            ignored.append((_IN_META[self.header], chain))
        # Other headers than this one may well be "off".
        if said and scheme is None and name == "HTTP_X_FORWARDED_PROTO":
            ignored.append((name, said))
        return Client(address, scheme, host, tuple(ignored))

    def declaration(self, peer: str) -> str:
        """Return the list of proxies, as the environment spells it, with ``peer`` added."""
        networks = [
            str(network).removesuffix(f"/{network.max_prefixlen}") for network in self.networks
        ]
        sockets = [UNIX_SOCKET] if self.unix_socket else []
        count = [str(self.count)] if self.count else []
        return ",".join([*networks, *sockets, peer or UNIX_SOCKET, *count])

    def _hops(self, chain: str) -> Iterator[Hop | None]:
        return read_forwarded(chain) if self.header == "Forwarded" else read_forwarded_for(chain)

    @cached_property
    def _remembered(self) -> Callable[[str, str], str | None]:
        # A client sends many requests by the same chain.
        return lru_cache(maxsize=1024)(self._walk)

    def _walk(self, peer: str, chain: str) -> str | None:
        """Return the address that the chain names, or None if it is malformed."""
        client, number = peer, 0
        for number, hop in enumerate(self._hops(chain), start=1):
            if hop is None:
                return None
            if hop.address is None:
                break
            client = hop.address
            if number == self.count or not self._is_proxy(client):
                break
        return client if number else None

    def _is_proxy(self, hop: str) -> bool:
        """Whether ``hop``, which a proxy has named, is one too: it counts, or it is included."""
        return self._includes(hop) if self.networks else self.count is not None

    @cached_property
    def _includes(self) -> Callable[[str], bool]:
        @lru_cache(maxsize=1024)
        def includes(value: str) -> bool:
            address = parse_address(value)
            return address is not None and any(address in network for network in self.networks)

        return includes


def read_words(words: Iterable[str]) -> tuple[list[str | int], list[tuple[int, str]]]:
    """Return the entries that the words of a variable mean, and what is wrong with which."""
    entries = [int(word) if _COUNT.fullmatch(word) else word for word in words]
    counts: list[int] = []
    wrong = []
    for number, entry in enumerate(entries, start=1):
        try:
            TrustedProxies.parse([*counts, entry])
        except ValueError as error:
            wrong.append((number, str(error)))
        else:
            counts += [entry] if isinstance(entry, int) else []
    return entries, wrong


def _checked_count(entry: int) -> int:
    if isinstance(entry, bool):
        raise ValueError(_NO_ENTRY)  # noqa: TRY004  # told like the others
    if not 1 <= entry <= MAX_PROXIES:
        raise ValueError(f"is not a number of proxies from 1 to {MAX_PROXIES}")
    return entry


def _parse_network(entry: object) -> IPv4Network | IPv6Network:
    text = str(entry)  # ip_network(b"...") and ip_network(10) are addresses
    try:
        if "%" in text:
            raise ValueError
        network = ip_network(text)
    except ValueError:
        raise ValueError(_NO_ENTRY) from None
    if network.prefixlen == 0:
        raise ValueError("trusts everybody")
    if isinstance(network, IPv6Network) and network.subnet_of(_IPV4_MAPPED):
        # Peers are unmapped before they are compared, so what they are compared with is too.
        base = int(network.network_address) & 0xFFFFFFFF
        return IPv4Network((base, network.prefixlen - 96))
    return network
