"""3xx: who is let in: authentication backends, REMOTE_USER and password resets."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_always_true, is_subclass, listed, load_class
from django_hardened.checks.logins import backends
from django_hardened.checks.rules import Rule
from django_hardened.checks.services import in_days

_AUTH = "django.contrib.auth"
_REMOTE_USER = f"{_AUTH}.middleware.RemoteUserMiddleware"
_PERSISTENT = f"{_AUTH}.middleware.PersistentRemoteUserMiddleware"
_ALLOW_ALL = (
    f"{_AUTH}.backends.AllowAllUsersModelBackend",
    f"{_AUTH}.backends.AllowAllUsersRemoteUserBackend",
)

E301 = Rule(
    "E301",
    "AUTHENTICATION_BACKENDS has {subject}, which lets users in whose account is deactivated.",
    'Put "django.contrib.auth.backends.{parent}" in its place in AUTHENTICATION_BACKENDS{more}.',
    setting="AUTHENTICATION_BACKENDS",
    cwe=287,
    asvs="7.4.2",
)
E302 = Rule(
    "E302",
    "{subject} believes the request header {header} about who the user is, and every client can "
    "send it.",
    "Let the web server set REMOTE_USER, which no client can; or declare the proxy that "
    'overwrites the header: HARDENED_TRUSTED_PROXIES = ["10.0.0.0/8"].',
    setting="MIDDLEWARE",
    cwe=290,
)
W303 = Rule(
    "W303",
    "{subject} believes the request header {header} about who the user is.",
    "Make sure that the proxy overwrites {header} in every request, and that nobody reaches the "
    "application past the proxy.",
    setting="MIDDLEWARE",
    cwe=290,
)
W304 = Rule(
    "W304",
    "{subject} reads the request header Remote-User when it runs under ASGI, and every client can "
    "send it.",
    "Make sure that the proxy overwrites Remote-User in every request; or serve WSGI_APPLICATION "
    "only, and remove ASGI_APPLICATION.",
    setting="MIDDLEWARE",
    cwe=290,
)
W305 = Rule(
    "W305",
    "PASSWORD_RESET_TIMEOUT is {value}: a link in an old mail opens the account for {time}.",
    "PASSWORD_RESET_TIMEOUT = 60 * 60  # Django's own value is three days",
    setting="PASSWORD_RESET_TIMEOUT",
    cwe=640,
)
E306 = Rule(
    "E306",
    "PASSWORD_RESET_TIMEOUT is {value}: a mail that somebody finds gives the account away for "
    "{time}.",
    "PASSWORD_RESET_TIMEOUT = 60 * 60  # Django's own value is three days",
    setting="PASSWORD_RESET_TIMEOUT",
    cwe=640,
)
RULES = (E301, E302, W303, W304, W305, E306)

_MORE = ", or remove user_can_authenticate from it"
_DAY = 24 * 60 * 60


def check_backends(**kwargs: Any) -> list[CheckMessage]:
    if not apps.is_installed(_AUTH):
        return []
    return [
        E301.found(subject=entry, parent=_parent(entry), more=_MORE if is_own else "")
        for entry in backends()
        if (is_own := _admits_everybody(entry)) or is_subclass(entry, *_ALLOW_ALL)
    ]


def _parent(entry: str) -> str:
    is_remote = is_subclass(entry, f"{_AUTH}.backends.RemoteUserBackend")
    return "RemoteUserBackend" if is_remote else "ModelBackend"


def _admits_everybody(entry: str) -> bool:
    """Whether it is a backend of the project's own that does not look at ``is_active``."""
    method = getattr(load_class(entry), "user_can_authenticate", None)
    return is_always_true(method) and not is_subclass(entry, *_ALLOW_ALL)


def check_remote_user(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    declared = bool(getattr(settings, "HARDENED_TRUSTED_PROXIES", ()))
    for entry in listed("MIDDLEWARE"):
        if not is_subclass(entry, _REMOTE_USER, _PERSISTENT):
            continue
        header = str(getattr(load_class(entry), "header", ""))
        if header.startswith("HTTP_"):
            name = header.removeprefix("HTTP_").replace("_", "-").title()
            findings.append((W303 if declared else E302).found(subject=entry, header=name))
        elif header == "REMOTE_USER" and getattr(settings, "ASGI_APPLICATION", None):
            findings.append(W304.found(subject=entry))
    return findings


def check_password_reset(**kwargs: Any) -> list[CheckMessage]:
    value: Any = settings.PASSWORD_RESET_TIMEOUT
    if not isinstance(value, int | float) or not apps.is_installed(_AUTH) or value <= 3 * _DAY:
        return []
    rule = W305 if value <= 30 * _DAY else E306
    return [rule.found(value=value, time=in_days(value))]


CHECKS = (check_backends, check_remote_user, check_password_reset)
