"""Answers that turn somebody away: by their status, and by where they send people."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch

from django_hardened.audit.requests import host

_LOGIN = re.compile(r"log[-_]?in|sign[-_]?in|signon|/sso\b|/saml|/oidc", re.IGNORECASE)
_REDIRECTS = {302, 303, 307}  # that one has to log in holds for now


def is_refusal(status: int | None, location: str = "") -> bool:
    """Whether an answer says that one may not, or has to log in first."""
    return status in {401, 403} or (status in _REDIRECTS and is_login(location))


def is_login(location: str) -> bool:
    """Whether ``location`` is the login, of the site or of the admin or of somebody else."""
    parts = urlsplit(location)
    if REDIRECT_FIELD_NAME in parse_qs(parts.query):
        return True
    login = urlsplit(_login_url())
    # Elsewhere nobody logs in to this site, but where the settings say so.
    is_here = parts.netloc in {"", login.netloc, host()}
    return is_here and (parts.path == login.path or bool(_LOGIN.search(parts.path)))


def _login_url() -> str:
    try:
        return resolve_url(settings.LOGIN_URL)
    except NoReverseMatch:
        return str(settings.LOGIN_URL)
