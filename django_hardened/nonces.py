"""The nonce of a response: made when it is first asked for, and not kept by any cache.

A page from a cache has the nonce of another response in it, and its header has none, or the same
one for everybody.
"""

from __future__ import annotations

from functools import partial
from secrets import token_urlsafe
from typing import Any

from django.http import HttpRequest
from django.middleware.cache import UpdateCacheMiddleware
from django.utils.functional import SimpleLazyObject, empty

_BYTES = 16  # CSP3 section 7.1: at least 128 bits
_would_update_cache: Any = UpdateCacheMiddleware._should_update_cache  # type: ignore[attr-defined]  # noqa: SLF001


class Nonce(SimpleLazyObject):  # type: ignore[type-arg]  # generic in the stubs only
    """What templates get as ``csp_nonce``: a string, and true once it was asked for."""

    def __init__(self) -> None:
        super().__init__(partial(token_urlsafe, _BYTES))

    def __bool__(self) -> bool:
        return self._wrapped is not empty


def give_nonce(request: HttpRequest) -> None:
    """Put a nonce where Django's context processor looks for it, and that of django-csp."""
    nonce = Nonce()
    request._csp_nonce = nonce  # type: ignore[attr-defined]  # noqa: SLF001  # Django 6
    request.csp_nonce = nonce  # type: ignore[attr-defined]  # django-csp


def rendered_nonce(request: HttpRequest) -> str:
    """Return the nonce of ``request`` if something has asked for it, else "".

    That of Django's and django-csp's own middleware too, and by the request of REST framework,
    which shows what Django's has.
    """
    nonce = getattr(request, "_csp_nonce", None)
    return str(nonce) if nonce else ""


def keep_nonces_from_caches() -> None:
    """Have Django's cache of the site, and its ``cache_page``, store no page with a nonce in it.

    Their one question to a request is an attribute, which ``cache_page`` sets when its view begins,
    after a nonce may have been rendered, and on REST framework's request where that is what it is
    given. So it is their answer that has to change: the method is replaced, for whole processes.
    """
    UpdateCacheMiddleware._should_update_cache = _should_update_cache  # type: ignore[attr-defined]  # noqa: SLF001


def _should_update_cache(
    middleware: UpdateCacheMiddleware, request: HttpRequest, response: Any
) -> bool:
    return not rendered_nonce(request) and _would_update_cache(middleware, request, response)
