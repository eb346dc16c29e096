"""Where the services are that settings name, and what is known of their credentials."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from math import isfinite
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from django_hardened.suffixes import SPECIAL_USE_NAMES

# Names below these belong to one network: those of RFC 6761 and its kin, and Kubernetes services.
_PRIVATE_SUFFIXES = SPECIAL_USE_NAMES | {"svc"}

# The first that anybody tries: image defaults, tutorials and `docker run -e` lines.
_DEFAULT_PASSWORDS = frozenset(
    "admin administrator default django dev example guest letmein mariadb mysql postgres "
    "postgresql psql qwerty rabbitmq redis root sa test toor user 1234 12345 123456 1234567 "
    "12345678 123456789 1234567890 passw0rd p@ssw0rd p@ssword pass123 password1 password123 "
    "admin123 root123 test123 postgres123 xxx xxxx xxxxx xxxxxx xxxxxxxx".split()
)
_PLACEHOLDER = re.compile(
    "(?:your|my|the|some|new|insert|enter|set|an?|change|replace|put)*"
    "(?:db|database|smtp|email|mail|redis|host|user|app|super|strong|secure|secret|top)*"
    "(?:password|passwd|passphrase|pass|pwd|secret|secretkey|changeme|changeit|changethis"
    "|replaceme|placeholder|todo|fixme)"
    "(?:here|this|me|word)*"
)


UNREADABLE = "a URL that cannot be read"


class Address(NamedTuple):
    """What a URL or a ``host:port`` says of a service.

    ``host`` is ``UNREADABLE`` where it may be a part of the password.
    """

    scheme: str
    host: str
    user: str
    password: str
    query: dict[str, str]


def parse_address(value: object) -> Address | None:
    """Parse a URL or ``host:port``; None for what is neither."""
    text = str(value)
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        # A "/", "?" or "#" in a password, not escaped, ends the part that has the host.
        is_cut = "@" in f"{parts.path}{parts.query}{parts.fragment}"
        host = UNREADABLE if is_cut else parts.hostname or ""
    except ValueError:
        return None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Address(parts.scheme, host, user, password, dict(parse_qsl(parts.query)))


def is_remote(host: object) -> bool:
    """Whether ``host`` is reached over networks of others: a public address or a dotted name.

    Sockets, this machine, private addresses, and names without a dot, such as those of docker
    services, are not. What cannot be read is.
    """
    if host == UNREADABLE:
        return True
    name = str(host or "").strip().lower().strip("[]").removesuffix(".")
    if not name or "/" in name:
        return False
    try:
        return ip_address(name.partition("%")[0]).is_global
    except ValueError:
        return "." in name and name.rpartition(".")[2] not in _PRIVATE_SUFFIXES


def is_default_password(password: str, user: str = "") -> bool:
    """Whether ``password`` is one that everybody tries: the user's name, a default, a blank."""
    text = password.strip().lower()
    letters = re.sub("[^a-z]", "", text)
    return bool(text) and (
        text == user.strip().lower()
        or text in _DEFAULT_PASSWORDS
        or bool(_PLACEHOLDER.fullmatch(letters) and len(letters) >= len(text) - 6)
    )


def skips_verification(options: object) -> bool:
    """Whether ``options``, of a client library or a URL, ask not to verify the certificate."""
    if not isinstance(options, Mapping):
        return False
    requirement = options.get("ssl_cert_reqs", options.get("cert_reqs", "required"))
    return requirement in (None, ssl.CERT_NONE) or str(requirement).lower() in (
        "none",
        "cert_none",
    )


def in_days(seconds: float) -> str:
    """Return a span of time in words; what has no end, or cannot be counted, is "ever"."""
    return f"{round(seconds / (24 * 60 * 60))} days" if isfinite(seconds) else "ever"
