"""The test kit as pytest fixtures. Nothing is imported until a test asks for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def assert_endpoints_closed() -> Callable[..., None]:
    """:func:`django_hardened.testing.assert_endpoints_closed`."""
    from django_hardened import testing  # noqa: PLC0415

    return testing.assert_endpoints_closed


@pytest.fixture(scope="session")
def assert_secure_headers() -> Callable[..., None]:
    """:func:`django_hardened.testing.assert_secure_headers`."""
    from django_hardened import testing  # noqa: PLC0415

    return testing.assert_secure_headers


@pytest.fixture(scope="session")
def assert_throttled() -> Callable[..., Any]:
    """:func:`django_hardened.testing.assert_throttled`."""
    from django_hardened import testing  # noqa: PLC0415

    return testing.assert_throttled


@pytest.fixture(scope="session")
def poison_host() -> Callable[..., None]:
    """:func:`django_hardened.testing.poison_host`."""
    from django_hardened import testing  # noqa: PLC0415

    return testing.poison_host
