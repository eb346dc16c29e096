"""Answers that turn somebody away: by their status, and by where they send people."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch

from django_hardened.audit.requests import host

_LOGIN = re.compile(  # and neither /catalog-index/ nor /design-in-use/
    r"(?<!b)login(?![a-z])|log[-_]?on(?![a-z])|(?<![a-z])(?:log[-_]in|sign[-_]?(?:in|on))(?![-_]?[a-z])"
    r"|/sso\b|/saml|/oidc",
    re.IGNORECASE,
)
# Pages that send people back where they came from are not all for logging in.
_PEOPLE = re.compile(
    r"(?<![a-z])(?:2fa|accounts?|o?auth\w*|cas|connect|denied|enter|forbidden|mfa|otp|password"
    r"|permission|sessions?)(?![a-z])",
    re.IGNORECASE,
)
_REDIRECTS = {302, 303, 307}  # that one has to log in holds for now


def is_refusal(status: int | None, location: str = "") -> bool:
    """Whether an answer says that one may not, or has to log in first."""
    return status in {401, 403} or (status in _REDIRECTS and is_login(location))


def is_login(location: str) -> bool:
    """Whether ``location`` is the login, of the site or of the admin or of somebody else."""
    parts = urlsplit(location)
    login = urlsplit(_login_url())
    is_here = parts.netloc in {"", login.netloc, host()}
    if is_here and (parts.path == login.path or _LOGIN.search(parts.path)):
        return True
    # Elsewhere nobody logs in to this site who is not sent back from there.
    is_sent_back = REDIRECT_FIELD_NAME in parse_qs(parts.query)
    return is_sent_back and (not is_here or _PEOPLE.search(parts.path) is not None)


def _login_url() -> str:
    try:
        return resolve_url(settings.LOGIN_URL)
    except NoReverseMatch:
        return str(settings.LOGIN_URL)
