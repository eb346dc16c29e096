"""Authentication classes that answer a stranger with 401 and a challenge.

DRF asks the first class of a view for the challenge; without one its answer is 403 (RFC 9110
section 11.6.1 wants ``WWW-Authenticate`` on every 401).
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
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


class APIKeyAuthentication(authentication.BaseAuthentication):
    """Keys of ``django_hardened.api_keys``, as ``Authorization: Api-Key dhk_...``.

    From that header field only: what is in a URL ends up in logs, histories and Referer. For
    views of any kind, asynchronous ones (adrf) included: those call it in a thread. Where the app
    is not installed it recognises nobody. ``request.auth`` is a ``VerifiedKey``.

    Attributes:
        keyword: the scheme, which RFC 9110 section 11.1 compares without case. ``Api-Key`` is
            what comparable packages use; RFC 6750 has ``Bearer`` for OAuth.
    """

    keyword = "Api-Key"

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the owner and the key; None where the header has another scheme.

        Raises:
            AuthenticationFailed: the key is not good for this request. The reason is not told.
        """
        scheme, _, key = str(request.META.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
        if scheme.lower() != self.keyword.lower() or not _has_api_keys():
            return None
        from django_hardened.api_keys.verification import verify  # noqa: PLC0415  # needs models

        found = verify(getattr(request, "_request", request), key.strip(" "))
        if found is None:
            raise AuthenticationFailed("Invalid API key.")
        return found

    def authenticate_header(self, request: Request) -> str:
        return f'{self.keyword} realm="{_REALM}"' if _has_api_keys() else _SESSION_CHALLENGE


def _has_api_keys() -> bool:
    return apps.is_installed("django_hardened.api_keys")


def _has_tokens() -> bool:
    return apps.is_installed("rest_framework.authtoken")
