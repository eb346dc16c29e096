"""``TrustedProxyMiddleware``: forwarded headers count only when a declared proxy sent them."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from django_hardened.conf import conf
from django_hardened.middleware.base import RequestMiddleware

_DEFAULT_HTTPS = ("HTTP_X_FORWARDED_PROTO", "https")


class TrustedProxyMiddleware(RequestMiddleware):
    """Make ``REMOTE_ADDR`` the client, and remove what the client may have forged.

    From a peer in ``HARDENED_TRUSTED_PROXIES``: ``REMOTE_ADDR`` becomes the right-most address of
    ``X-Forwarded-For`` that is not itself a declared proxy, ``X-Forwarded-Host`` becomes the
    Host, and the header of ``SECURE_PROXY_SSL_HEADER`` stays. From any other peer all of them are
    removed. Whatever reads the request later reads one truth.
    """

    def process_request(self, request: HttpRequest) -> None:
        meta = request.META
        # Whatever the name of this one, Django believes it from anybody.
        https_header, https_value = settings.SECURE_PROXY_SSL_HEADER or _DEFAULT_HTTPS
        scheme = meta.pop(https_header, None)
        forwarded = {
            name: meta.pop(name)
            for name in [key for key in meta if key.startswith("HTTP_X_FORWARDED")]
        }
        meta.pop("HTTP_FORWARDED", None)
        proxies = conf.trusted_proxies
        peer = meta.get("REMOTE_ADDR", "")
        if proxies.trusts(peer):
            meta["REMOTE_ADDR"] = proxies.client_address(
                peer, forwarded.get("HTTP_X_FORWARDED_FOR", "")
            )
            if scheme in ("http", "https", https_value):
                meta[https_header] = scheme
            if "HTTP_X_FORWARDED_HOST" in forwarded:
                meta["HTTP_HOST"] = forwarded["HTTP_X_FORWARDED_HOST"]
        self.forget_what_was_read(request)
