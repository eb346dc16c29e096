"""``HostPinning`` around an ASGI application: requests and WebSockets, one rule."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.asgi import HostPinning
from django_hardened.header_settings import header_plan
from django_hardened.host_policy import OTHER_SOURCES

PRODUCTION: dict[str, Any] = {
    "HARDENED_ENVIRONMENT": "production",
    "ALLOWED_HOSTS": ["example.com", ".tenants.example"],
}
MALFORMED = ["", "a_b", "example.com,evil.test", "user@example.com", "127.1", "ex\xe4mple.com"]
STRANGERS = ["evil.test", "www.example.com", "example.com.evil.test", "10.0.0.7:8000"]


@pytest.fixture(autouse=True)
def _production() -> Iterator[None]:
    with override_settings(**PRODUCTION):
        yield


class Exchange:
    """One connection: what the application was given, and what went back to the client."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope
        self.arrived: list[dict[str, Any]] = []
        self.sent: list[Any] = []
        self.read: list[str] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            self.arrived.append(scope)

        async def receive() -> dict[str, Any]:
            self.read.append("read")
            return {"type": f"{scope['type']}.connect"}

        async def send(message: Any) -> None:
            self.sent.append(message)

        async_to_sync(HostPinning(application))(scope, receive, send)


def connect(
    host: str | None = "example.com",
    kind: str = "http",
    headers: tuple[tuple[str, str], ...] = (),
    **changes: Any,
) -> Exchange:
    fields = [*([] if host is None else [("host", host)]), *headers]
    scope = {
        "type": kind,
        "path": "/page",
        "scheme": {"http": "http", "websocket": "ws"}[kind],
        "query_string": b"",
        "server": ("example.com", 8000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields],
        **({"method": "GET"} if kind == "http" else {}),
    }
    return Exchange(scope | changes)


def assert_refused(exchange: Exchange, status: int) -> None:
    assert exchange.arrived == []
    if exchange.scope["type"] == "websocket":
        assert exchange.read == ["read"]  # the handshake; servers then answer 403
        assert exchange.sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]
        return
    start, body = exchange.sent
    text = {400: b"Bad Request\n", 421: b"Misdirected Request\n"}[status]
    assert (start["status"], body["body"]) == (status, text)
    header = dict(start["headers"])
    assert len(header) == len(start["headers"])
    assert header[b"content-type"] == b"text/plain; charset=utf-8"
    assert header[b"cache-control"] == b"no-store"
    assert header[b"content-length"] == str(len(text)).encode()
    assert header[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'"
    assert header[b"x-content-type-options"] == b"nosniff"


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("sent", "pinned"),
    [
        ("example.com", b"example.com"),
        ("EXAMPLE.com.:8000", b"example.com"),
        ("A.Tenants.example", b"a.tenants.example"),
    ],
)
def test_the_application_sees_one_form(kind: str, sent: str, pinned: bytes) -> None:
    evil = tuple((name, "evil.test") for name in OTHER_SOURCES)
    exchange = connect(sent, kind, (*evil, ("X_Forwarded-Host", "evil.test"), ("x-other", "y")))
    [scope] = exchange.arrived
    assert scope["headers"] == [(b"host", pinned), (b"x-other", b"y")]
    assert exchange.sent == []
    assert (b"host", sent.encode()) in exchange.scope["headers"]  # the server's own is left


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("sent", MALFORMED)
def test_no_host_is_refused(kind: str, sent: str) -> None:
    assert_refused(connect(sent, kind), 400)


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("sent", STRANGERS)
def test_a_stranger_is_refused(kind: str, sent: str) -> None:
    assert_refused(connect(sent, kind), 421)


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_two_host_fields_are_one_too_many(kind: str) -> None:
    assert_refused(connect("example.com", kind, (("host", "example.com"),)), 400)


