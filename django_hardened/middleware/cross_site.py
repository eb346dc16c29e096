"""``CrossSiteMiddleware``: what other sites have browsers send ends here, unless it is declared."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from django_hardened.cross_site import CROSS_SITE_MARK, cross_site_rules, is_api
from django_hardened.log_window import LogWindow
from django_hardened.middleware import refusals
from django_hardened.middleware.base import GetResponse, Middleware

_FORBIDDEN: Final = refusals.text(403)
_LOGGED_CHARACTERS: Final = 100
_window = LogWindow()


class CrossSiteMiddleware(Middleware):
    """Refuse what changes something, or asks an API, and comes from a page of another site.

    By what browsers say in ``Sec-Fetch-Site``. Links lead in as ever, CORS decides about its
    questions, and ``CSRF_TRUSTED_ORIGINS`` are trusted. It stands beside CSRF protection, not in
    its place.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        cross_site_rules()  # what cannot be used stops the start
        # Django would run a sync method on a thread, for each request.
        self.process_view = self._aprocess_view if self.async_mode else self._process_view

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self.get_response(request)

    def _process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if "HTTP_SEC_FETCH_SITE" not in request.META or getattr(view, CROSS_SITE_MARK, False):
            return None
        method = request.method or ""
        refuses = cross_site_rules().refuses
        if not refuses(method, request.path_info, request.META, is_api=is_api(view)):
            return None
        _window.warning(
            "django.security.CrossSite",
            "Refused with 403: %r of %r from a page of another site.",
            method[:_LOGGED_CHARACTERS],
            request.path_info[:_LOGGED_CHARACTERS],
        )
        return refusals.plain(403, _FORBIDDEN)

    async def _aprocess_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        return self._process_view(request, view, args, kwargs)
