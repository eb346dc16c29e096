"""Who logs in here with a password, as far as the settings tell."""

from __future__ import annotations

from inspect import signature

from django.apps import apps

from django_hardened.checks.classes import is_subclass, listed, load_class
from django_hardened.checks.presence import is_present

_AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
_MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
_LOGIN_APPS = (
    "django.contrib.admin",
    "rest_framework.authtoken",
    *("allauth.account", "dj_rest_auth", "djoser", "knox", "oauth2_provider", "registration"),
    *("rest_framework_simplejwt", "two_factor", "wagtail.admin"),
)
_ALLAUTH_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# They decide who may do what, or who may try: their authenticate() lets nobody in.
_LETS_NOBODY_IN = (
    "axes.backends.AxesStandaloneBackend",
    "bridgekeeper.backends.RulePermissionBackend",
    "django.contrib.auth.backends.BaseBackend",
    "django_hardened.backends.LoginProtectionBackend",
    "guardian.backends.ObjectPermissionBackend",
    "permission.backends.PermissionBackend",
    "rules.permissions.ObjectPermissionBackend",
)


def backends() -> list[str]:
    """Return ``AUTHENTICATION_BACKENDS`` as text."""
    return listed("AUTHENTICATION_BACKENDS")


def password_backends() -> list[str]:
    """Return the backends that ask for a password which Django keeps."""
    return [entry for entry in backends() if _takes_password(entry)]


def other_backends() -> list[str]:
    """Return the backends that let somebody in without a password which Django keeps."""
    passwords = password_backends()
    return [entry for entry in backends() if entry not in passwords and _lets_in(entry)]


def _lets_in(dotted: str) -> bool:
    """Whether ``dotted`` has a way of its own to authenticate; in doubt it has."""
    loaded = load_class(dotted)
    if loaded is None:
        return dotted not in _LETS_NOBODY_IN
    idle = [getattr(load_class(name), "authenticate", None) for name in _LETS_NOBODY_IN]
    return getattr(loaded, "authenticate", None) not in (None, *idle)


def has_password_login() -> bool:
    """Whether somebody who visits can log in with a password that Django keeps."""
    has_pages = is_present(_AUTHENTICATION) or apps.is_installed("django.contrib.admin")
    return apps.is_installed("django.contrib.auth") and has_pages and bool(password_backends())


def has_login_pages() -> bool:
    """Whether an installed app has a page or an endpoint on which a password can be tried."""
    return any(apps.is_installed(app) for app in _LOGIN_APPS)


def _takes_password(dotted: str) -> bool:
    """Whether ``dotted`` checks passwords: single sign-on often inherits from ModelBackend too."""
    if not is_subclass(dotted, _MODEL_BACKEND, _ALLAUTH_BACKEND):
        return False
    authenticate = getattr(load_class(dotted), "authenticate", None)
    if authenticate is None:  # what cannot be imported here is known by its name
        return True
    return not {"password", "credentials"}.isdisjoint(signature(authenticate).parameters)
