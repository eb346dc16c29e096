"""This package's own settings, read late and typed."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise

from django_hardened.defaults import ENVIRONMENTS, LOCAL_HOSTS, Environment
from django_hardened.hosts import HostTable
from django_hardened.proxies import TrustedProxies
from django_hardened.sources import Sources


class HardenedConf:
    """A view of ``django.conf.settings``. Nothing is captured: each property reads afresh."""

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
        """``HARDENED_EDGE``: what a proxy in front does, so that Django need not."""
        words = getattr(settings, "HARDENED_EDGE", None)
        if not isinstance(words, (list, tuple, set, frozenset)):
            return frozenset()  # declares nothing, and E903 is about it
        return frozenset(map(str, words))

    @property
    def trusted_proxies(self) -> TrustedProxies:
        """``HARDENED_TRUSTED_PROXIES``, parsed.

        Raises:
            ImproperlyConfigured: it is not a list, or an entry is wrong.
        """
        entries = getattr(settings, "HARDENED_TRUSTED_PROXIES", None) or ()
        return _trusted_proxies(entries if isinstance(entries, str) else tuple(entries))

    @property
    def host_table(self) -> HostTable:
        """``ALLOWED_HOSTS`` as it is now: the test runner and live servers add to it."""
        allowed = self.allowed_hosts
        if not allowed and settings.DEBUG:
            allowed = LOCAL_HOSTS  # as Django does
        return _host_table(allowed, self.environment == "development")

    @property
    def allowed_hosts(self) -> tuple[object, ...]:
        """``ALLOWED_HOSTS`` with its lazy strings evaluated; what is no string stays what it is."""
        return tuple(
            str(entry) if isinstance(entry, Promise) else entry
            for entry in settings.ALLOWED_HOSTS or ()
        )

    @property
    def keeps_port(self) -> bool:
        """Whether a host keeps its port: on a developer's machine it is part of the origin."""
        return self.environment in ("development", "test")


# Keyed by the values themselves, so that no change of a setting can leave a stale entry.
@lru_cache(maxsize=8)
def _host_table(allowed: tuple[object, ...], wildcard: bool) -> HostTable:
    return HostTable.from_allowed_hosts(allowed, wildcard=wildcard)


@lru_cache(maxsize=8)
def _trusted_proxies(entries: tuple[str, ...] | str) -> TrustedProxies:
    try:
        if isinstance(entries, str):
            raise ValueError("is a string and not a list")  # noqa: TRY004  # told like the others
        return TrustedProxies.parse(entries)
    except ValueError as error:
        raise ImproperlyConfigured(f"HARDENED_TRUSTED_PROXIES has an entry that {error}") from None


conf = HardenedConf()
