from __future__ import annotations

import pytest
from middleware_support import Sender

from django_hardened.log_window import LogWindow
from django_hardened.middleware import forwarding


@pytest.fixture(scope="session", params=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Sender:
    return Sender(is_async=request.param == "async")


@pytest.fixture(autouse=True)
def _fresh_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a log of its own: a window is open until its first line."""
    for name in ("_UNDECLARED", "_MALFORMED"):
        monkeypatch.setattr(forwarding, name, LogWindow())
