"""The Redis servers of Channels, RQ and Django-Q2, each of which spells its settings differently.

https://github.com/django/channels_redis#usage, https://github.com/rq/django-rq#installation and
https://django-q2.readthedocs.io/en/stable/configure.html#redis-configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.conf import settings

from django_hardened.checks.dictionaries import entries, mapping
from django_hardened.checks.services import Address, parse_address

# Any other BACKEND of CHANNEL_LAYERS has its servers elsewhere.
_LAYER = "channels_redis."


class Store(NamedTuple):
    """One server.

    Attributes:
        setting: the setting that names it.
        where: the part of that setting, as code.
        fix: the line that takes it from the environment.
        has_tls: whether the connection is encrypted.
        options: what the client library is told besides.
    """

    setting: str
    where: str
    fix: str
    address: Address
    has_tls: bool
    options: Mapping[str, Any]


def stores() -> Iterator[Store]:
    """Yield every server that one of the settings names."""
    yield from _channel_layers()
    yield from _rq_queues()
    yield from _q_cluster()


def _channel_layers() -> Iterator[Store]:
    for alias, config in entries(getattr(settings, "CHANNEL_LAYERS", None)):
        where = f"CHANNEL_LAYERS[{alias!r}]"
        fix = f'{where}["CONFIG"]["hosts"] = [os.environ["REDIS_URL"]]'
        options = mapping(config.get("CONFIG"))
        if not str(config.get("BACKEND")).startswith(_LAYER):
            continue
        for host in _listed(options.get("hosts")):
            yield from _servers("CHANNEL_LAYERS", where, fix, host)


def _rq_queues() -> Iterator[Store]:
    for name, config in entries(getattr(settings, "RQ_QUEUES", None)):
        where = f"RQ_QUEUES[{name!r}]"
        fix = f'{where} = {{"URL": os.environ["REDIS_URL"]}}'
        yield from _servers("RQ_QUEUES", where, fix, config)


def _q_cluster() -> Iterator[Store]:
    config = mapping(getattr(settings, "Q_CLUSTER", None)).get("redis")
    where = 'Q_CLUSTER["redis"]'
    fix = f'{where} = os.environ["REDIS_URL"]'
    yield from _servers("Q_CLUSTER", where, fix, config)


def _servers(setting: str, where: str, fix: str, config: object) -> Iterator[Store]:
    """Yield the servers of ``config``: a URL, a pair of host and port, or a dictionary."""
    if not isinstance(config, Mapping):
        named = [config] if config else []
        for address in _addresses(named):
            yield Store(setting, where, fix, address, address.scheme == "rediss", address.query)
        return
    options = {str(key).lower(): value for key, value in config.items()}
    # What RQ and Channels hand on to the library.
    for key in ("connection_kwargs", "redis_client_kwargs", "ssl_context"):
        options |= mapping(options.get(key))
    sentinels = _listed(options.get("sentinels"))
    url = options.get("url") or options.get("address")
    for address in _addresses(sentinels or [url or options.get("host")]):
        password = str(options.get("password") or "") or address.password
        user = str(options.get("username") or "") or address.user
        has_tls = address.scheme == "rediss" or bool(options.get("ssl"))
        full = address._replace(password=password, user=user)
        yield Store(setting, where, fix, full, has_tls, {**options, **address.query})


def _addresses(named: list[Any]) -> Iterator[Address]:
    for entry in named:
        host = entry[0] if isinstance(entry, list | tuple) and entry else entry
        address = parse_address(host) if host else None
        if address and not address.scheme.startswith("unix"):
            yield address


def _listed(value: object) -> list[Any]:
    if isinstance(value, list | tuple):
        return [*value]
    return [value] if isinstance(value, str) else []
