from __future__ import annotations

from typing import Any

import pytest
from cached_site_support import FETCH, UPDATE
from catalogue_support import ODD, codes, findings
from site_support import MIDDLEWARE, without

from django_hardened.cache import make_key
from django_hardened.checks import cache_privacy as module

PRIVATE = "django_hardened.middleware.PrivateResponseMiddleware"
OTHERS = without("PrivateResponseMiddleware")
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
PATH = "django_hardened.cache.make_key"


@pytest.mark.parametrize(
    ("middleware", "found"),
    [
        ([UPDATE, *MIDDLEWARE, FETCH], []),
        (MIDDLEWARE, []),
        (OTHERS, []),
        ([UPDATE, PRIVATE, *OTHERS, FETCH], []),
        ([UPDATE, *OTHERS, FETCH, "shop.PrivateResponseMiddleware"], []),
        ([UPDATE, *OTHERS, FETCH], ["I509"]),
        (["django.middleware.cache.CacheMiddleware", *OTHERS], ["I509"]),
        ([UPDATE, *without("ResponseMiddleware", "AuthenticationMiddleware")], []),
        ([PRIVATE, UPDATE, *OTHERS, FETCH], ["W510"]),
        ([*MIDDLEWARE, UPDATE, FETCH], ["W510"]),
        ([], []),
    ],
    ids=range(11),
)
def test_the_order(middleware: list[str], found: list[str]) -> None:
    assert codes(module, MIDDLEWARE=middleware) == found


@pytest.mark.parametrize(
    ("function", "found"),
    [(PATH, ["W511"]), (make_key, ["W511"]), (None, []), ("x.y", []), (str, []), ("", [])],
    ids=range(6),
)
def test_keys_without_a_host(function: Any, found: list[str]) -> None:
    caches = {"default": {"BACKEND": LOCMEM}, "pages": {"KEY_FUNCTION": function}}
    unpinned = without("HostPinningMiddleware")
    assert codes(module, CACHES=caches, MIDDLEWARE=unpinned) == found
    assert codes(module, CACHES=caches, MIDDLEWARE=MIDDLEWARE) == []
    for message in findings(module, CACHES=caches, MIDDLEWARE=unpinned):
        assert message.msg.startswith("The cache 'pages' ")


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_setting(value: Any) -> None:
    assert codes(module, CACHES=value, MIDDLEWARE=OTHERS[2:]) == []
