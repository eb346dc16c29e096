from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import Any

import pytest
from django.utils.functional import lazystr
from findings_support import subjects
from site_support import MIDDLEWARE, PIN, PROXY, SECURITY, codes, findings, without

from django_hardened.checks import internal_ips, proxies, proxy_ssl_header

PROXIES = (proxies, proxy_ssl_header)

PROTO = ("HTTP_X_FORWARDED_PROTO", "https")
BARE = without("TrustedProxyMiddleware", "HostPinningMiddleware")
DECLARED = {"HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8"]}


# -- X-Forwarded-Host and -Port ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (["www.example.com"], "I116"),
        (["web", ".internal"], "I116"),
        (["*"], "E115"),
        (["www.example.com", ".example.com"], "E115"),
        ([".herokuapp.com"], "E115"),
    ],
)
def test_a_forwarded_host(allowed: list[str], expected: str) -> None:
    changes = {"USE_X_FORWARDED_HOST": True, "ALLOWED_HOSTS": allowed, "MIDDLEWARE": BARE}
    assert codes(*PROXIES, **changes) == [expected]


@pytest.mark.parametrize("setting", ["USE_X_FORWARDED_HOST", "USE_X_FORWARDED_PORT"])
@pytest.mark.parametrize("middleware", [[PROXY, SECURITY], [PIN, SECURITY]])
def test_either_middleware_removes_the_header(setting: str, middleware: list[str]) -> None:
    assert codes(*PROXIES, MIDDLEWARE=middleware, **{setting: True}) == []


def test_declared_without_the_middleware_is_one_finding() -> None:
    changes = {"USE_X_FORWARDED_HOST": True, "USE_X_FORWARDED_PORT": True, "MIDDLEWARE": BARE}
    assert codes(*PROXIES, **changes) == ["I116", "W117"]
    assert codes(*PROXIES, **changes, **DECLARED) == ["E122"]
    assert codes(*PROXIES, MIDDLEWARE=BARE, SECURE_PROXY_SSL_HEADER=PROTO, **DECLARED) == ["E122"]


# -- SECURE_PROXY_SSL_HEADER ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "HTTP_X_FORWARDED_PROTO",
        "",
        5,
        ("HTTP_X_FORWARDED_PROTO",),
        ("HTTP_X_FORWARDED_PROTO", "https", "http"),
        {"HTTP_X_FORWARDED_PROTO": "https"},
        ("X-Forwarded-Proto", "https"),
        ("X_FORWARDED_PROTO", "https"),
        ("HTTP_X-FORWARDED-PROTO", "https"),
        ("http_x_forwarded_proto", "https"),
        ("HTTP_X_FORWARDED_PROTO", "http"),
        ("HTTP_X_FORWARDED_SSL", ""),
        ("HTTP_X_FORWARDED_PROTO", "HTTPS"),
        ("HTTP_X_FORWARDED_PROTO", "on"),
        ("HTTP_CLOUDFRONT_FORWARDED_PROTO", "true"),
        ("HTTP_X_SCHEME", "on"),
        (None, None),
        ("HTTP_HOST", "example.com"),
        ("HTTP_USER_AGENT", "ELB"),
        ("HTTP_ORIGIN", "https://example.com"),
        ("HTTP_UPGRADE_INSECURE_REQUESTS", "1"),
        ("HTTP_X_FORWARDED_FOR", "10.0.0.1"),
        ("HTTP_SEC_FETCH_SITE", "same-origin"),
    ],
    ids=repr,
)
def test_a_header_that_is_wrong(value: Any) -> None:
    assert codes(*PROXIES, SECURE_PROXY_SSL_HEADER=value) == ["E119"]
    assert codes(*PROXIES, SECURE_PROXY_SSL_HEADER=value, **DECLARED) == ["E119"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (("X-Edge-Token", "S3cr3t"), "('X-Edge-Token', ...)"),
        (["HTTP_X_FORWARDED_PROTO", "S3cr3t"], "('HTTP_X_FORWARDED_PROTO', ...)"),
        ("S3cr3t", "of the type str"),
        (("HTTP_X_EDGE_TOKEN", "S3cr3t", "S3cr3t"), "of the type tuple"),
    ],
)
def test_a_value_that_a_proxy_sends_may_be_a_secret(value: Any, shown: str) -> None:
    [message] = findings(*PROXIES, SECURE_PROXY_SSL_HEADER=value)
    assert f"SECURE_PROXY_SSL_HEADER is {shown}, which " in message.msg
    assert "S3cr3t" not in str(message)