def test_without_a_host_field_the_name_of_the_server_counts_for_a_request_only() -> None:
    [scope] = connect(None).arrived
    assert scope["headers"] == [(b"host", b"example.com")]
    assert_refused(connect(None, server=("10.0.0.7", 8000)), 421)
    assert_refused(connect(None, server=None), 400)
    assert_refused(connect(None, "websocket"), 400)


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("path", ["/x/../page", "//evil.test/", "http://example.com/page", "*"])
def test_a_path_that_would_become_another_url_is_refused(kind: str, path: str) -> None:
    assert_refused(connect("example.com", kind, path=path), 400)


def test_what_is_no_connection_passes_untouched() -> None:
    exchange = Exchange({"type": "lifespan"})
    assert exchange.arrived == [{"type": "lifespan"}]
    assert exchange.arrived[0] is exchange.scope


def test_a_health_check_is_answered_whatever_the_host() -> None:
    with override_settings(HARDENED_HEALTH_PATHS=["/healthz"]):
        for method in ("GET", "HEAD"):
            exchange = connect("10.0.0.7", path="/healthz", method=method)
            start, body = exchange.sent
            assert (start["status"], body["body"], exchange.arrived) == (200, b"ok\n", [])
            assert (b"cache-control", b"no-store") in start["headers"]
        assert_refused(connect("10.0.0.7", path="/healthz", method="POST"), 421)
        assert_refused(connect("10.0.0.7", "websocket", path="/healthz"), 421)


def test_an_alias() -> None:
    with override_settings(HARDENED_HOST_ALIASES={"www.example.com": "example.com"}):
        assert connect("www.example.com").arrived[0]["headers"] == [(b"host", b"example.com")]
        with override_settings(HARDENED_REDIRECT_HOST_ALIASES=True):
            start, body = connect("www.example.com", path="/é\r\n", query_string=b"a=b").sent
            assert (start["status"], body["body"]) == (308, b"")
            assert (b"location", b"http://example.com/%C3%A9%0D%0A?a=b") in start["headers"]
            assert (b"cache-control", b"no-store") in start["headers"]
            with override_settings(SECURE_SSL_REDIRECT=True):
                start, _ = connect("www.example.com").sent
                assert (b"location", b"https://example.com/page") in start["headers"]
            with override_settings(HARDENED_CANONICAL_ORIGIN="https://example.com:8443"):
                start, _ = connect("www.example.com").sent
                assert (b"location", b"https://example.com:8443/page") in start["headers"]
            assert connect("www.example.com", "websocket").arrived  # those follow no redirect


async def find_tenant(name: str) -> bool:
    return name == "t1.tenants.example"


def test_only_known_tenants() -> None:
    with override_settings(HARDENED_TENANT_RESOLVER=find_tenant):
        assert connect("t1.tenants.example", "websocket").arrived
        assert_refused(connect("t2.tenants.example", "websocket"), 421)


# -- The Origin of a WebSocket -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "is_admitted"),
    [
        (None, True),
        ("https://example.com", True),
        ("http://example.com", True),
        ("https://example.com:443", True),
        ("HTTPS://EXAMPLE.com", True),
        ("https://app.trusted.example", True),
        ("https://exact.example", True),
        ("https://example.com:8443", False),
        ("https://www.exact.example", False),
        ("http://exact.example", False),
        ("https://evil.test", False),
        ("https://example.com.evil.test", False),
        ("https://a.tenants.example", False),  # another tenant is another site
        ("null", False),
        ("", False),
        ("file://", False),
    ],
)
def test_the_origin_of_a_websocket(origin: str | None, is_admitted: bool) -> None:
    trusted = ["https://*.trusted.example", "https://exact.example"]
    fields = () if origin is None else (("origin", origin),)
    with override_settings(CSRF_TRUSTED_ORIGINS=trusted):
        exchange = connect("EXAMPLE.com:8000", "websocket", fields)
    if is_admitted:
        assert len(exchange.arrived) == 1
    else:
        assert_refused(exchange, 403)


