from __future__ import annotations

from typing import Any

import pytest
from django.utils.functional import lazystr
from site_support import MIDDLEWARE, PIN, PROXY, SECURITY, UPDATE_CACHE, codes, findings, without

from django_hardened.checks import pinning
from django_hardened.middleware import HostPinningMiddleware


class OwnPin(HostPinningMiddleware):
    pass


@pytest.mark.parametrize(
    ("allowed", "subjects"),
    [
        ([".example.com"], [".example.com"]),
        (["www.example.com", ".a.example", ".b.co.uk"], [".b.co.uk"]),
        (("www.example.com", lazystr(".example.com")), [".example.com"]),
        ([".internal", ".svc.local", ".localhost", ".test"], []),
        (["*", ".com", ".herokuapp.com"], []),
        ([".not a name", ".example.com:80", "."], []),
        (["www.example.com"], []),
    ],
)
def test_suffixes(allowed: Any, subjects: list[str]) -> None:
    found = [m for m in findings(pinning, ALLOWED_HOSTS=allowed) if m.id != "django_hardened.I107"]
    assert [m.subject for m in found] == subjects  # type: ignore[attr-defined]  # our Finding


def test_a_suffix_names_what_to_type() -> None:
    [message] = findings(pinning, ALLOWED_HOSTS=[".example.com"])
    assert 'ALLOWED_HOSTS = ["www.example.com", "shop.example.com"]' in str(message.hint)


@pytest.mark.parametrize("resolver", [None, ""])
def test_no_resolver(resolver: Any) -> None:
    changes = {"ALLOWED_HOSTS": [".example.com"], "HARDENED_TENANT_RESOLVER": resolver}
    assert codes(pinning, **changes) == ["W106"]


@pytest.mark.parametrize(
    ("allowed", "others"),
    [(["www.example.com"], []), (["*"], []), ([".a.com", ".com"], ["W106"])],
)
def test_the_missing_pin(allowed: list[str], others: list[str]) -> None:
    """What an open list leads to is said by the findings about the list."""
    changes = {"MIDDLEWARE": without("HostPinningMiddleware"), "ALLOWED_HOSTS": allowed}
    assert codes(pinning, **changes) == [*others, "I107"]


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ([PROXY, SECURITY, f"{__name__}.OwnPin"], ["E108"]),
        ([SECURITY, PROXY, PIN], ["E108", "E108"]),
        ([SECURITY, PIN, PROXY], ["E108", "E108", "E109"]),
        ([SECURITY, PIN], ["E108"]),
        ([PIN, SECURITY], []),
        ([PIN, PROXY], ["E109"]),
        ([UPDATE_CACHE, PROXY, PIN], ["W110"]),
        ([PIN, "django.middleware.cache.CacheMiddleware"], []),
        (["django.middleware.cache.CacheMiddleware", PIN], ["W110"]),
        ([UPDATE_CACHE, SECURITY], ["I107"]),
        ([SECURITY], ["I107"]),
        ([], ["I107"]),
        (["not_installed.OurHostPinningMiddleware"], []),
    ],
)
def test_order(middleware: list[str], expected: list[str]) -> None:
    assert codes(pinning, MIDDLEWARE=middleware) == expected


def test_the_misplaced_middleware_is_named() -> None:
    found = findings(pinning, MIDDLEWARE=[SECURITY, PROXY, PIN])
    assert [m.subject for m in found] == [  # type: ignore[attr-defined]
        "TrustedProxyMiddleware",
        "HostPinningMiddleware",
    ]


@pytest.mark.parametrize(
    ("host", "changes", "expected"),
    [
        ("www.example.com", {}, []),
        ("www.example.com:8443", {}, []),
        (lazystr("www.example.com"), {}, []),
        ("www.example.com", {"ALLOWED_HOSTS": [lazystr("www.example.com")]}, []),
        ("secure.example.com", {"ALLOWED_HOSTS": ["*"]}, []),
        ("secure.example.com", {}, ["E111"]),
        ("https://www.example.com", {}, ["E111"]),
        ("secure.example.com", {"SECURE_SSL_REDIRECT": False}, []),
        (None, {}, []),
        ("", {}, []),
    ],
)
def test_ssl_host(host: Any, changes: dict[str, Any], expected: list[str]) -> None:
    assert codes(pinning, SECURE_SSL_HOST=host, **changes) == expected


@pytest.mark.parametrize(("nets", "expected"), [(["10.0.0.0/8"], ["E112"]), ([], []), (None, [])])
def test_allow_cidr(nets: Any, expected: list[str]) -> None:
    middleware = [*MIDDLEWARE, "allow_cidr.middleware.AllowCIDRMiddleware"]
    assert codes(pinning, MIDDLEWARE=middleware, ALLOWED_CIDR_NETS=nets) == expected
    assert codes(pinning, ALLOWED_CIDR_NETS=nets) == []
