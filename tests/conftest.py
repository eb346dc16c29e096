"""What holds for the whole suite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks.registry import registry
from hypothesis import settings as hypothesis_settings
from rest_framework.settings import api_settings

# How long an example takes says more about the machine than about the code.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no package register its checks for all tests, because one of them has imported it."""
    for name in ("registered_checks", "deployment_checks"):
        monkeypatch.setattr(registry, name, {*getattr(registry, name)})


@pytest.fixture
def settings(settings: Any) -> Iterator[Any]:
    """pytest-django's, after which REST framework knows nothing of what a test had deleted.

    Where one is deleted with ``del``, and when it comes back, no ``setting_changed`` is sent; what
    REST framework has read meanwhile would stay for the tests that follow.
    """
    yield settings
    api_settings.reload()
