"""What drf-spectacular shows of the authentication classes; imported where it is installed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object


class HardenedSessionScheme(SessionScheme):  # type: ignore[misc]
    """The cookie of the session; of subclasses drf-spectacular knows nothing."""

    target_class = "django_hardened.drf.authentication.SessionAuthentication"
    match_subclasses = True


class APIKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    """``Authorization: Api-Key ...``, and whatever scheme a subclass has."""

    target_class = "django_hardened.drf.authentication.APIKeyAuthentication"
    match_subclasses = True
    name = "apiKeyAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        scheme: dict[str, Any] = build_bearer_security_scheme_object(
            header_name="Authorization", token_prefix=self.target.keyword
        )
        return scheme
