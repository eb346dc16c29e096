"""A site that is right, for the tests of checks: each test changes one thing about it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from django.core.checks import CheckMessage
from django.test import override_settings

from django_hardened import defaults

PIN = "django_hardened.middleware.HostPinningMiddleware"
PROXY = "django_hardened.middleware.TrustedProxyMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
UPDATE_CACHE = "django.middleware.cache.UpdateCacheMiddleware"

MIDDLEWARE = list(defaults.MIDDLEWARE)
SITE: dict[str, Any] = {
    **defaults.transport("production"),
    **defaults.cookies("production"),
    "MIDDLEWARE": MIDDLEWARE,
    "ALLOWED_HOSTS": ["www.example.com", "example.com"],
    "CSRF_TRUSTED_ORIGINS": [],
    "HARDENED_EDGE": set(),
}


def without(*names: str) -> list[str]:
    """Return the middleware of the site less those that end in ``names``."""
    return [entry for entry in MIDDLEWARE if not entry.endswith(names)]


def findings(*modules: ModuleType, **changes: Any) -> list[CheckMessage]:
    """Return what ``modules`` find on the site with ``changes`` of its settings."""
    with override_settings(**{**SITE, **changes}):
        found = [message for module in modules for check in module.CHECKS for message in check()]
    assert all(message.hint and "{{" not in message.hint for message in found)
    return found


def codes(*modules: ModuleType, **changes: Any) -> list[str]:
    """Return the codes of :func:`findings`, such as ``E201``."""
    return [
        str(message.id).removeprefix("django_hardened.")
        for message in findings(*modules, **changes)
    ]
