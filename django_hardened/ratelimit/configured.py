"""The limits that settings give: on requests of an address, and on wrong passwords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from django_hardened import defaults
from django_hardened.ratelimit.rates import InvalidRate, Limit

_LOGIN = "login-"


def address_limits() -> tuple[Limit, ...]:
    """``HARDENED_ADDRESS_RATES``: what each address may ask for, whatever it is.

    Raises:
        ImproperlyConfigured: a rate cannot be read, or has a name of the limits on logins.
    """
    limits = _limits("HARDENED_ADDRESS_RATES", defaults.ADDRESS_RATES)
    reserved = sorted(name for name in limits if name.startswith(_LOGIN))
    if reserved:
        raise ImproperlyConfigured(
            f"HARDENED_ADDRESS_RATES has {reserved[0]!r}: names with {_LOGIN!r} are those of "
            "HARDENED_LOGIN_RATES"
        )
    return tuple(limits.values())


def login_limits() -> Mapping[str, Limit]:
    """``HARDENED_LOGIN_RATES``: how many wrong passwords an account and an address may have.

    A name that is missing is not limited. Clients are told of ``login-account``: an ``address``
    limits requests, and has counts of its own.

    Raises:
        ImproperlyConfigured: a rate cannot be read, or is for neither.
    """
    limits = _limits("HARDENED_LOGIN_RATES", defaults.LOGIN_RATES, _LOGIN)
    unknown = sorted(limits.keys() - defaults.LOGIN_RATES.keys())
    if unknown:
        raise ImproperlyConfigured(
            f"HARDENED_LOGIN_RATES has {unknown[0]!r}: it may have "
            f"{' and '.join(map(repr, defaults.LOGIN_RATES))}"
        )
    return limits


def _limits(setting: str, default: Mapping[str, object], prefix: str = "") -> Mapping[str, Limit]:
    rates = getattr(settings, setting, default)
    if not isinstance(rates, Mapping):
        raise ImproperlyConfigured(f"{setting} is no dictionary of rates, such as {dict(default)}")
    return _parsed(
        setting, prefix, tuple((str(name), _frozen(rate)) for name, rate in rates.items())
    )


def _frozen(rate: object) -> object:
    """Return ``rate`` in a form that can be a key; what has none is no rate either."""
    return tuple(map(_frozen, rate)) if isinstance(rate, tuple) else _text(rate)


def _text(rate: object) -> object:
    return rate if isinstance(rate, int | Limit) else str(rate)


# Keyed by the values themselves, so that no change of a setting can leave a stale entry.
@lru_cache(maxsize=8, typed=True)
def _parsed(setting: str, prefix: str, rates: tuple[tuple[str, object], ...]) -> dict[str, Limit]:
    try:
        return {name: replace(Limit.parse(rate, name), name=prefix + name) for name, rate in rates}
    except InvalidRate as error:
        raise ImproperlyConfigured(f"{setting} cannot be used: {error}") from None
