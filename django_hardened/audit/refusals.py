"""Answers that turn somebody away: by their status, and by where they send people."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch

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
    return parts.path == _login_path() or bool(_LOGIN.search(parts.path))


def _login_path() -> str:
    try:
        return urlsplit(resolve_url(settings.LOGIN_URL)).path
    except NoReverseMatch:
        return str(settings.LOGIN_URL)
