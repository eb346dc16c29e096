from __future__ import annotations

import pytest

from django_hardened.log_window import LogWindow

LOGGER = "tests.log_window"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_record_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    window = LogWindow(60, clock=clock)
    for number in range(1000):
        window.warning(LOGGER, "Number %d.", number)
    clock.now += 59.9
    window.warning(LOGGER, "Number %d.", 1000)
    assert caplog.messages == ["Number 0."]
    clock.now += 0.1
    window.warning(LOGGER, "Number %d.", 1001)
    assert caplog.messages[1:] == ["Number 1001. (1000 more since the last line)"]
    clock.now += 60
    window.warning(LOGGER, "Number %d.", 1002)
    assert caplog.messages[2:] == ["Number 1002."]


def test_windows_do_not_share(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a", "b"):
        LogWindow().warning(LOGGER, "%s", name)
    assert caplog.messages == ["a", "b"]
