"""What the middleware and the ASGI wrapper share: one decision about a request, and its log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django_hardened.conf import conf
from django_hardened.forwarded import MAX_FORWARDED_OCTETS, parse_address
from django_hardened.log_window import LogWindow
from django_hardened.proxies import DEFAULT_HTTPS, Client, TrustedProxies

_LOGGER = "django_hardened.proxies"

_LOGGED_CHARACTERS = 100
_UNDECLARED = LogWindow()
_MALFORMED = LogWindow()


def https_header(believed: tuple[str, str] | None) -> tuple[str, str]:
    """Return the header that says https, by its name in META, and the value that says so.

    Whatever the name in ``SECURE_PROXY_SSL_HEADER``, Django believes it from anybody. What is no
    header (``HTTPS``) comes from the server, and stays.
    """
    if believed == DEFAULT_HTTPS or not believed:
        return DEFAULT_HTTPS
    header, value = map(str, believed)
    return (header, value) if header.startswith("HTTP_") else DEFAULT_HTTPS


def is_forwarded(name: str) -> bool:
    """Whether ``name``, as META has it, is of a header that only a proxy may send."""
    return name.startswith("HTTP_X_FORWARDED") or name == "HTTP_FORWARDED"


def read_scope(
    headers: Iterable[tuple[bytes, bytes]], https: str
) -> tuple[dict[str, str], list[tuple[bytes, bytes]]]:
    """Return the forwarded fields of an ASGI scope by their names in META, and the other ones.

    A name with an underscore would have the same name there as the real one, and is left out of
    both: proxies send none, and let it pass.
    """
    fields: dict[str, list[str]] = {}
    others = []
    for field, value in headers:
        name = "HTTP_" + field.decode("latin-1").upper().replace("-", "_")
        if name != https and not is_forwarded(name):
            others.append((field, value))
        elif b"_" not in field:
            fields.setdefault(name, []).append(value.decode("latin-1"))
    return {name: ",".join(values) for name, values in fields.items()}, others


def listen(peer: str, fields: Mapping[str, str], https: tuple[str, str]) -> Client:
    """Return whom ``peer`` speaks for by the settings in effect; log what is not believed."""
    proxies = conf.trusted_proxies
    client = proxies.speak_for(peer, fields, https=https)
    for field, value in client.ignored:
        name = field.removeprefix("HTTP_").replace("_", "-").title()
        if proxies.trusts(peer):
            _MALFORMED.warning(
                _LOGGER,
                "Ignored %s from the proxy %s, which cannot be read: %r",
                name,
                _shown(peer),
                value[-_LOGGED_CHARACTERS:],
            )
        else:
            _tell_undeclared(proxies, peer, f"{name}: {value[-_LOGGED_CHARACTERS:]}", fields)
    if client.address == peer and _is_invented(peer, fields):
        _MALFORMED.warning(
            _LOGGER,
            "The server has put %s from X-Forwarded-For in the place of the peer, which is no "
            "address: have it leave the address alone (uvicorn --no-proxy-headers).",
            _shown(client.address),
        )
        return client._replace(address="")
    return client


def _is_invented(address: str, fields: Mapping[str, str]) -> bool:
    """Whether ``address`` is none, and is what a client has put into the chain."""
    if not address or parse_address(address):
        return False
    return address in _hops(fields)


def _hops(fields: Mapping[str, str]) -> list[str]:
    chain = fields.get("HTTP_X_FORWARDED_FOR", "")[-MAX_FORWARDED_OCTETS:]
    return [hop.strip() for hop in chain.split(",")]


def _tell_undeclared(
    proxies: TrustedProxies, peer: str, field: str, fields: Mapping[str, str]
) -> None:
    """Say why https is not believed: else a redirect that never ends is all that there is."""
    address = parse_address(peer)
    if address is None and peer:
        advice = ""
    elif peer and peer in _hops(fields):
        advice = (
            " The server has put the client in the place of the proxy, so that nobody can tell who "
            "sent this: have it leave the address alone (uvicorn --no-proxy-headers)."
        )
    else:
        declaration = proxies.declaration(str(address or ""))
        advice = f" If that is a proxy of yours: HARDENED_TRUSTED_PROXIES={declaration}"
    _UNDECLARED.warning(
        _LOGGER, "Ignored %r from %s, which is no declared proxy.%s", field, _shown(peer), advice
    )


def _shown(peer: str) -> str:
    return repr(peer[:_LOGGED_CHARACTERS]) if peer else "a unix socket"
