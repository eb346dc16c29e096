"""This package's own settings, read late and typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import partial
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http.request import validate_host
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from django_hardened.defaults import ENVIRONMENTS, LOCAL_HOSTS, Environment
from django_hardened.host_policy import HostPolicy
from django_hardened.hosts import HostTable, InvalidHost, encode_idna, parse_host
from django_hardened.origins import Origin, parse_origin
from django_hardened.own_settings import EDGE_WORDS
from django_hardened.proxies import FORWARDED_HEADERS, TrustedProxies
from django_hardened.sources import Sources
from django_hardened.tenants import Tenants


class HardenedConf:
    """A view of ``django.conf.settings``.

    What is kept is made anew when Django's ``setting_changed`` tells of a change, and lists that
    are changed in place are compared.
    """

    _policy: tuple[tuple[object, ...], HostPolicy] | None = None
    _proxies: tuple[object, TrustedProxies] | None = None

    @property
    def environment(self) -> Environment:
        """``HARDENED_ENVIRONMENT``; without it, what ``DEBUG`` suggests.

        An unknown word means production, where every rule holds.
        """
        word = getattr(settings, "HARDENED_ENVIRONMENT", None)
        if word is None:
            return "development" if settings.DEBUG else "production"
        return next((known for known in ENVIRONMENTS if word == known), "production")

    @property
    def env_sources(self) -> Sources | None:
        """Where the values of the environment came from, if ``hardened_settings`` was called."""
        return getattr(settings, "HARDENED_ENV_SOURCES", None)

    @property
    def edge(self) -> frozenset[str]:
        """``HARDENED_EDGE``: what a proxy in front does, so that Django need not.

        A word that means nothing declares nothing, and E904 is about it.
        """
        words = getattr(settings, "HARDENED_EDGE", None)
        if not isinstance(words, (list, tuple, set, frozenset)):
            return frozenset()  # declares nothing, and E903 is about it
        return frozenset(map(str, words)) & frozenset(EDGE_WORDS)

    @property
    def trusted_proxies(self) -> TrustedProxies:
        """``HARDENED_TRUSTED_PROXIES`` and ``HARDENED_FORWARDED_HEADER``, parsed.

        Raises:
            ImproperlyConfigured: one is something else, or an entry is wrong.
        """
        entries = getattr(settings, "HARDENED_TRUSTED_PROXIES", None) or ()
        if self._proxies is None or self._proxies[0] != entries:
            self._proxies = (copy(entries), self._make_proxies(entries))
        return self._proxies[1]

    def _make_proxies(self, entries: Any) -> TrustedProxies:
        header = getattr(settings, "HARDENED_FORWARDED_HEADER", None) or FORWARDED_HEADERS[0]
        if header not in FORWARDED_HEADERS:
            names = " nor ".join(map(repr, FORWARDED_HEADERS))
            raise ImproperlyConfigured(f"HARDENED_FORWARDED_HEADER is neither {names}")
        if isinstance(entries, str):
            raise ImproperlyConfigured("HARDENED_TRUSTED_PROXIES is a string and not a list")
        try:
            return TrustedProxies.parse(entries, header=header)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"HARDENED_TRUSTED_PROXIES has an entry that {error}"
            ) from None
        except TypeError:
            raise ImproperlyConfigured(
                "HARDENED_TRUSTED_PROXIES is not a list of strings and numbers"
            ) from None

    @property
    def host_policy(self) -> HostPolicy:
        """Which hosts are ours, by all the settings that say so.

        Kept until one of them changes. The test runner and live servers add to ``ALLOWED_HOSTS``
        in place, so that is compared each time.

        Raises:
            ImproperlyConfigured: ``HARDENED_HOST_ALIASES``, ``HARDENED_CANONICAL_ORIGIN`` or
                ``HARDENED_TENANT_RESOLVER`` cannot be used.
        """
        allowed = tuple(settings.ALLOWED_HOSTS or ())
        if self._policy is None or self._policy[0] != allowed:
            self._policy = (allowed, self._make_policy())
        return self._policy[1]

    def _make_policy(self) -> HostPolicy:
        allowed: tuple[Any, ...] = self.allowed_hosts
        if not allowed and settings.DEBUG:
            allowed = LOCAL_HOSTS  # as Django does
        tenants = self.tenants
        wildcard = self.environment == "development" or tenants is not None
        return HostPolicy(
            table=HostTable.from_allowed_hosts(allowed, wildcard=wildcard),
            admits=partial(validate_host, allowed_hosts=allowed),
            aliases=self.host_aliases,
            redirects_aliases=bool(getattr(settings, "HARDENED_REDIRECT_HOST_ALIASES", False)),
            origin=self.canonical_origin,
            keeps_port=self.keeps_port,
            tenants=tenants,
            health_paths=self.health_paths,
        )

    @property
    def host_aliases(self) -> dict[str, str]:
        """``HARDENED_HOST_ALIASES``: names that stand for others, both in canonical form."""
        aliases = getattr(settings, "HARDENED_HOST_ALIASES", None) or {}
        with _explained("HARDENED_HOST_ALIASES"):
            return {_name(alias): _name(name) for alias, name in dict(aliases).items()}

    @property
    def canonical_origin(self) -> Origin | None:
        """``HARDENED_CANONICAL_ORIGIN``, parsed: scheme, host and port as visitors see them."""
        value = getattr(settings, "HARDENED_CANONICAL_ORIGIN", None)
        with _explained("HARDENED_CANONICAL_ORIGIN"):
            return parse_origin(str(value), idna=True) if value else None

    @property
    def health_paths(self) -> frozenset[str]:
        """``HARDENED_HEALTH_PATHS``.

        Raises:
            ImproperlyConfigured: it is a string, whose characters would be paths.
        """
        paths = getattr(settings, "HARDENED_HEALTH_PATHS", None) or ()
        if isinstance(paths, str):
            raise ImproperlyConfigured("HARDENED_HEALTH_PATHS is a string and not a list")
        with _explained("HARDENED_HEALTH_PATHS"):
            return frozenset(map(str, paths))

    @property
    def tenants(self) -> Tenants | None:
        """A directory that asks ``HARDENED_TENANT_RESOLVER``, and has not asked anything yet."""
        resolver = getattr(settings, "HARDENED_TENANT_RESOLVER", None)
        if not resolver:
            return None
        with _explained("HARDENED_TENANT_RESOLVER"):
            return Tenants(resolver if callable(resolver) else import_string(str(resolver)))

    def forget(self, **kwargs: object) -> None:
        """Drop what was made of settings; connected to ``setting_changed``."""
        self._policy = self._proxies = None

    @property
    def allowed_hosts(self) -> tuple[object, ...]:
        """``ALLOWED_HOSTS`` with its lazy strings evaluated; what is no string stays what it is."""
        return tuple(
            str(entry) if isinstance(entry, Promise) else entry
            for entry in settings.ALLOWED_HOSTS or ()
        )

    @property
    def keeps_port(self) -> bool:
        """Whether a host keeps its port: on a developer's machine it is part of the origin.

        Test runners turn DEBUG off, which is production to a project that names no environment.
        What they leave in ``django.core.mail`` tells them from it.
        """
        if getattr(settings, "HARDENED_ENVIRONMENT", None) is None and hasattr(mail, "outbox"):
            return True
        return self.environment in ("development", "test")


def _name(value: object) -> str:
    """Return a host name from the settings in canonical form."""
    host = parse_host(encode_idna(str(value)))
    if host.port is not None:
        raise InvalidHost("has a port")
    return host.name


@contextmanager
def _explained(setting: str) -> Iterator[None]:
    """Turn what is wrong with a value into an error that names the setting."""
    try:
        yield
    except (ValueError, TypeError, ImportError) as error:
        raise ImproperlyConfigured(f"{setting} cannot be used: {error}") from None


conf = HardenedConf()
setting_changed.connect(conf.forget, dispatch_uid="django_hardened.conf")
