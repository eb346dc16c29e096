"""``hardened_settings``: from the environment to a complete, safe configuration.

It runs before Django is configured and touches neither ``django.conf.settings`` nor the app
registry. Nothing is edited in place: the same call yields fresh values each time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, TypedDict, Unpack, cast

import django

from django_hardened import csp, defaults
from django_hardened.env import Env, EnvError
from django_hardened.from_env import EnvironmentReader
from django_hardened.proxies import ForwardedHeader
from django_hardened.sources import Sources

# So that SECURE_HSTS_SECOND is a slip, and EMAIL_HOST not one for ALLOWED_HOSTS.
_TYPO_SIMILARITY = 0.85


class Overrides(TypedDict, total=False):
    """The settings that ``hardened_settings`` gives and that its caller may replace by name."""

    SECRET_KEY: str
    SECRET_KEY_FALLBACKS: list[str]
    DEBUG: bool
    ALLOWED_HOSTS: list[str]
    CSRF_TRUSTED_ORIGINS: list[str]
    DATABASES: dict[str, dict[str, Any]]
    CACHES: dict[str, dict[str, Any]]
    MAILERS: dict[str, dict[str, Any]]
    LOGGING: dict[str, Any]
    MIDDLEWARE: list[str]

    SECURE_SSL_REDIRECT: bool
    SECURE_HSTS_SECONDS: int
    SECURE_HSTS_INCLUDE_SUBDOMAINS: bool
    SECURE_HSTS_PRELOAD: bool
    SECURE_CONTENT_TYPE_NOSNIFF: bool
    SECURE_REFERRER_POLICY: str | None
    SECURE_CROSS_ORIGIN_OPENER_POLICY: str | None
    SECURE_PROXY_SSL_HEADER: tuple[str, str] | None
    X_FRAME_OPTIONS: str
    USE_X_FORWARDED_HOST: bool
    USE_X_FORWARDED_PORT: bool

    SESSION_COOKIE_NAME: str
    SESSION_COOKIE_SECURE: bool
    SESSION_COOKIE_HTTPONLY: bool
    SESSION_COOKIE_SAMESITE: str
    SESSION_COOKIE_AGE: int
    SESSION_COOKIE_DOMAIN: str | None
    SESSION_COOKIE_PATH: str
    CSRF_COOKIE_NAME: str
    CSRF_COOKIE_SECURE: bool
    CSRF_COOKIE_HTTPONLY: bool
    CSRF_COOKIE_SAMESITE: str
    CSRF_COOKIE_DOMAIN: str | None
    CSRF_COOKIE_PATH: str
    LANGUAGE_COOKIE_SECURE: bool
    LANGUAGE_COOKIE_HTTPONLY: bool
    LANGUAGE_COOKIE_SAMESITE: str
    SIGNED_COOKIE_LEGACY_SALT_FALLBACK: bool

    AUTHENTICATION_BACKENDS: list[str]
    PASSWORD_HASHERS: list[str]
    AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]]
    PASSWORD_RESET_TIMEOUT: int
    DATA_UPLOAD_MAX_MEMORY_SIZE: int
    DATA_UPLOAD_MAX_NUMBER_FIELDS: int
    DATA_UPLOAD_MAX_NUMBER_FILES: int
    FILE_UPLOAD_MAX_MEMORY_SIZE: int
    FILE_UPLOAD_PERMISSIONS: int
    FILE_UPLOAD_DIRECTORY_PERMISSIONS: int

    RATELIMIT_ENABLE: bool
    HARDENED_CSP: csp.Policy
    HARDENED_CSP_MODE: defaults.PolicyMode
    HARDENED_CSP_SCOPES: dict[str, csp.Policy]
    HARDENED_CSP_REPORT_URI: str
    HARDENED_HEADERS: dict[str, str | None]
    HARDENED_COOKIES: dict[str, dict[str, bool | str]]
    HARDENED_CROSS_SITE_PATHS: list[str]
    HARDENED_SESSION_IDLE: int
    HARDENED_SESSION_ABSOLUTE: int | None
    HARDENED_ADDRESS_RATES: dict[str, str | tuple[int, int]]
    HARDENED_LOGIN_RATES: dict[str, str | tuple[int, int]]
    HARDENED_ENVIRONMENT: defaults.Environment
    HARDENED_TRUSTED_PROXIES: Sequence[str | int]
    HARDENED_FORWARDED_HEADER: ForwardedHeader
    HARDENED_CANONICAL_ORIGIN: str | None
    HARDENED_HEALTH_PATHS: list[str]
    HARDENED_HOST_ALIASES: dict[str, str]
    HARDENED_REDIRECT_HOST_ALIASES: bool
    HARDENED_TENANT_RESOLVER: str | Callable[[str], Any] | None


class HardenedSettings(Overrides, total=False):
    """What ``hardened_settings`` returns: Django settings by name.

    ``DATABASES``, ``CACHES`` and the mail settings are there only where the environment or an
    override says something about them; the project's own stay in force otherwise.
    """

    REST_FRAMEWORK: dict[str, Any]
    HARDENED_ENV_SOURCES: Sources


def hardened_settings(
    env: Env, *, rest_framework: dict[str, Any] | None = None, **overrides: Unpack[Overrides]
) -> HardenedSettings:
    """Return a complete set of safe settings.

    Args:
        env: where ``SECRET_KEY``, ``ALLOWED_HOSTS``, ``DATABASE_URL`` and the like come from.
        rest_framework: merged into the ``REST_FRAMEWORK`` defaults, key by key.
        **overrides: settings by name, which win over the environment and the defaults.

    Raises:
        EnvError: an ``ImproperlyConfigured`` that lists everything wrong in the environment and
            the ``.env`` file at once, a line each with its place, and never a value of a secret.
        TypeError: an override is not a setting that this function gives.
    """
    if not isinstance(env, Env):
        raise TypeError("hardened_settings() needs an Env: Env.from_file(BASE_DIR / '.env')")
    _refuse_unknown(overrides)
    with env.collecting() as problems:
        reader = EnvironmentReader(env, problems, overrides.get("HARDENED_ENVIRONMENT"))
        from_environment = reader.settings(given=overrides)
    if problems:
        raise EnvError(_report(problems))

    environment = reader.environment
    settings: dict[str, Any] = {
        "MIDDLEWARE": [*defaults.MIDDLEWARE],
        "AUTHENTICATION_BACKENDS": [*defaults.AUTHENTICATION_BACKENDS],
        "LOGGING": defaults.logging(environment),
        **defaults.transport(environment),
        **defaults.browsers(),
        **defaults.lifetimes(),
        **defaults.cookies(environment),
        **defaults.passwords(environment),
        **defaults.uploads(),
        **defaults.compatibility(),
        **from_environment,
        **overrides,
        "REST_FRAMEWORK": _merge(defaults.rest_framework(environment), rest_framework or {}),
        "HARDENED_ENVIRONMENT": environment,
        "HARDENED_ENV_SOURCES": env.sources,
    }
    if settings["HARDENED_TRUSTED_PROXIES"] and _is_free(overrides, settings["MIDDLEWARE"]):
        # Believed only from declared proxies: the middleware removes it from any other.
        settings["SECURE_PROXY_SSL_HEADER"] = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.setdefault("SESSION_COOKIE_NAME", _cookie_name(settings, "SESSION", "sessionid"))
    settings.setdefault("CSRF_COOKIE_NAME", _cookie_name(settings, "CSRF", "csrftoken"))
    if "X_FRAME_OPTIONS" in overrides and "HARDENED_CSP" not in overrides:
        # Where there are both, browsers go by the policy.
        own_frames = str(settings["X_FRAME_OPTIONS"]).upper() == "SAMEORIGIN"
        settings["HARDENED_CSP"]["frame-ancestors"] = [csp.SELF if own_frames else csp.NONE]
    if environment == "test":
        settings.setdefault("RATELIMIT_ENABLE", False)
    return cast(HardenedSettings, settings)


def _cookie_name(settings: dict[str, Any], cookie: str, name: str) -> str:
    """Return ``name`` with the prefix that the attributes decided so far allow."""
    return defaults.cookie_name(
        name,
        secure=settings[f"{cookie}_COOKIE_SECURE"],
        domain=settings.get(f"{cookie}_COOKIE_DOMAIN"),
        path=settings.get(f"{cookie}_COOKIE_PATH", "/"),
    )


def _refuse_unknown(overrides: Overrides) -> None:
    if "MAILERS" in overrides and django.VERSION < (6, 1):
        raise TypeError("MAILERS needs Django 6.1: set EMAIL_URL, or EMAIL_HOST and its kin")
    known = Overrides.__annotations__
    for name in overrides:
        if name == "REST_FRAMEWORK":
            raise TypeError("pass rest_framework={...}: it is merged into the closed defaults")
        if name not in known:
            matches = get_close_matches(name, known, n=1, cutoff=_TYPO_SIMILARITY)
            hint = f"did you mean {matches[0]}?" if matches else "assign it in the settings module"
            raise TypeError(f"hardened_settings() does not give {name}; {hint}")


def _is_free(overrides: Overrides, middleware: list[str]) -> bool:
    """Whether nobody else decides about SECURE_PROXY_SSL_HEADER, and it can be trusted."""
    trusted = "django_hardened.middleware.TrustedProxyMiddleware" in middleware
    return trusted and "SECURE_PROXY_SSL_HEADER" not in overrides


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``changes``. Dictionaries in it, such as rates, are merged as well."""
    merged = base | changes
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merged[key] = base[key] | value
    return merged


def _report(problems: list[str]) -> str:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n  ".join([f"{count} in the environment:", *problems])
