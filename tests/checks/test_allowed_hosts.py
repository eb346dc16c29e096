from __future__ import annotations

from typing import Any

import pytest
from checks_support import codes_of, ids
from django.core.checks import CheckMessage
from django.core.exceptions import DisallowedHost
from django.test import RequestFactory, override_settings
from django.utils.functional import lazystr
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.checks import hosts
from django_hardened.conf import conf
from django_hardened.hosts import InvalidHost, parse_host
from django_hardened.suffixes import SHARED_SUFFIXES


class _OfAPackage:
    __module__ = "django_tenants.middleware.main"


class OwnTenants(_OfAPackage):
    """A project's own, on top of the one of a package."""

    __module__ = __name__


def _check(settings: Any, allowed: Any) -> list[CheckMessage]:
    settings.ALLOWED_HOSTS = allowed
    return hosts.check_allowed_hosts()


def _codes(settings: Any, allowed: Any) -> list[str]:
    settings.ALLOWED_HOSTS = allowed
    return codes_of(hosts)


@pytest.mark.parametrize("empty", [[], ()])
def test_empty(settings: Any, empty: Any) -> None:
    assert _codes(settings, empty) == ["E101"]


@pytest.mark.parametrize(
    "allowed",
    [["*"], ("*",), "*", ["*", "www.example.com"], ["www.example.com", "*"], ["localhost", "*"]],
)
def test_wildcard(settings: Any, allowed: Any) -> None:
    assert _codes(settings, allowed) == ["E102"]


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ("django_tenants.middleware.main.TenantMainMiddleware", "W114"),
        ("pretix.multidomain.middlewares.MultiDomainMiddleware", "W114"),
        ("django_hosts.middleware.HostsRequestMiddleware", "W114"),
        ("django_hardened.middleware.HostPinningMiddleware", "E102"),
        ("tenant_schemas.middleware.TenantMiddleware", "W114"),
        (f"{__name__}.OwnTenants", "W114"),
        ("shop.tenants.middleware.TenantMiddleware", "E102"),
        ("my_django_tenants.middleware.main.TenantMainMiddleware", "E102"),
        ("shop.multidomain.Middleware", "E102"),
        ("allow_cidr.middleware.AllowCIDRMiddleware", "E102"),
        ("django.contrib.sites.middleware.CurrentSiteMiddleware", "E102"),
    ],
)
def test_a_middleware_that_may_know_the_hosts(
    settings: Any, middleware: str, expected: str
) -> None:
    settings.MIDDLEWARE = [middleware]
    assert _codes(settings, ["*"]) == [expected]


def test_a_middleware_of_unknown_tenants_is_told_what_to_declare(settings: Any) -> None:
    settings.MIDDLEWARE = ["shop.tenants.middleware.TenantMiddleware"]
    [message] = _check(settings, ["*"])
    assert "HARDENED_TENANT_RESOLVER" in str(message.hint)
    settings.MIDDLEWARE = []
    [message] = _check(settings, ["*"])
    assert "HARDENED_TENANT_RESOLVER" not in str(message.hint)


def test_a_resolver_says_which_names_exist(settings: Any) -> None:
    settings.HARDENED_TENANT_RESOLVER = "myproject.tenants.resolve"
    assert _codes(settings, ["*"]) == []
    assert _codes(settings, ["*", ".com"]) == ["E103"]


@pytest.mark.parametrize(
    "entry",
    [
        ".com",
        ".COM",
        ".co.uk",
        ".Herokuapp.com",
        ".herokuapp.com",
        ".vercel.app",
        ".onrender.com",
        ".fly.dev",
        ".pythonanywhere.com",
        ".ngrok-free.app",
        ".amazonaws.com",
        ".azurewebsites.net",
        ".github.io",
        ".io",
        ".dev",
        ".xn--p1ai",
    ],
)
def test_a_suffix_under_which_strangers_register(settings: Any, entry: str) -> None:
    [message] = _check(settings, ["www.example.com", entry])
    assert message.id == "django_hardened.E103"
    assert repr(entry) in message.msg


