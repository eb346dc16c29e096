"""``HostPinning``: the same pin around a whole ASGI router, so that WebSockets have one as well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings
from django.utils.encoding import escape_uri_path
from django.utils.http import is_same_domain

from django_hardened.cache import SCOPE_KEY, pin_host
from django_hardened.conf import conf
from django_hardened.host_policy import OTHER_SOURCES, Asked, Pin, Refusal
from django_hardened.hosts import InvalidHost, is_loopback
from django_hardened.log_window import LogWindow
from django_hardened.middleware import refusals
from django_hardened.origins import parse_origin

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_OTHER_FIELDS = frozenset(name.encode() for name in OTHER_SOURCES)


class HostPinning:
    """An ASGI application that pins the host of requests and WebSockets before ``app`` sees them.

    In ``asgi.py``, around the router: ``application = HostPinning(ProtocolTypeRouter({...}))``.
    A WebSocket is closed before it is accepted if its host is none of ours, or if its ``Origin``
    is neither that host nor one of ``CSRF_TRUSTED_ORIGINS``. One without an ``Origin`` comes from
    no browser, which is what the check protects.
    """

    def __init__(self, app: Application) -> None:
        self.app = app
        self._refused = LogWindow()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        policy = conf.host_policy
        if policy.is_health_check(scope.get("method"), scope["path"]):
            await _answer(scope, send, 200, refusals.HEALTHY)
            return
        asked = _asked(scope)
        verdict = await policy.adecide(asked)
        if isinstance(verdict, Pin) and scope["type"] == "websocket":
            verdict = _judge_origin(scope, verdict)
        if isinstance(verdict, Refusal):
            refusals.log(self._refused, verdict, asked)
            await _refuse(scope, receive, send, verdict.status)
        elif verdict.is_alias and policy.redirects_aliases and scope["type"] == "http":
            location = _location(scope, verdict, policy.scheme(verdict))
            await _answer(scope, send, 308, b"", location=location)
        else:
            pin_host(verdict.text)
            await self.app(pinned_scope(scope, verdict), receive, send)


def pinned_scope(scope: Scope, pin: Pin) -> Scope:
    """Return a copy of ``scope`` with one host and no other source of one."""
    fields = [
        (name, value)
        for name, value in scope["headers"]
        if name != b"host" and name.lower().replace(b"_", b"-") not in _OTHER_FIELDS
    ]
    return {**scope, SCOPE_KEY: pin.text, "headers": [(b"host", pin.text.encode()), *fields]}


def _asked(scope: Scope) -> Asked:
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    if not hosts and scope["type"] == "http":  # HTTP/1.0 knows no Host
        hosts = [str((scope.get("server") or ("",))[0])]
    # As Django joins them: a comma is in no host name.
    return Asked(",".join(hosts), scope["path"], scope["path"])


def _judge_origin(scope: Scope, pin: Pin) -> Pin | Refusal:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    if not values:
        return pin
    try:
        origin = parse_origin(",".join(values))
    except InvalidHost as error:
        return Refusal(403, f"goes with an Origin that {error}")
    is_same = origin.host == pin.host and (origin.scheme == "https" or scope["scheme"] != "wss")
    if is_same or _is_trusted(str(origin)):
        return pin
    if conf.keeps_port and is_loopback(origin.host.name) and is_loopback(pin.host.name):
        return pin  # the server of a frontend, on a port of its own
    return Refusal(403, "goes with an Origin that is neither it nor in CSRF_TRUSTED_ORIGINS")


def _is_trusted(origin: str) -> bool:
    """Whether ``CSRF_TRUSTED_ORIGINS`` has ``origin``, as Django reads that setting."""
    scheme, _, host = origin.partition("://")
    trusted = [str(entry).partition("://") for entry in settings.CSRF_TRUSTED_ORIGINS]
    return any(
        scheme == known and is_same_domain(host, pattern.removeprefix("*"))
        for known, _, pattern in trusted
    )


def _location(scope: Scope, pin: Pin, declared: str | None) -> bytes:
    scheme = "https" if settings.SECURE_SSL_REDIRECT else declared or scope["scheme"]
    query = b"?" + scope["query_string"] if scope.get("query_string") else b""
    return f"{scheme}://{pin.text}{escape_uri_path(scope['path'])}".encode() + query


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int) -> None:
    if scope["type"] == "http":
        await _answer(scope, send, status, refusals.text(status))
        return
    await receive()  # the handshake, which is not accepted: servers answer 403
    await send({"type": "websocket.close", "code": 1008, "reason": ""})


async def _answer(scope: Scope, send: Send, status: int, body: bytes, **headers: bytes) -> None:
    fields = [(n.lower().encode(), v.encode()) for n, v in refusals.header(scope)]
    fields += [(name.encode(), value) for name, value in headers.items()]
    fields.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
