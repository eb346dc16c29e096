"""Scopes and networks: lists of words in one text field, each word checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from django.core.exceptions import ValidationError

from django_hardened.ratelimit.identity import parse

# RFC 6749 section 3.3: what a scope may be made of; a blank is between two.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")

Network = IPv4Network | IPv6Network


def joined(words: str | Iterable[str]) -> str:
    """Return ``words`` in the form in which they are stored: in order, each once."""
    listed = words.split() if isinstance(words, str) else words
    return " ".join(sorted(set(listed)))


def check_scopes(text: str) -> None:
    """Refuse what is no list of scopes; a validator.

    Raises:
        ValidationError: a word has a character that no scope has.
    """
    wrong = [word for word in text.split() if not _SCOPE.fullmatch(word)]
    if wrong:
        raise ValidationError("%(words)s: no scope has such characters.", params=_shown(wrong))


def check_networks(text: str) -> None:
    """Refuse what is no list of networks and addresses; a validator.

    Raises:
        ValidationError: a word is neither.
    """
    wrong = [word for word in text.split() if _network(word) is None]
    if wrong:
        raise ValidationError(
            "%(words)s: no network such as 192.0.2.0/24 or 2001:db8::/32, and no address.",
            params=_shown(wrong),
        )


def admits(networks: str, remote_addr: object) -> bool:
    """Whether the address is in one of ``networks``, or there are none.

    What no address can be made of is in none. IPv4 in IPv6 is the IPv4 address.
    """
    if not networks:
        return True
    address = parse(str(remote_addr or ""))
    return address is not None and any(address in network for network in _parsed(networks))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[Network, ...]:
    return tuple(network for word in text.split() if (network := _network(word)))


def _network(word: str) -> Network | None:
    try:
        return ip_network(word)
    except ValueError:  # bits behind the prefix included: they are a slip
        return None


def _shown(words: list[str]) -> dict[str, str]:
    return {"words": ", ".join(words)}
