"""Middleware: thin shells over the pure rules of ``hosts`` and ``proxies``.

In ``MIDDLEWARE`` three come first, in this order: whom to believe, which host it is, and whether
that was too much. The one for responses follows authentication.
"""

from __future__ import annotations

from django_hardened.middleware.hosts import HostPinningMiddleware
from django_hardened.middleware.private_responses import PrivateResponseMiddleware
from django_hardened.middleware.proxies import TrustedProxyMiddleware
from django_hardened.middleware.rate_limits import RateLimitMiddleware

__all__ = [
    "HostPinningMiddleware",
    "PrivateResponseMiddleware",
    "RateLimitMiddleware",
    "TrustedProxyMiddleware",
]
