"""``TrustedProxy``: the rule of the middleware around a whole ASGI application."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.middleware import TrustedProxyMiddleware
from django_hardened.middleware.asgi_proxies import TrustedProxy

STRANGER = "203.0.113.9"
PROXY = "10.0.0.1"
FORWARDED = [
    (b"x-forwarded-for", b"1.1.1.1, 198.51.100.1"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"example.com"),
]
OTHERS = [
    (b"host", b"internal.test"),
    (b"accept", b"*/*"),
    (b"user_agent", b"x"),
    (b"x-real-ip", b"1.1.1.1"),
    (b"cookie", b"a=b"),
]


@pytest.fixture(autouse=True)
def _behind_a_proxy() -> Iterator[None]:
    with override_settings(
        HARDENED_TRUSTED_PROXIES=["10.0.0.0/8"],
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
        ALLOWED_HOSTS=["internal.test", "example.com"],
    ):
        yield


def scope_of(
    headers: list[tuple[bytes, bytes]], peer: str = PROXY, kind: str = "http", **changes: Any
) -> dict[str, Any]:
    return {
        "type": kind,
        "method": "GET",
        "path": "/",
        "scheme": "ws" if kind == "websocket" else "http",
        "client": (peer, 4711) if peer else None,
        "server": ("internal.test", 80),
        "headers": headers,
        **changes,
    }


def through(scope: dict[str, Any], layers: int = 1) -> dict[str, Any]:
    """Return the scope that arrives behind the wrapper, which changes nothing of the given one."""
    arrived = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (receive, send) == ("receive", "send")
        arrived.append(scope)

    for _ in range(layers):
        app = TrustedProxy(app)  # type: ignore[assignment]
    before = deepcopy(scope)
    async_to_sync(app)(scope, "receive", "send")
    assert scope == before
    (result,) = arrived
    return result  # type: ignore[no-any-return]


# -- From a declared proxy -----------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
def test_client_scheme_and_host_follow(kind: str, scheme: str) -> None:
    scope = scope_of([*FORWARDED, *OTHERS], kind=kind)
    assert through(scope) == scope | {
        "client": ("198.51.100.1", 0),
        "scheme": scheme,
        "headers": [*OTHERS[1:], (b"host", b"example.com")],
    }


@pytest.mark.parametrize(
    ("kind", "said", "scheme"),
    [
        ("websocket", b"http", "ws"),
        ("websocket", b"ws", "ws"),
        ("websocket", b"wss", "wss"),
        ("websocket", b"https, http", "wss"),
        ("http", b"http", "http"),
        ("http", b"wss", "https"),
        ("http", b"", "https"),
    ],
)
def test_the_scheme(kind: str, said: bytes, scheme: str) -> None:
    came = "wss" if kind == "websocket" else "https"
    scope = scope_of([(b"x-forwarded-proto", said)], kind=kind, scheme=came)
    assert through(scope)["scheme"] == scheme


def test_lines_of_one_name_are_one_chain() -> None:
    headers = [(b"x-forwarded-for", b"198.51.100.1"), (b"X-Forwarded-For", b"10.0.0.2")]
    assert through(scope_of(headers))["client"] == ("198.51.100.1", 0)


def test_each_host_that_the_client_sent_gives_way() -> None:
    headers = [(b"host", b"a"), (b"x-forwarded-host", b"example.com"), (b"Host", b"b")]
    assert through(scope_of(headers))["headers"] == [(b"host", b"example.com")]


def test_proxies_that_write_forwarded() -> None:
    headers = [*FORWARDED, (b"forwarded", b"for=192.0.2.4;proto=http;host=evil.test"), *OTHERS]
    with override_settings(HARDENED_FORWARDED_HEADER="Forwarded"):
        scope = through(scope_of(headers, scheme="https"))
    assert scope["client"] == ("192.0.2.4", 0)
    assert scope["scheme"] == "http"
    assert scope["headers"] == OTHERS


@pytest.mark.parametrize("client", [None, ("", 0), (None, None), ("", None)])
def test_a_unix_socket(client: Any) -> None:
    with override_settings(HARDENED_TRUSTED_PROXIES=["unix"]):
        assert through(scope_of(FORWARDED, client=client))["client"] == ("198.51.100.1", 0)
        assert through(scope_of([], client=client))["client"] == client


def test_a_scope_without_a_client() -> None:
    scope = scope_of(FORWARDED)
    del scope["client"]
    assert "client" not in through(scope)
    with override_settings(HARDENED_TRUSTED_PROXIES=["unix"]):
        assert through(scope)["client"] == ("198.51.100.1", 0)


def test_a_proxy_that_names_nobody_keeps_its_port() -> None:
    assert through(scope_of(OTHERS)) == scope_of(OTHERS)
    assert through(scope_of([(b"x-forwarded-for", b"unknown")]))["client"] == (PROXY, 4711)


# -- From anybody --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("peer", [STRANGER, "", "garbage"])
def test_from_a_stranger_nothing_is_believed_and_nothing_stays(kind: str, peer: str) -> None:
    sent = [
        *FORWARDED,
        (b"forwarded", b"for=1.1.1.1;proto=https;host=evil.test"),
        (b"x-forwarded", b"for=1.1.1.1"),
        (b"x-forwarded-port", b"1"),
        (b"X-Forwarded-Anything", b"1"),
    ]
    assert through(scope_of([*sent, *OTHERS], peer, kind)) == scope_of(OTHERS, peer, kind)


def test_from_a_stranger_the_header_that_django_believes_disappears() -> None:
    headers = [(b"x-scheme", b"https"), (b"x_scheme", b"https")]
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_SCHEME", "https")):
        assert through(scope_of(headers, STRANGER)) == scope_of([], STRANGER)
        assert through(scope_of(headers))["scheme"] == "https"
    assert through(scope_of(headers)) == scope_of(headers)


def test_names_with_underscores_are_never_believed_and_never_stay() -> None:
    sent = [
        (b"x_forwarded_for", b"192.0.2.66"),
        (b"x-forwarded_proto", b"https"),
        (b"x_forwarded_host", b"evil.test"),
        (b"X_FORWARDED_FOR", b"192.0.2.66"),
    ]
    for peer in (PROXY, STRANGER):
        assert through(scope_of([*sent, *OTHERS], peer)) == scope_of(OTHERS, peer)
    real = [(b"x-forwarded-for", b"198.51.100.1")]
    assert through(scope_of([*sent, *real, *sent]))["client"] == ("198.51.100.1", 0)


# -- What it leaves alone ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lifespan", "something.else"])
def test_what_is_no_request_passes_untouched(kind: str) -> None:
    arrived = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        arrived.append(scope)

    scope = {"type": kind, "state": {}}
    async_to_sync(TrustedProxy(app))(scope, None, None)  # type: ignore[arg-type]
    assert arrived[0] is scope


# -- More than once ------------------------------------------------------------------------------

names = st.sampled_from(
    [name for name, _ in FORWARDED] + [b"forwarded", b"x_forwarded_for", b"host", b"accept"]
)
values = st.binary(max_size=20) | st.sampled_from(
    [value for _, value in FORWARDED] + [b"10.0.0.2", b"for=10.0.0.2;proto=https", b"unknown"]
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(names, values), max_size=8),
    st.sampled_from([PROXY, STRANGER, ""]),
    st.sampled_from([["10.0.0.0/8"], ["unix"], [1], [2], []]),
    st.sampled_from(["X-Forwarded-For", "Forwarded"]),
    st.sampled_from(["http", "websocket"]),
)
def test_it_is_total_and_a_second_one_changes_nothing(
    headers: list[tuple[bytes, bytes]], peer: str, proxies: Any, header: str, kind: str
) -> None:
    with override_settings(HARDENED_TRUSTED_PROXIES=proxies, HARDENED_FORWARDED_HEADER=header):
        once = through(scope_of(headers, peer, kind))
        assert through(scope_of(headers, peer, kind), layers=2) == once
    assert [name for name, _ in once["headers"] if b"forwarded" in name.lower()] == []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(names, values), max_size=8),
    st.sampled_from([PROXY, STRANGER, ""]),
    st.sampled_from([["10.0.0.0/8"], ["unix"], [1], [2], []]),
    st.sampled_from(["X-Forwarded-For", "Forwarded"]),
)
def test_with_the_middleware_behind_it_or_without_it_is_the_same_request(
    headers: list[tuple[bytes, bytes]], peer: str, proxies: Any, header: str
) -> None:
    def request_of(scope: Any) -> ASGIRequest:
        request = ASGIRequest(scope, None)
        TrustedProxyMiddleware(lambda request: HttpResponse())(request)
        return request

    with override_settings(HARDENED_TRUSTED_PROXIES=proxies, HARDENED_FORWARDED_HEADER=header):
        scope = scope_of(headers, peer)
        alone, both = request_of(scope), request_of(through(scope))
        assert both.META.get("REMOTE_ADDR", "") == alone.META.get("REMOTE_ADDR", "")
        assert both.is_secure() is alone.is_secure()
        assert both.META.get("HTTP_HOST") == alone.META.get("HTTP_HOST")