@pytest.mark.parametrize(
    "value",
    [
        PROTO,
        ["HTTP_X_FORWARDED_PROTO", "https"],
        (lazystr("HTTP_X_FORWARDED_PROTO"), lazystr("https")),
        ("HTTP_X_FORWARDED_PROTOCOL", "ssl"),
        ("HTTP_X_FORWARDED_SSL", "on"),
        ("HTTP_FRONT_END_HTTPS", "on"),
        ("HTTP_FASTLY_SSL", "1"),
        ("HTTP_X_FORWARDED_PORT", "443"),
        ("HTTP_FORWARDED", "proto=https"),
        ("HTTP_X_EDGE_TOKEN", "S3cr3t"),
    ],
)
def test_a_header_that_is_right_but_undeclared(value: Any) -> None:
    assert codes(*PROXIES, SECURE_PROXY_SSL_HEADER=value, MIDDLEWARE=BARE) == ["I125"]
    open_site = {"MIDDLEWARE": BARE, "ALLOWED_HOSTS": ["*"]}
    assert codes(*PROXIES, SECURE_PROXY_SSL_HEADER=value, **open_site) == ["W118"]


@pytest.mark.parametrize("header", ["HTTPS", "REQUEST_SCHEME", "wsgi.url_scheme"])
def test_what_the_server_says_itself(header: str) -> None:
    assert codes(*PROXIES, SECURE_PROXY_SSL_HEADER=(header, "on")) == []


def test_what_an_undeclared_header_leads_to() -> None:
    [believed] = findings(*PROXIES, SECURE_PROXY_SSL_HEADER=PROTO, MIDDLEWARE=BARE)
    [removed] = findings(*PROXIES, SECURE_PROXY_SSL_HEADER=PROTO)
    [other] = findings(*PROXIES, SECURE_PROXY_SSL_HEADER=("HTTP_X_SCHEME", "https"))
    assert (believed.id, other.msg) == ("django_hardened.I125", believed.msg)
    assert removed.id == "django_hardened.W118"
    assert "the header is removed" in removed.msg


# -- HARDENED_TRUSTED_PROXIES --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["10.0.0.0/8", "::1", "192.0.2.7", "unix", "2001:db8::/32"], []),
        (("127.0.0.0/8", "172.16.0.0/12"), []),
        ({"10.0.0.1"}, []),
        (["10.0.0.1/8"], ["E120"]),
        (["proxy.internal"], ["E120"]),
        ([None, 5.0, ""], ["E120", "E120", "E120"]),
        (["10.0.0.0/8", 2], []),
        (["unix", 16], []),
        ([0], ["E120"]),
        (["10.0.0.0/8", -1, 17, True], ["E120", "E120", "E120"]),
        (["10.0.0.0/8", 1, "unix", 2], ["E120"]),
        ([1, 1], ["E120"]),
        ([1], ["I129"]),
        ("10.0.0.0/8", ["E120"]),
        (5, ["E120"]),
        (["0.0.0.0/0"], ["E121"]),
        (["::/0", "10.0.0.0/8"], ["E121"]),
        (["0.0.0.0/1", "128.0.0.0/1"], ["E121", "E121"]),
        (["0.0.0.0/0.0.0.0"], ["E121"]),
        (["::ffff:0:0/96"], ["E121"]),
        (["::ffff:0:0/97", "::ffff:10.0.0.0/104"], ["E121"]),
        (["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"], ["E121"]),
        ([f"{n}.0.0.0/8" for n in range(256)], ["E121"]),
        (["::/2", "4000::/2", "10.0.0.0/8"], ["E121"]),
        (["2000::/3", "8.0.0.0/6"], ["E121", "E121"]),
        (["8.0.0.0/8", "9.0.0.0/8"], ["E121"]),
        (["8.0.0.0/8", "11.0.0.0/8", "unix", 2], []),
        (["10.0.0.0/9", "10.128.0.0/9", "fc00::/7", "2600::/12"], []),
        (["*"], ["E120"]),
        ([], []),
        (None, []),
    ],
    ids=repr,
)
def test_declared_proxies(entries: Any, expected: list[str]) -> None:
    assert codes(*PROXIES, HARDENED_TRUSTED_PROXIES=entries) == expected


