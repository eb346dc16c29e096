"""What holds for the whole suite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from rest_framework.settings import api_settings

# How long an example takes says more about the machine than about the code.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")


@pytest.fixture
def settings(settings: Any) -> Iterator[Any]:
    """pytest-django's, after which REST framework knows nothing of what a test had deleted.

    Where one is deleted with ``del``, and when it comes back, no ``setting_changed`` is sent; what
    REST framework has read meanwhile would stay for the tests that follow.
    """
    yield settings
    api_settings.reload()
