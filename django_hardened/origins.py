"""Origins: a scheme, a host and a port, as browsers send them.

Pure. Sources of the rules: RFC 6454 sections 6.2 and 7, RFC 9110 section 4.2.
"""

from __future__ import annotations

from typing import NamedTuple

from django_hardened.hosts import Host, InvalidHost, encode_idna, parse_host

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """An origin in canonical form: the port is None where the scheme has it anyway."""

    scheme: str
    host: Host

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"


def parse_origin(value: str, *, idna: bool = False) -> Origin:
    """Parse ``https://www.example.com`` or ``http://[::1]:8000``.

    Args:
        value: the origin; of a setting, with ``idna``, also with a name that is not ASCII.
        idna: whether such a name becomes punycode, as browsers send it.

    Raises:
        InvalidHost: it is none, such as ``null``, or has more than a scheme, a host and a port.
    """
    scheme, separator, authority = value.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _DEFAULT_PORTS:
        raise InvalidHost("does not begin with http:// or https://")
    host = parse_host(encode_idna(authority) if idna else authority)
    return Origin(scheme, Host(host.name) if host.port == _DEFAULT_PORTS[scheme] else host)
