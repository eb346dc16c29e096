from __future__ import annotations

import pytest
from middleware_support import Sender


@pytest.fixture(scope="session", params=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Sender:
    return Sender(is_async=request.param == "async")
