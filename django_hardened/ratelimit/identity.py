"""Whom a limit is for: an address, or the networks around it that one client may hold.

Pure. The address is what ``TrustedProxyMiddleware`` has left in ``REMOTE_ADDR``: a header that a
client writes is never asked here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final, NamedTuple

from django_hardened.forwarded import parse_address

# RFC 6177: a site is given a /64 at least, and often a /56 or a /48. Each of these networks is
# limited in the same decision, the wider ones at a multiple, for neighbours.
IPV6_NETWORKS: Final = ((64, 1), (56, 4), (48, 16))
# What no address can be made of shares one bucket: it must not be a way around the limit.
UNKNOWN: Final = "unknown"

_MAX_CHARACTERS = 128  # more than any address has
_WITH_PORT = re.compile(r"\[(?P<ipv6>[^\[\]]*)\](?::\d*)?|(?P<ipv4>\d+\.\d+\.\d+\.\d+):\d*")


class Client(NamedTuple):
    """Who is counted, and how many times the limit they share."""

    parts: tuple[str, ...]
    multiple: int = 1


def by_address(remote_addr: object) -> list[Client]:
    """Return the clients that a request from ``REMOTE_ADDR`` counts for. Never raises."""
    return list(_by_address(str(remote_addr or "").strip()[:_MAX_CHARACTERS]))


@lru_cache(maxsize=1024)
def _by_address(text: str) -> tuple[Client, ...]:
    address = parse(text)
    if address is None:
        return (Client(("address", UNKNOWN)),)
    if isinstance(address, IPv4Address):
        return (Client(("address", str(address))),)
    return tuple(
        Client(("address", str(ip_network((int(address), prefix), strict=False))), multiple)
        for prefix, multiple in IPV6_NETWORKS
    )


def by_user(primary_key: object) -> list[Client]:
    """Return the client that a user is, by primary key: a name may be given to somebody else."""
    return [Client(("user", str(primary_key)))]


def by_value(kind: str, value: object) -> list[Client]:
    """Return the client that any other value stands for. An empty one is one bucket as well."""
    return [Client((kind, str(value)))]


def parse(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that is ``text``, with or without a port; or None. Never raises."""
    match = _WITH_PORT.fullmatch(text)
    if match:
        text = match["ipv6"] if match["ipv6"] is not None else match["ipv4"]
    return parse_address(text.partition("%")[0])
