"""``TrustedProxyMiddleware``: forwarded headers count only when a declared proxy sent them."""

from __future__ import annotations

from ssl import SSLSocket

from django.conf import settings
from django.http import HttpRequest

from django_hardened.conf import conf
from django_hardened.middleware.base import GetResponse, RequestMiddleware
from django_hardened.middleware.forwarding import https_header, is_forwarded, listen, read_scope


class TrustedProxyMiddleware(RequestMiddleware):
    """Make ``REMOTE_ADDR`` the client, and remove what the client may have forged.

    From a peer in ``HARDENED_TRUSTED_PROXIES``: ``REMOTE_ADDR`` becomes the right-most address of
    the chain that is not itself a declared proxy, ``X-Forwarded-Host`` becomes the Host, and the
    header of ``SECURE_PROXY_SSL_HEADER`` says how the client connected. From any other peer all
    of them are removed. Whatever reads the request later reads one truth.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        _ = conf.trusted_proxies  # a wrong declaration stops the server, not its visitors

    def process_request(self, request: HttpRequest) -> None:
        meta = request.META
        believed = settings.SECURE_PROXY_SSL_HEADER
        # One search in one string is several times faster than one in each name.
        if "FORWARDED" in "\n".join(meta) or (believed and believed[0] in meta):
            self._replace(request, https_header(believed))

    def _replace(self, request: HttpRequest, https: tuple[str, str]) -> None:
        meta = request.META
        names = [name for name in meta if "FORWARDED" in name and is_forwarded(name)]
        if https[0] in meta and https[0] not in names:
            names.append(https[0])
        if not names:
            return
        fields = {name: meta.pop(name) for name in names}
        if _is_plain(meta.get("gunicorn.socket")):
            # By its defaults gunicorn believes what 127.0.0.1 forwards, in three header fields.
            meta["wsgi.url_scheme"] = "http"
        scope = getattr(request, "scope", None)
        if scope and any(b"_" in name for name, _ in scope["headers"]):
            # Early releases of Django 5.2 merge such a name with the real one.
            real, _ = read_scope(scope["headers"], https[0])
            fields = {name: real[name] for name in names if name in real}
        peer = meta.get("REMOTE_ADDR") or ""
        client = listen(peer, fields, https)
        if client.address != peer:
            meta["REMOTE_ADDR"] = client.address
            if "REMOTE_HOST" in meta:
                meta["REMOTE_HOST"] = client.address
            meta.pop("REMOTE_PORT", None)  # the proxy's
        if client.scheme:
            meta[https[0]] = https[1] if client.scheme == "https" else "http"
            # Where SECURE_PROXY_SSL_HEADER is not set, nothing reads that.
            if scope:
                request.scope = {**scope, "scheme": client.scheme}  # type: ignore[attr-defined]
            else:
                meta["wsgi.url_scheme"] = client.scheme
        if client.host is not None:
            meta["HTTP_HOST"] = client.host
        self.forget_what_was_read(request)


def _is_plain(socket: object) -> bool:
    """Whether ``socket`` is that of a connection without TLS; False where there is none."""
    return socket is not None and not isinstance(socket, SSLSocket)
