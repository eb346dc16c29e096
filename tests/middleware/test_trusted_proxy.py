"""``TrustedProxyMiddleware``: forwarded fields count from declared proxies only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.middleware import HostPinningMiddleware, TrustedProxyMiddleware

STRANGER = "203.0.113.9"
PROXY = "10.0.0.1"
FORGED = [
    ("X-Forwarded-For", "198.51.100.1"),
    ("X-Forwarded-Host", "evil.test"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Port", "1234"),
    ("X-Forwarded-Server", "evil.test"),
    ("X-Forwarded-Ssl", "on"),
    ("X-Forwarded-Scheme", "https"),
    ("X-Forwarded-Protocol", "https"),
    ("X-Forwarded-Prefix", "/evil"),
    ("X-Forwarded", "for=198.51.100.1"),
    ("Forwarded", "for=198.51.100.1;host=evil.test;proto=https"),
]


@pytest.fixture(autouse=True)
def _behind_a_proxy() -> Iterator[None]:
    with override_settings(
        HARDENED_TRUSTED_PROXIES=["10.0.0.0/8", "2001:db8:1::/48"],
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
        USE_X_FORWARDED_HOST=True,
        USE_X_FORWARDED_PORT=True,
        ALLOWED_HOSTS=["testserver", "example.com"],
    ):
        yield


def forwarded_fields(request: Any) -> set[str]:
    return {name for name in request.META if "FORWARDED" in name}


# -- From anybody --------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", [STRANGER, "", "127.0.0.1", "2001:db8:2::1", "::1"])
def test_from_a_stranger_every_forwarded_field_disappears(send: Any, peer: str) -> None:
    request = send.through(
        TrustedProxyMiddleware, host="testserver", headers=FORGED, peer=peer
    ).request
    assert forwarded_fields(request) == set()
    assert [name for name in request.headers if "forwarded" in name.lower()] == []
    assert request.META.get("REMOTE_ADDR", "") == peer
    assert request.is_secure() is False
    assert request.get_host() == "testserver"
    assert request.get_port() == "80"
    assert request.build_absolute_uri() == "http://testserver/"


@pytest.mark.parametrize("field", FORGED, ids=lambda field: field[0])
def test_each_forwarded_field_alone_disappears(send: Any, field: tuple[str, str]) -> None:
    request = send.through(TrustedProxyMiddleware, host="testserver", headers=[field]).request
    assert forwarded_fields(request) == set()
    assert request.is_secure() is False
    assert request.get_host() == "testserver"


def test_when_nobody_is_declared_everybody_is_a_stranger(send: Any) -> None:
    nobody: list[Any] = [[], ()]
    for declared in nobody:
        with override_settings(HARDENED_TRUSTED_PROXIES=declared):
            for peer in ("", "127.0.0.1", PROXY):
                request = send.through(
                    TrustedProxyMiddleware, host="testserver", headers=FORGED, peer=peer
                ).request
                assert forwarded_fields(request) == set()
                assert request.META.get("REMOTE_ADDR", "") == peer


@pytest.mark.parametrize("field", ["X-Scheme", "X-Url-Scheme", "Front-End-Https"])
def test_the_field_that_django_believes_about_https_is_not_believed_from_a_stranger(
    send: Any, field: str
) -> None:
    """SECURE_PROXY_SSL_HEADER may name a field of another family than X-Forwarded."""
    name = "HTTP_" + field.upper().replace("-", "_")
    with override_settings(SECURE_PROXY_SSL_HEADER=(name, "on")):
        request = send.through(
            TrustedProxyMiddleware, host="testserver", headers=[(field, "on")]
        ).request
        assert request.is_secure() is False


def test_other_fields_stay(send: Any) -> None:
    headers = [("X-Requested-With", "XMLHttpRequest"), ("Accept", "text/html"), ("Via", "1.1 x")]
    request = send.through(TrustedProxyMiddleware, host="testserver", headers=headers).request
    assert [request.headers[name] for name, _ in headers] == [value for _, value in headers]


def test_a_field_that_was_read_before_is_forgotten(send: Any) -> None:
    request = send.request(host="testserver", headers=FORGED)
    assert request.headers["X-Forwarded-Host"] == "evil.test"
    send.on(request, TrustedProxyMiddleware)
    assert "X-Forwarded-Host" not in request.headers


# -- From a declared proxy -----------------------------------------------------------------------


@pytest.mark.parametrize("peer", [PROXY, "10.255.0.1", "::ffff:10.0.0.1", "2001:db8:1::1"])
def test_from_a_declared_proxy_address_host_and_scheme_follow(send: Any, peer: str) -> None:
    request = send.through(
        TrustedProxyMiddleware,
        host="internal.test",
        headers=[
            ("X-Forwarded-For", "198.51.100.1"),
            ("X-Forwarded-Host", "example.com"),
            ("X-Forwarded-Proto", "https"),
        ],
        peer=peer,
    ).request
    assert request.META["REMOTE_ADDR"] == "198.51.100.1"
    assert request.is_secure() is True
    assert request.get_host() == "example.com"
    assert request.headers["Host"] == "example.com"
    assert request.build_absolute_uri() == "https://example.com/"


def test_no_more_than_the_scheme_is_left_of_what_was_forwarded(send: Any) -> None:
    """Whatever reads them later would read a second truth."""
    request = send.through(
        TrustedProxyMiddleware, host="testserver", headers=FORGED, peer=PROXY
    ).request
    assert forwarded_fields(request) == {"HTTP_X_FORWARDED_PROTO"}
    assert request.get_port() == "80"


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("198.51.100.1:4711", "198.51.100.1"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("unknown", PROXY),
        ("198.51.100.1, unknown", PROXY),
        ("1.1.1.1," * 1000 + "198.51.100.1", "198.51.100.1"),
        ("", PROXY),
    ],
    ids=lambda value: value[:40],
)
def test_the_address_is_that_of_the_client(send: Any, forwarded_for: str, client: str) -> None:
    request = send.through(
        TrustedProxyMiddleware,
        host="testserver",
        headers=[("X-Forwarded-For", forwarded_for)],
        peer=PROXY,
    ).request
    assert request.META["REMOTE_ADDR"] == client


def test_fields_sent_twice_are_one_chain(send: Any) -> None:
    request = send.through(
        TrustedProxyMiddleware,
        host="testserver",
        headers=[("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "198.51.100.1")],
        peer=PROXY,
    ).request
    assert request.META["REMOTE_ADDR"] == "198.51.100.1"


@pytest.mark.parametrize(
    "proto",
    ["", "HTTPS", "https,http", "http, https", "https ", "on", "wss", "javascript", "https\r\n"],
)
def test_a_scheme_that_is_none_says_nothing(send: Any, proto: str) -> None:
    request = send.through(
        TrustedProxyMiddleware,
        host="testserver",
        headers=[("X-Forwarded-Proto", proto)],
        peer=PROXY,
    ).request
    assert forwarded_fields(request) == set()
    assert request.is_secure() is False


def test_plain_http_is_plain_http(send: Any) -> None:
    request = send.through(
        TrustedProxyMiddleware,
        host="testserver",
        headers=[("X-Forwarded-Proto", "http")],
        peer=PROXY,
    ).request
    assert request.META["HTTP_X_FORWARDED_PROTO"] == "http"
    assert request.is_secure() is False


def test_a_proxy_on_a_unix_socket_is_believed_where_declared(send: Any) -> None:
    headers = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "https")]
    with override_settings(HARDENED_TRUSTED_PROXIES=["unix"]):
        request = send.through(
            TrustedProxyMiddleware, host="testserver", headers=headers, peer=""
        ).request
        assert request.META["REMOTE_ADDR"] == "198.51.100.1"
        assert request.is_secure() is True
        request = send.through(
            TrustedProxyMiddleware, host="testserver", headers=headers, peer="127.0.0.1"
        ).request
        assert request.META["REMOTE_ADDR"] == "127.0.0.1"
        assert request.is_secure() is False


def test_a_proxy_that_says_nothing_is_the_client(send: Any) -> None:
    request = send.through(TrustedProxyMiddleware, host="testserver", peer=PROXY).request
    assert request.META["REMOTE_ADDR"] == PROXY
    assert request.get_host() == "testserver"


def test_the_url_that_was_read_before_is_forgotten(send: Any) -> None:
    """Usable alone: without the pin behind it, nothing else would forget it."""
    request = send.request(
        host="testserver",
        headers=[("X-Forwarded-Host", "example.com"), ("X-Forwarded-Proto", "https")],
        peer=PROXY,
    )
    with override_settings(USE_X_FORWARDED_HOST=False, SECURE_PROXY_SSL_HEADER=None):
        assert request.build_absolute_uri() == "http://testserver/"
    send.on(request, TrustedProxyMiddleware)
    assert request.build_absolute_uri() == "https://example.com/"


# -- With the pin --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("EXAMPLE.com.:8443", 200),
        ("evil.test", 421),
        ("example.com, evil.test", 400),
        ("example.com,example.com", 400),
        ("", 400),
    ],
)
def test_a_forwarded_host_is_judged_like_any_other(send: Any, host: str, status: int) -> None:
    with override_settings(HARDENED_ENVIRONMENT="production"):
        exchange = send.through(
            TrustedProxyMiddleware,
            HostPinningMiddleware,
            host="testserver",
            headers=[("X-Forwarded-Host", host), ("X-Forwarded-Proto", "https")],
            peer=PROXY,
        )
    assert exchange.response.status_code == status
    for request in exchange.arrived:
        assert request.build_absolute_uri() == "https://example.com/"
        assert request.META["SERVER_PORT"] == "443"
        assert forwarded_fields(request) == {"HTTP_X_FORWARDED_PROTO"}


values = st.text(st.characters(max_codepoint=255), max_size=30) | st.sampled_from(
    ["https", "http", "example.com", "evil.test", "198.51.100.1", "10.0.0.2, 1.1.1.1", "::1"]
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([name for name, _ in FORGED]), values), max_size=6),
    st.sampled_from([STRANGER, "", "garbage", "10.0.0.1:80", "11.0.0.1"]),
)
def test_a_stranger_changes_nothing_whatever_is_sent(
    send: Any, headers: list[tuple[str, str]], peer: str
) -> None:
    request = send.through(
        TrustedProxyMiddleware, host="testserver", headers=headers, peer=peer
    ).request
    assert forwarded_fields(request) == set()
    assert request.META.get("REMOTE_ADDR", "") == peer
    assert request.build_absolute_uri() == "http://testserver/"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([name for name, _ in FORGED]), values), max_size=6))
def test_a_proxy_never_makes_an_error_of_what_a_client_sent(
    send: Any, headers: list[tuple[str, str]]
) -> None:
    exchange = send.through(
        TrustedProxyMiddleware,
        HostPinningMiddleware,
        host="testserver",
        headers=headers,
        peer=PROXY,
    )
    assert exchange.response.status_code in (200, 400, 421)
    for request in exchange.arrived:
        assert request.get_host().partition(":")[0] in ("testserver", "example.com")
        assert request.META["REMOTE_ADDR"]


@pytest.mark.parametrize(("sent", "secure"), [("on", True), ("off", False), ("on, on", False)])
def test_a_declared_proxy_may_speak_of_https_in_a_header_of_its_own(
    sent: str, secure: bool
) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_SSL=sent)
    with override_settings(
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_SSL", "on"),
        HARDENED_TRUSTED_PROXIES=["10.0.0.0/8"],
    ):
        TrustedProxyMiddleware(lambda request: HttpResponse())(request)
        assert request.is_secure() is secure
