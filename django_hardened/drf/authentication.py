"""Authentication classes that answer a stranger with 401 and a challenge.

DRF asks the first class of a view for the challenge; without one its answer is 403 (RFC 9110
section 11.6.1 wants ``WWW-Authenticate`` on every 401).
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from rest_framework import authentication
from rest_framework.request import Request

_REALM = "api"
_SESSION_CHALLENGE = f'Session realm="{_REALM}"'


class SessionAuthentication(authentication.SessionAuthentication):
    """DRF's session authentication, CSRF check included, with a challenge."""

    def authenticate_header(self, request: Request) -> str:
        return _SESSION_CHALLENGE


class TokenAuthentication(authentication.TokenAuthentication):
    """DRF's token authentication where ``rest_framework.authtoken`` is installed.

    Elsewhere it recognises nobody and leaves the request to the classes after it, so that one
    list of defaults fits both kinds of project.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        return super().authenticate(request) if _has_tokens() else None

    def authenticate_header(self, request: Request) -> str:
        return f'{self.keyword} realm="{_REALM}"' if _has_tokens() else _SESSION_CHALLENGE


def _has_tokens() -> bool:
    return apps.is_installed("rest_framework.authtoken")
