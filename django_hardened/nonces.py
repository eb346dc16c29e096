"""The nonce of a response: made when it is first asked for, and not kept by any cache.

A page from a cache has the nonce of another response in it, and its header has none, or the same
one for everybody. So a nonce that is rendered tells Django's cache, as its middleware asks.
"""

from __future__ import annotations

from secrets import token_urlsafe
from typing import cast
from weakref import ref

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject, empty

_BYTES = 16  # CSP3 section 7.1: at least 128 bits


class Nonce(SimpleLazyObject):  # type: ignore[type-arg]  # generic in the stubs only
    """What templates get as ``csp_nonce``: a string once it is rendered, and true from then on."""

    def __init__(self, request: HttpRequest) -> None:
        # Weak, since the request has it: a cycle would keep each request until collected.
        self.__dict__["_request"] = ref(request)
        super().__init__(self._generate)

    @staticmethod
    def _generate() -> str:
        return token_urlsafe(_BYTES)

    def __str__(self) -> str:
        # Each time: ``cache_page`` says at the beginning of a view that it wants the response.
        self._keep_from_caches()
        if self._wrapped is empty:
            self._setup()
        return cast(str, self._wrapped)

    def _setup(self) -> None:
        # However it is asked for: by ``+``, by a filter.
        self._keep_from_caches()
        super()._setup()  # type: ignore[misc]  # the stubs lack it

    def _keep_from_caches(self) -> None:
        request = self.__dict__["_request"]()
        if request is not None:
            request._cache_update_cache = False  # noqa: SLF001

    def __bool__(self) -> bool:
        return self._wrapped is not empty


def give_nonce(request: HttpRequest) -> None:
    """Put a nonce where Django's context processor looks for it, and that of django-csp."""
    nonce = Nonce(request)
    request._csp_nonce = nonce  # type: ignore[attr-defined]  # noqa: SLF001  # Django 6
    request.csp_nonce = nonce  # type: ignore[attr-defined]  # django-csp


def rendered_nonce(request: HttpRequest) -> str:
    """Return the nonce of ``request`` if something has asked for it, else ""."""
    nonce = getattr(request, "_csp_nonce", None)
    return str(nonce) if nonce else ""
