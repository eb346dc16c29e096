"""1xx: ``SECURE_PROXY_SSL_HEADER``: which header says that a visitor came in over https."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.pinning import TRUSTED_PROXY, open_entries
from django_hardened.checks.presence import is_present
from django_hardened.checks.proxies import DECLARE, are_declared
from django_hardened.checks.rules import Rule

W118 = Rule(
    "W118",
    "SECURE_PROXY_SSL_HEADER is set, and no trusted proxy is declared: {consequence}.",
    f"{DECLARE}; without a proxy, SECURE_PROXY_SSL_HEADER = None",
    setting="SECURE_PROXY_SSL_HEADER",
    asvs="4.1.3",
    cwe=348,
)
I125 = Rule(
    "I125",
    "SECURE_PROXY_SSL_HEADER is set, and no trusted proxy is declared: whoever reaches the server "
    "past the proxy passes off plain http as https.",
    f"{DECLARE}; without a proxy, SECURE_PROXY_SSL_HEADER = None",
    setting="SECURE_PROXY_SSL_HEADER",
    asvs="4.1.3",
    cwe=348,
)
E119 = Rule(
    "E119",
    "SECURE_PROXY_SSL_HEADER is {value}, which {problem}.",
    'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
    setting="SECURE_PROXY_SSL_HEADER",
)
W123 = Rule(
    "W123",
    "SECURE_PROXY_SSL_HEADER reads {header}, for which TrustedProxyMiddleware does not vouch: it "
    "is removed, or any client may send it.",
    'Let the proxy set X-Forwarded-Proto: SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", '
    '"https")',
    setting="SECURE_PROXY_SSL_HEADER",
    asvs="4.1.3",
    cwe=348,
)
RULES = (W118, I125, E119, W123)

_FORWARDED_PROTO = "HTTP_X_FORWARDED_PROTO"
# What the server puts into the environment of a request by itself: no client can send it.
_SERVER_VARIABLES = {"HTTPS", "REQUEST_SCHEME", "UWSGI_SCHEME", "wsgi.url_scheme"}
# What clients send, and proxies forward as it is: or the address and the host, not the scheme.
_OF_CLIENTS = frozenset(
    f"HTTP_{name}"
    for name in """
    ACCEPT ACCEPT_CHARSET ACCEPT_ENCODING ACCEPT_LANGUAGE AUTHORIZATION CACHE_CONTROL CONNECTION
    CONTENT_LENGTH CONTENT_TYPE COOKIE DATE DNT EXPECT FROM HOST IF_MATCH IF_MODIFIED_SINCE
    IF_NONE_MATCH IF_RANGE IF_UNMODIFIED_SINCE ORIGIN PRAGMA PRIORITY RANGE REFERER TE
    TRANSFER_ENCODING UPGRADE UPGRADE_INSECURE_REQUESTS USER_AGENT VIA X_CSRFTOKEN
    X_FORWARDED_FOR X_FORWARDED_HOST X_REAL_IP X_REQUESTED_WITH
    """.split()
)


def check_proxy_ssl_header(**kwargs: Any) -> list[CheckMessage]:
    value = settings.SECURE_PROXY_SSL_HEADER
    if value is None:
        return []
    problem = _ssl_header_problem(value)
    if problem:
        return [E119.found(value=_describe(value), problem=problem)]
    header, has_middleware = str(value[0]), is_present(TRUSTED_PROXY)
    if header in _SERVER_VARIABLES:
        return []
    if are_declared():
        unknown = has_middleware and header != _FORWARDED_PROTO
        return [W123.found(header=header)] if unknown else []
    if has_middleware and header == _FORWARDED_PROTO:
        consequence = "the header is removed, and every request counts as plain http"
    elif open_entries():
        consequence = "any client may send it, and passes off plain http as https"
    else:  # a site that has named its hosts knows who serves them
        return [I125.found()]
    return [W118.found(consequence=consequence)]


def _describe(value: Any) -> str:
    """Return the name of the header: what is waited for may be a secret that the proxy adds."""
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    return f"({str(value[0])!r}, ...)" if is_pair else f"of the type {type(value).__name__}"


def _ssl_header_problem(value: Any) -> str | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return "is not a pair of a header and a value: Django fails on every request"
    header, secure = map(str, value)
    if header in _SERVER_VARIABLES:
        return None
    if not header.startswith("HTTP_") or header != header.upper() or "-" in header:
        return "does not name a header as Django knows it, such as 'HTTP_X_FORWARDED_PROTO'"
    if header in _OF_CLIENTS or header.startswith("HTTP_SEC_"):
        return "is no header in which a proxy says how a visitor came in: any client may send it"
    if secure.strip() in ("", "http"):
        return "takes plain http for https"
    if header.endswith(("_PROTO", "_SCHEME")) and secure != "https":
        return "no proxy ever sends: the value is 'https'"
    return None


CHECKS = (check_proxy_ssl_header,)
