"""``TrustedProxyMiddleware``: forwarded fields count from declared proxies only."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import AsyncRequestFactory, RequestFactory, override_settings
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
    ["", "HTTPS", "https,http", "http, https", "https ", "on", "javascript", "https\r\n"],
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


def test_what_was_the_proxys_is_not_left_beside_the_clients_address(send: Any) -> None:
    request = send.request(
        host="testserver", headers=[("X-Forwarded-For", "198.51.100.1")], peer=PROXY
    )
    request.META |= {"REMOTE_HOST": PROXY, "REMOTE_PORT": "4711"}
    arrived = send.on(request, TrustedProxyMiddleware).request
    assert arrived.META["REMOTE_ADDR"] == arrived.META["REMOTE_HOST"] == "198.51.100.1"
    assert "REMOTE_PORT" not in arrived.META


def test_what_is_the_peers_own_stays(send: Any) -> None:
    request = send.request(host="testserver", headers=FORGED, peer=STRANGER)
    request.META |= {"REMOTE_HOST": STRANGER, "REMOTE_PORT": "4711"}
    arrived = send.on(request, TrustedProxyMiddleware).request
    assert (arrived.META["REMOTE_HOST"], arrived.META["REMOTE_PORT"]) == (STRANGER, "4711")


def test_a_number_of_proxies(send: Any) -> None:
    headers = [
        ("X-Forwarded-For", "1.1.1.1, 198.51.100.1, 192.0.2.4"),
        ("X-Forwarded-Proto", "https"),
    ]
    with override_settings(HARDENED_TRUSTED_PROXIES=[2]):
        for peer in (STRANGER, PROXY, ""):
            request = send.through(
                TrustedProxyMiddleware, host="testserver", headers=headers, peer=peer
            ).request
            assert request.META["REMOTE_ADDR"] == "198.51.100.1"
            assert request.is_secure() is True


def test_proxies_that_write_forwarded(send: Any) -> None:
    headers = [
        ("Forwarded", "for=1.1.1.1;host=evil.test;proto=http"),
        ("X-Forwarded-For", "192.0.2.66"),
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Proto", "http"),
        ("Forwarded", 'for="[2001:db8::9]:4711";proto=https;host=evil.test'),
    ]
    with override_settings(HARDENED_FORWARDED_HEADER="Forwarded"):
        request = send.through(
            TrustedProxyMiddleware, host="testserver", headers=headers, peer=PROXY
        ).request
        assert request.META["REMOTE_ADDR"] == "2001:db8::9"
        assert request.is_secure() is True
        assert request.get_host() == "testserver"
        assert forwarded_fields(request) == {"HTTP_X_FORWARDED_PROTO"}


def test_forwarded_is_not_read_where_it_is_not_declared(send: Any) -> None:
    headers = [("Forwarded", "for=198.51.100.1;proto=https;host=example.com")]
    request = send.through(
        TrustedProxyMiddleware, host="testserver", headers=headers, peer=PROXY
    ).request
    assert request.META["REMOTE_ADDR"] == PROXY
    assert request.is_secure() is False
    assert request.get_host() == "testserver"


def test_a_wrong_declaration_stops_the_server_and_not_its_visitors() -> None:
    for wrong in ({"HARDENED_TRUSTED_PROXIES": ["proxy"]}, {"HARDENED_FORWARDED_HEADER": "x"}):
        with override_settings(**wrong), pytest.raises(ImproperlyConfigured):
            TrustedProxyMiddleware(lambda request: HttpResponse())


def test_settings_are_read_late(send: Any) -> None:
    """Also a list that is changed in place, and a middleware that was made before."""
    exchange = SimpleNamespace(arrived=[])
    middleware = TrustedProxyMiddleware(send.handler(exchange))
    headers = [("X-Forwarded-For", "198.51.100.1")]
    declared: list[str] = []
    with override_settings(HARDENED_TRUSTED_PROXIES=declared):
        for _ in range(2):
            send.call(middleware, send.request(host="testserver", headers=headers, peer=PROXY))
            declared.append(PROXY)
    with override_settings(HARDENED_TRUSTED_PROXIES=[]):
        send.call(middleware, send.request(host="testserver", headers=headers, peer=PROXY))
    assert [r.META["REMOTE_ADDR"] for r in exchange.arrived] == [PROXY, "198.51.100.1", PROXY]


# -- Names with underscores ----------------------------------------------------------------------

UNDERSCORED = [
    ("X_Forwarded_For", "1.1.1.1"),
    ("X_Forwarded-For", "1.1.1.1"),
    ("X_Forwarded_Proto", "https"),
    ("X_Forwarded_Host", "evil.test"),
    ("X-Forwarded_Host", "evil.test"),
]


@pytest.mark.parametrize("field", UNDERSCORED, ids=lambda field: field[0])
def test_from_a_stranger_a_name_with_underscores_disappears_too(
    send: Any, field: tuple[str, str]
) -> None:
    request = send.through(TrustedProxyMiddleware, host="testserver", headers=[field]).request
    assert forwarded_fields(request) == set()
    assert request.META["REMOTE_ADDR"] == STRANGER
    assert request.is_secure() is False
    assert request.get_host() == "testserver"


@pytest.mark.parametrize("last", [True, False])
def test_under_asgi_a_name_with_underscores_is_not_merged_with_the_real_one(last: bool) -> None:
    real = [
        (b"x-forwarded-for", b"198.51.100.1"),
        (b"x-forwarded-proto", b"http"),
        (b"x-forwarded-host", b"example.com"),
    ]
    sent = [(name.lower().encode(), value.encode()) for name, value in UNDERSCORED]
    sent += [(b"x_scheme", b"https"), (b"user_agent", b"x")]
    request = AsyncRequestFactory().request(
        path="/", headers=real + sent if last else sent + real, client=(PROXY, 4711)
    )
    # As Django 5.2 came out; later releases leave the names out.
    for name, value in sent:
        key = "HTTP_" + name.decode().upper().replace("-", "_")
        merged = [value.decode(), *([request.META[key]] if key in request.META else [])]
        request.META[key] = ",".join(reversed(merged) if last else merged)
    TrustedProxyMiddleware(lambda request: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == "198.51.100.1"
    assert request.is_secure() is False
    assert request.get_host() == "example.com"


# -- What the server says itself -----------------------------------------------------------------


@pytest.mark.parametrize("peer", [STRANGER, PROXY])
@pytest.mark.parametrize("fields", [{}, {"HTTP_X_FORWARDED_PROTO": "http"}])
def test_a_variable_of_the_server_is_nothing_that_a_client_sent(
    peer: str, fields: dict[str, str]
) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTPS="on", **fields)
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTPS", "on")):
        TrustedProxyMiddleware(lambda request: HttpResponse())(request)
        assert request.META["HTTPS"] == "on"
        assert request.is_secure() is True


# -- The log -------------------------------------------------------------------------------------


def test_https_from_an_undeclared_peer_is_told_with_the_line_that_declares_it(
    send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for proto in ("http", "https", "https"):
        send.through(
            TrustedProxyMiddleware,
            host="testserver",
            headers=[("X-Forwarded-Proto", proto)],
            peer="::ffff:192.0.2.4",
        )
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("django_hardened.proxies", "WARNING")
    assert record.getMessage() == (
        "Ignored 'X-Forwarded-Proto: https' from '::ffff:192.0.2.4', which is no declared proxy. "
        "If that is a proxy of yours: "
        "HARDENED_TRUSTED_PROXIES=10.0.0.0/8,2001:db8:1::/48,192.0.2.4"
    )


@pytest.mark.parametrize("environment", ["production", "development", "test"])
def test_a_peer_on_a_unix_socket_is_told_of_in_each_environment(
    send: Any, caplog: pytest.LogCaptureFixture, environment: str
) -> None:
    changes = {"HARDENED_TRUSTED_PROXIES": [], "HARDENED_ENVIRONMENT": environment}
    with override_settings(**changes):
        send.through(
            TrustedProxyMiddleware,
            host="testserver",
            headers=[("X-Forwarded-Proto", "https")],
            peer="",
        )
    (message,) = caplog.messages
    assert "from a unix socket, which is no declared proxy" in message
    assert message.endswith("HARDENED_TRUSTED_PROXIES=unix")


def test_a_server_that_rewrites_the_address_is_told_of(
    send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    headers = [("X-Forwarded-For", f"1.1.1.1, {STRANGER}"), ("X-Forwarded-Proto", "https")]
    send.through(TrustedProxyMiddleware, host="testserver", headers=headers, peer=STRANGER)
    (message,) = caplog.messages
    assert "uvicorn --no-proxy-headers" in message
    assert "HARDENED_TRUSTED_PROXIES" not in message


def test_a_peer_that_is_no_address_is_quoted_and_not_declared(
    send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    peer = "evil\r\nline" * 100
    headers = [("X-Forwarded-Proto", "https")]
    send.through(TrustedProxyMiddleware, host="testserver", headers=headers, peer=peer)
    (message,) = caplog.messages
    assert message.endswith("which is no declared proxy.")
    assert "\n" not in message
    assert len(message) < 300


def test_https_in_forwarded_is_told_of_as_well(send: Any, caplog: pytest.LogCaptureFixture) -> None:
    headers = [("Forwarded", "for=1.1.1.1;proto=https")]
    with override_settings(HARDENED_FORWARDED_HEADER="Forwarded"):
        send.through(TrustedProxyMiddleware, host="testserver", headers=headers, peer=STRANGER)
    (message,) = caplog.messages
    assert message.startswith("Ignored 'Forwarded: for=1.1.1.1;proto=https' from")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("X-Forwarded-For", "1.1.1.1, unknown"),
        ("X-Forwarded-Proto", "https, http"),
        ("Forwarded", "for=1.1.1.1; proto=https"),
    ],
)
def test_what_a_proxy_says_and_cannot_be_read_is_told_once_in_a_while(
    send: Any, caplog: pytest.LogCaptureFixture, field: str, value: str
) -> None:
    header = "Forwarded" if field == "Forwarded" else "X-Forwarded-For"
    with override_settings(HARDENED_FORWARDED_HEADER=header):
        for _ in range(3):
            send.through(
                TrustedProxyMiddleware, host="testserver", headers=[(field, value)], peer=PROXY
            )
    assert caplog.messages == [
        f"Ignored {field} from the proxy '10.0.0.1', which cannot be read: {value!r}"
    ]


def test_of_a_long_value_the_end_is_told(send: Any, caplog: pytest.LogCaptureFixture) -> None:
    headers = [("X-Forwarded-For", "x" * 5000 + "\x1b[31m")]
    send.through(TrustedProxyMiddleware, host="testserver", headers=headers, peer=PROXY)
    (message,) = caplog.messages
    assert message.endswith("x" * 95 + "\\x1b[31m'")
    assert len(message) < 200


def test_what_is_as_it_should_be_is_not_told(send: Any, caplog: pytest.LogCaptureFixture) -> None:
    for peer, proto in ((PROXY, "https"), (PROXY, "http"), (STRANGER, "http"), (STRANGER, "")):
        headers = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", proto)]
        send.through(TrustedProxyMiddleware, host="testserver", headers=headers, peer=peer)
    send.through(TrustedProxyMiddleware, host="testserver", peer=STRANGER)
    assert caplog.messages == []


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


@pytest.mark.parametrize(("proto", "secure"), [("wss", True), ("ws", False)])
def test_the_scheme_of_a_web_socket_is_that_of_its_handshake(
    send: Any, proto: str, secure: bool
) -> None:
    request = send.through(
        TrustedProxyMiddleware,
        host="testserver",
        headers=[("X-Forwarded-Proto", proto)],
        peer=PROXY,
    ).request
    assert request.is_secure() is secure


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


# -- Servers that believe by themselves ----------------------------------------------------------


@pytest.mark.parametrize("declared", [[], ["10.0.0.0/8"]])
@pytest.mark.parametrize(
    "field",
    [("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "on"), ("X-Forwarded-Protocol", "ssl")],
)
def test_what_gunicorn_has_believed_is_undone(declared: list[str], field: tuple[str, str]) -> None:
    """It believes 127.0.0.1 by default, and sets the scheme of the request."""
    name = "HTTP_" + field[0].upper().replace("-", "_")
    request = RequestFactory().get("/", REMOTE_ADDR=STRANGER, **{name: field[1]})
    request.META |= {"wsgi.url_scheme": "https", "gunicorn.socket": socket.socket()}
    with override_settings(HARDENED_TRUSTED_PROXIES=declared), request.META["gunicorn.socket"]:
        TrustedProxyMiddleware(lambda request: HttpResponse())(request)
    assert request.scheme == "http"


def test_tls_that_ends_in_the_server_is_https() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=STRANGER, HTTP_X_FORWARDED_FOR="1.2.3.4")
    with SSLContext(PROTOCOL_TLS_SERVER).wrap_socket(
        socket.socket(), server_side=True, do_handshake_on_connect=False
    ) as connection:
        request.META |= {"wsgi.url_scheme": "https", "gunicorn.socket": connection}
        TrustedProxyMiddleware(lambda request: HttpResponse())(request)
    assert request.scheme == "https"


@pytest.mark.parametrize(("said", "scheme"), [("https", "https"), ("http", "http"), ("x", "http")])
def test_the_scheme_follows_where_django_reads_no_header(send: Any, said: str, scheme: str) -> None:
    with override_settings(SECURE_PROXY_SSL_HEADER=None):
        request = send.through(
            TrustedProxyMiddleware,
            host="testserver",
            headers=[("X-Forwarded-Proto", said)],
            peer=PROXY,
        ).request
        assert request.scheme == scheme
        assert request.build_absolute_uri() == f"{scheme}://testserver/"


def test_what_a_server_made_the_peer_of_is_no_address(
    send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """uvicorn takes the first name of the chain that it does not trust, whatever it is."""
    request = send.through(
        TrustedProxyMiddleware,
        host="testserver",
        headers=[("X-Forwarded-For", "6.6.6.6, junk")],
        peer="junk",
    ).request
    assert request.META["REMOTE_ADDR"] == ""
    assert [record.getMessage() for record in caplog.records] == [
        "The server has put 'junk' from X-Forwarded-For in the place of the peer, which is no "
        "address: have it leave the address alone (uvicorn --no-proxy-headers)."
    ]