@pytest.mark.parametrize("suffix", sorted(SHARED_SUFFIXES))
def test_every_shared_suffix(settings: Any, suffix: str) -> None:
    assert _codes(settings, [f".{suffix}"]) == ["E103"]
    assert _codes(settings, [f"mine.{suffix}", f".mine.{suffix}"]) == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("https://www.example.com", "has a scheme"),
        ("http://www.example.com/", "has a scheme"),
        ("www.example.com/", "has a path"),
        ("www.example.com/shop", "has a path"),
        ("10.0.0.0/8", "has a path"),
        ("www.example.com:8000", "has a port"),
        ("www.example.com:443", "has a port"),
        ("[::1]:8000", "has a port"),
        ("*.example.com", "has a glob"),
        ("www.*.com", "has a glob"),
        ("**", "has a glob"),
        ("", "is blank"),
        (" ", "is blank"),
        (" www.example.com", "has white space around it"),
        ("www.example.com\n", "has white space around it"),
        ("www.example.com.", "has a trailing dot"),
        (".", "has a trailing dot"),
        ("::1", "is an IPv6 address without its brackets"),
        ("2001:db8::1", "is an IPv6 address without its brackets"),
        ("a.example,b.example", "is not a host name"),
        ("a.example b.example", "is not a host name"),
        ("user@example.com", "is not a host name"),
        ("my_service", "is not a host name"),
        ("..example.com", "is not a host name"),
        ("-example.com", "is not a host name"),
        ("example.com\x00", "is not a host name"),
        ("bücher.example", "is not ASCII: clients send xn--bcher-kva.example"),
        ("a" * 64 + ".example", "is not a host name"),
        ("a." * 200 + "example", "is longer than 253 octets"),
        ("{entry}", "is not a host name"),
    ],
)
def test_an_entry_that_never_matches(settings: Any, entry: str, problem: str) -> None:
    [message] = _check(settings, ["www.example.com", entry])
    said = f"ALLOWED_HOSTS has {entry!r}, which {problem}: it never matches a request"
    assert (message.id, message.msg) == ("django_hardened.W113", f"{said}.")

    [message] = _check(settings, [entry])
    alone = f"{said}, and nothing else does."
    assert (message.id, message.msg) == ("django_hardened.E104", alone)


@pytest.mark.parametrize("entry", [None, 5, 1.5, True, b"www.example.com", ["www.example.com"]])
def test_an_entry_that_is_no_text(settings: Any, entry: object) -> None:
    """Django raises AttributeError on the first request, or never matches it."""
    assert _codes(settings, ["www.example.com", entry]) == ["W113"]
    assert _codes(settings, [entry, entry]) == ["E104", "E104"]


@pytest.mark.parametrize(
    "allowed",
    [
        ["localhost"],
        ["127.0.0.1"],
        ["127.0.0.2"],
        ["[::1]"],
        ["0.0.0.0"],
        [".localhost"],
        ["app.localhost"],
        ["LocalHost"],
        ["localhost", ".localhost", "127.0.0.1", "[::1]"],
        (lazystr("localhost"),),
    ],
)
def test_only_names_of_this_machine(settings: Any, allowed: Any) -> None:
    [message] = _check(settings, allowed)
    assert message.id == "django_hardened.W105"
    assert all(str(entry) in message.msg for entry in allowed)


def test_several_findings(settings: Any) -> None:
    allowed = ["https://a.example", "*", ".com", "b.example:80", "www.example.com"]
    assert _codes(settings, allowed) == ["W113", "W113", "E102", "E103"]


def test_a_bad_entry_beside_local_ones_is_one_finding(settings: Any) -> None:
    assert _codes(settings, ["localhost", "https://www.example.com"]) == ["W113"]


@pytest.mark.parametrize(
    "allowed",
    [
        ["www.example.com"],
        ["WWW.Example.COM"],
        ("www.example.com", "example.com"),
        ["www.example.com", "localhost", "127.0.0.1", "[::1]"],
        [".example.com"],
        [".mine.co.uk"],
        ["co.uk.example"],
        ["myapp.herokuapp.com"],
        ["xn--bcher-kva.example"],
        ["[2001:db8::1]"],
        ["192.0.2.7"],
        ["10.0.0.5", "localhost"],
        ["web"],
        ["web", "localhost"],
        ["nas.local"],
        [".local"],
        [".internal"],
        [".test"],
        ["localhost.example.com"],
        [lazystr("www.example.com")],
        (lazystr(".example.com"), "localhost"),
    ],
)
def test_what_well_run_projects_have(settings: Any, allowed: Any) -> None:
    assert _codes(settings, allowed) == []


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        (["WWW.Example.COM"], "www.example.com"),
        ((".example.com",), "shop.example.com"),
        ([lazystr("www.example.com")], "www.example.com"),
        (["[2001:db8::1]"], "[2001:db8::1]"),
    ],
)
def test_what_passes_is_served(settings: Any, allowed: Any, host: str) -> None:
    """A site whose hosts pass this check must not answer 421 to them."""
    assert _codes(settings, allowed) == []
    assert host in conf.host_policy.table


@given(entry=st.text(max_size=40) | st.from_regex(r"\.?[a-z*]{0,3}(\.[a-z0-9:/*]{0,5}){0,4}"))
def test_any_text_has_at_most_one_finding(entry: str) -> None:
    with override_settings(ALLOWED_HOSTS=["www.example.com", entry]):
        messages = hosts.check_allowed_hosts()
    assert len(messages) <= 1


@given(name=st.from_regex(r"[a-z0-9.:*/\[\]-]{1,20}", fullmatch=True))
def test_what_is_said_never_to_match_never_does(name: str) -> None:
    """Judged by Django itself: no request for ``name`` gets through an entry ``name``."""
    with override_settings(ALLOWED_HOSTS=["www.example.com", name]):
        found = ids(hosts.check_allowed_hosts())
        try:
            RequestFactory().get("/", headers={"host": name}).get_host()
            parse_host(name)  # stricter than Django: hyphens at the ends, numbers as addresses
        except (DisallowedHost, InvalidHost):
            return
    assert "django_hardened.E104" not in found
