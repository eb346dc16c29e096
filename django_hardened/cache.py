"""Cache keys that carry the host of the request, and pages that are cached for everybody only.

What one host has stored, another one never reads::

    CACHES = {"default": {..., "KEY_FUNCTION": "django_hardened.cache.make_key"}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ContextDecorator
from contextvars import ContextVar
from functools import wraps
from hashlib import sha256
from typing import Any, Final, TypeVar, cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.cache import CacheMiddleware
from django.utils.cache import patch_cache_control
from django.utils.decorators import decorator_from_middleware_with_args

from django_hardened.hosts import parse_host
from django_hardened.nonces import rendered_nonce
from django_hardened.private_responses import mark_private

F = TypeVar("F", bound=Callable[..., Any])

# https://docs.memcached.org/protocols/basic/: at most 250 bytes, no spaces, no control characters.
MAX_KEY_BYTES: Final = 250
_HASHED: Final = "sha256$"

# -- The host ------------------------------------------------------------------------------------

# Where the wrapper around an ASGI application says which host it has pinned.
SCOPE_KEY: Final = "django_hardened.host"

_host: ContextVar[str] = ContextVar("django_hardened.host", default="")


def pin_host(host: str) -> None:
    """Let all keys be those of ``host``, in its canonical form, until the next request.

    Never undone when the response is made: the body of a streaming response is made later still.
    """
    _host.set(host)


def forget_host(*, scope: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
    """Begin without a host: whatever ran in this thread before had one of its own.

    Unless the scope is that of a request which was pinned before Django has seen it.
    """
    pin_host((scope or {}).get(SCOPE_KEY, ""))


class _HostContext(ContextDecorator):
    """What :func:`host_context` returns."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._previous: str | None = None

    def __enter__(self) -> None:
        # Two threads that share one would leave each other's host behind.
        if self._previous is not None:
            raise RuntimeError("This host_context is in use: call host_context() for each use.")
        self._previous = _host.get()
        pin_host(self._host)

    def __exit__(self, *exception: object) -> None:
        # Not ContextVar.reset: what is entered by a fixture may be left in another context.
        pin_host(self._previous or "")
        self._previous = None

    def _recreate_cm(self) -> _HostContext:
        """Let each call of a decorated function have its own, as ``contextlib`` does."""
        return _HostContext(self._host)

    def __call__(self, function: F) -> F:
        if not iscoroutinefunction(function):
            return super().__call__(function)

        @wraps(function)
        async def within(*args: Any, **kwargs: Any) -> Any:
            with self._recreate_cm():
                return await function(*args, **kwargs)

        return cast(F, within)


def host_context(host: str) -> _HostContext:
    """Use the cache as a request for ``host`` does: in tasks, commands and tests.

    A context manager, and a decorator for functions, ``async def`` included::

        with host_context("t1.example.com"):
            cache.delete("menu")

    Raises:
        InvalidHost: ``host`` is no host name. A ValueError.
    """
    return _HostContext(str(parse_host(host)))


def without_host() -> _HostContext:
    """Use the cache as nothing that belongs to a host does, for what all hosts have in common."""
    return _HostContext("")


# -- Keys ----------------------------------------------------------------------------------------


def make_key(key: object, key_prefix: object, version: object) -> str:
    """Make the key ``prefix:version:host:key``; a ``KEY_FUNCTION`` of ``CACHES``.

    No two hosts, prefixes, versions or keys have it in common. Outside of a request the host is
    empty. A key that Memcached would refuse has its SHA-256 in place of its last part.
    """
    head = f"{_escape(key_prefix)}:{_escape(version)}:{_escape(_host.get())}:"
    tail = str(key)
    whole = head + tail
    if _is_plain(whole) and not tail.startswith(_HASHED):
        return whole
    hashed = _HASHED + sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    # Without a colon, which every other key has.
    return head + hashed if _is_plain(head + hashed) else hashed


def reverse_key(key: str) -> str:
    """Return the key that ``make_key`` was given; ``REVERSE_KEY_FUNCTION`` of django-redis.

    Of a hashed key only ``sha256$`` and the digest are left, which find nothing when asked for.
    """
    return key.split(":", 3)[-1]


def _escape(part: object) -> str:
    return str(part).replace("%", "%25").replace(":", "%3A")


def _is_plain(key: str) -> bool:
    # Of ASCII, what can be printed is the space and all that is neither space nor control.
    return len(key) <= MAX_KEY_BYTES and key.isascii() and key.isprintable() and " " not in key


# -- Pages ---------------------------------------------------------------------------------------


class PublicCacheMiddleware(CacheMiddleware):
    """What :func:`cache_page` is made of: private responses are marked before they are judged."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase | str
    ) -> HttpResponseBase | str:
        mark_private(request, cast(HttpResponseBase, response))
        if rendered_nonce(request):  # of whichever middleware, where HeadersMiddleware is not used
            patch_cache_control(cast(HttpResponseBase, response), private=True)
        return super().process_response(request, response)


def cache_page(
    timeout: float | None, *, cache: str | None = None, key_prefix: str | None = None
) -> Callable[[F], F]:
    """Cache what a view answers to everybody; in place of Django's decorator of this name.

    Django's stores a response before any middleware sees it, the page of a user who has logged in
    included. Here such a response is marked private, and not stored, unless the view has said
    ``public`` or ``s-maxage``.
    """
    decorator = decorator_from_middleware_with_args(PublicCacheMiddleware)(
        page_timeout=timeout, cache_alias=cache, key_prefix=key_prefix
    )
    return cast(Callable[[F], F], decorator)