def test_a_page_without_tls_opens_no_socket_with() -> None:
    fields = (("origin", "http://example.com"),)
    assert connect("example.com", "websocket", fields, scheme="ws").arrived
    assert_refused(connect("example.com", "websocket", fields, scheme="wss"), 403)


def test_two_origins_are_none() -> None:
    fields = (("origin", "https://example.com"), ("origin", "https://example.com"))
    assert_refused(connect("example.com", "websocket", fields), 403)


def test_a_request_has_no_origin_check_of_ours() -> None:
    """Those are for the middleware against forged requests, and for CORS."""
    assert connect("example.com", "http", (("origin", "https://evil.test"),)).arrived


@pytest.mark.parametrize(
    ("environment", "allowed"), [("development", True), ("test", True), ("production", False)]
)
def test_the_server_of_a_frontend_on_a_developers_machine(environment: str, allowed: bool) -> None:
    local = ["localhost", "127.0.0.1"]
    with override_settings(HARDENED_ENVIRONMENT=environment, ALLOWED_HOSTS=local):
        fields = (("origin", "http://127.0.0.1:5173"),)
        assert bool(connect("localhost:8000", "websocket", fields).arrived) is allowed
        fields = (("origin", "http://localhost:8000"),)
        assert bool(connect("localhost:8000", "websocket", fields).arrived) is allowed
        fields = (("origin", "http://evil.test"),)
        assert not connect("localhost:8000", "websocket", fields).arrived


# -- Anything ------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    host=st.text(st.characters(max_codepoint=255), max_size=30),
    kind=st.sampled_from(["http", "websocket"]),
    path=st.text(max_size=20),
    origin=st.text(st.characters(max_codepoint=255), max_size=30),
)
def test_every_connection_is_pinned_or_refused(
    host: str, kind: str, path: str, origin: str
) -> None:
    exchange = connect(host, kind, (("origin", origin),), path=path)
    for scope in exchange.arrived:
        assert scope["headers"][0] == (b"host", b"example.com")
    assert exchange.arrived or exchange.sent


def test_a_flood_of_refusals_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async def send(message: Any) -> None:
        """Nobody listens."""

    pin = HostPinning(lambda *connection: pytest.fail("reached"))
    with caplog.at_level(logging.WARNING):
        for number in range(50):
            scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http"}
            scope |= {"headers": [(b"host", b"evil%d.test" % number)]}
            async_to_sync(pin)(scope, send, send)  # type: ignore[arg-type]
    assert [record.name for record in caplog.records] == ["django.security.DisallowedHost"]


# -- What browsers enforce -----------------------------------------------------------------------


def _header(**changes: Any) -> dict[bytes, bytes]:
    start, _ = connect("evil.test", **changes).sent
    assert start["status"] == 421
    return dict(start["headers"])


def test_a_refusal_has_the_header_of_any_other_answer() -> None:
    expected = {
        name.encode(): value.encode()
        for name, (_, value) in header_plan().bundle("api", None).fields.items()
    }
    assert expected.items() <= _header().items()
    assert b"permissions-policy" in expected


def test_a_refusal_has_what_the_settings_say() -> None:
    changes = {"Permissions-Policy": None, "X-Site": "1", "Cache-Control": "no-store, max-age=0"}
    with override_settings(HARDENED_HEADERS=changes, HARDENED_CSP={}):
        header = _header()
    assert b"permissions-policy" not in header
    assert b"content-security-policy" not in header
    assert header[b"x-site"] == b"1"
    assert header[b"cache-control"] == b"no-store, max-age=0"
    with override_settings(HARDENED_EDGE={"headers", "csp"}):
        assert set(_header()) == {b"content-type", b"cache-control", b"content-length"}


def test_a_refusal_is_for_https_alone_where_it_goes_over_https() -> None:
    with override_settings(SECURE_HSTS_SECONDS=60):
        assert _header(scheme="https")[b"strict-transport-security"] == b"max-age=60"
        assert b"strict-transport-security" not in _header(scheme="http")
