"""``TrustedProxy``: the same rule as the middleware's, around a whole ASGI application.

Django's middleware never sees a WebSocket. Around the router, this one does.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from django_hardened.middleware.asgi_hosts import Application, Receive, Scope, Send
from django_hardened.middleware.forwarding import https_header, listen, read_scope


class TrustedProxy:
    """Make ``scope`` the client's, and remove what the client may have forged.

    ``client``, ``scheme`` and the host follow what a peer in ``HARDENED_TRUSTED_PROXIES`` says.
    Every forwarded header is removed, so that nothing behind it finds another truth; with
    ``TrustedProxyMiddleware`` behind it, the decision is made once.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = _rewritten(scope)
        await self.app(scope, receive, send)


def _rewritten(scope: Scope) -> Scope:
    https = https_header(settings.SECURE_PROXY_SSL_HEADER)
    fields, headers = read_scope(scope["headers"], https[0])
    client_address = scope.get("client") or ("",)
    peer = client_address[0] or ""
    client = listen(peer, fields, https)
    changes: dict[str, Any] = {}
    if client.address != peer:
        changes["client"] = (client.address, 0)
    if client.scheme:
        web_socket = scope["type"] == "websocket"
        changes["scheme"] = client.scheme.replace("http", "ws") if web_socket else client.scheme
    if client.host is not None:
        headers = [(name, value) for name, value in headers if name.lower() != b"host"]
        headers.append((b"host", client.host.encode("latin-1")))
    return {**scope, **changes, "headers": headers}
