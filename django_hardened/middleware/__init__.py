"""Middleware: thin shells over the pure rules of ``hosts`` and ``proxies``.

In ``MIDDLEWARE`` two come first, in this order: whom to believe, then which host it is. The one
for responses follows authentication.
"""

from __future__ import annotations

from django_hardened.middleware.hosts import HostPinningMiddleware
from django_hardened.middleware.private_responses import PrivateResponseMiddleware
from django_hardened.middleware.proxies import TrustedProxyMiddleware

__all__ = ["HostPinningMiddleware", "PrivateResponseMiddleware", "TrustedProxyMiddleware"]