def test_networks_that_are_everybody_together_are_named() -> None:
    quarters = ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"]
    [message] = findings(*PROXIES, HARDENED_TRUSTED_PROXIES=["10.0.0.0/8", *quarters, 2])
    assert "has '10.0.0.0/8', '0.0.0.0/2', '64.0.0.0/2', '128.0.0.0/2', ..., which" in message.msg
    assert "the whole internet" in message.msg
    assert subjects([message]) == ["0.0.0.0/0"]
    [message] = findings(*PROXIES, HARDENED_TRUSTED_PROXIES=["8.0.0.0/6"])
    assert "has '8.0.0.0/6', which is more of the internet than" in message.msg


def test_a_wrong_entry_is_named() -> None:
    [message] = findings(*PROXIES, HARDENED_TRUSTED_PROXIES=["10.0.0.1/8"])
    assert message.msg == (
        "HARDENED_TRUSTED_PROXIES has '10.0.0.1/8', which is not an address, a network or 'unix'."
    )


def test_a_number_alone_is_told_with_what_to_add() -> None:
    [message] = findings(*PROXIES, HARDENED_TRUSTED_PROXIES=[2])
    assert 'HARDENED_TRUSTED_PROXIES = ["10.0.0.0/8", 2]' in str(message.hint)
    [message] = findings(*PROXIES, HARDENED_TRUSTED_PROXIES=[2, "unix", 3])
    assert message.msg == "HARDENED_TRUSTED_PROXIES has '3', which is a second number of proxies."


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("X-Forwarded-For", []),
        ("Forwarded", []),
        (lazystr("Forwarded"), []),
        (None, []),
        ("", []),
        ("forwarded", ["E128"]),
        ("X-Real-IP", ["E128"]),
        (["Forwarded"], ["E128"]),
    ],
)
def test_the_header_of_the_chain(value: Any, expected: list[str]) -> None:
    assert codes(*PROXIES, HARDENED_FORWARDED_HEADER=value) == expected


# -- INTERNAL_IPS --------------------------------------------------------------------------------


class Everyone:
    """As some projects write it; it has no end to iterate to."""

    def __contains__(self, address: object) -> bool:
        return True


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], []),
        (["127.0.0.1", "::1", "10.0.2.2"], []),
        (("172.17.0.1", lazystr("127.0.0.1")), []),
        ([f"172.{n}.0.1" for n in range(16, 32)], []),
        (["127.0.0.1/32", "10.0.0.0/28"], []),
        ("127.0.0.1", []),
        (None, []),
        (Everyone(), []),
        (["0.0.0.0/0"], ["W124"]),
        ("0.0.0.0/0", ["W124"]),
        (["*"], ["W124"]),
        (["192.168.*", "10.0.0.1/8"], ["W124", "W124"]),
        (["::/0", "127.0.0.1"], ["W124"]),
        ([ip_network("10.0.0.0/8")], ["W124"]),
        (IPv4Network("10.0.0.0/8"), ["W124"]),
        ([f"10.0.0.{n}" for n in range(256)], ["W124"]),
    ],
    ids=lambda value: str(value)[:40] if not isinstance(value, Everyone) else "everyone",
)
def test_internal_ips(value: Any, expected: list[str]) -> None:
    assert codes(internal_ips, INTERNAL_IPS=value) == expected


def test_the_site_needs_no_proxy() -> None:
    assert codes(*PROXIES, MIDDLEWARE=MIDDLEWARE, HARDENED_TRUSTED_PROXIES=[]) == []
