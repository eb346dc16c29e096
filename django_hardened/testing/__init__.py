"""What a project says of itself in its own tests, in a line each.

    def test_every_endpoint_is_closed():
        assert_endpoints_closed(except_=["GET /posts/*"])

From unittest they are imported from here; under pytest they are fixtures of the same names, too.
"""

from __future__ import annotations

from django_hardened.testing.endpoints import assert_endpoints_closed
from django_hardened.testing.headers import assert_secure_headers
from django_hardened.testing.hosts import EVIL_HOST, poison_host
from django_hardened.testing.limits import assert_throttled

__all__ = [
    "EVIL_HOST",
    "assert_endpoints_closed",
    "assert_secure_headers",
    "assert_throttled",
    "poison_host",
]
