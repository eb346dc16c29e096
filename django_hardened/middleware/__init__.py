"""Middleware: thin shells over the pure rules of ``hosts`` and ``proxies``.

In ``MIDDLEWARE`` four come first, in this order: the header of each response, whom to believe,
which host it is, and whether that was too much. Those that end logins and keep responses from
caches follow authentication.
"""

from __future__ import annotations

from django_hardened.middleware.cross_site import CrossSiteMiddleware
from django_hardened.middleware.headers import HeadersMiddleware
from django_hardened.middleware.hosts import HostPinningMiddleware
from django_hardened.middleware.private_responses import PrivateResponseMiddleware
from django_hardened.middleware.proxies import TrustedProxyMiddleware
from django_hardened.middleware.rate_limits import RateLimitMiddleware
from django_hardened.middleware.session_lifetime import SessionLifetimeMiddleware

__all__ = [
    "CrossSiteMiddleware",
    "HeadersMiddleware",
    "HostPinningMiddleware",
    "PrivateResponseMiddleware",
    "RateLimitMiddleware",
    "SessionLifetimeMiddleware",
    "TrustedProxyMiddleware",
]
