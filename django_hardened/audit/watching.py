"""Whether code was entered while a call ran: what tells a 404 before a door from one behind it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any


@dataclass
class Watch:
    """Tells whether the code was entered; None where there is none to be watched."""

    is_entered: bool | None


@contextmanager
def watching(code: CodeType | None) -> Iterator[Watch]:
    """Note whether ``code`` is entered, in whatever thread."""
    if code is None:
        yield Watch(None)
        return
    watch = Watch(is_entered=False)
    if sys.version_info >= (3, 12) and (tool := _free_tool()) is not None:
        with _monitored(code, watch, tool):
            yield watch
    else:
        with _profiled(code, watch):
            yield watch


if sys.version_info >= (3, 12):

    def _free_tool() -> int | None:
        return next((each for each in (3, 4) if sys.monitoring.get_tool(each) is None), None)

    @contextmanager
    def _monitored(code: CodeType, watch: Watch, tool: int) -> Iterator[None]:
        start = sys.monitoring.events.PY_START

        sys.monitoring.use_tool_id(tool, "django-hardened audit")
        sys.monitoring.register_callback(
            tool, start, lambda *args: vars(watch).update(is_entered=True)
        )
        sys.monitoring.set_local_events(tool, code, start)
        try:
            yield
        finally:
            sys.monitoring.set_local_events(tool, code, 0)
            sys.monitoring.register_callback(tool, start, None)
            sys.monitoring.free_tool_id(tool)


@contextmanager
def _profiled(code: CodeType, watch: Watch) -> Iterator[None]:
    profile: Any = lambda frame, event, argument: (  # noqa: E731  # no tracer sees inside
        frame.f_code is code and vars(watch).update(is_entered=True)
    )
    previous, in_threads = sys.getprofile(), threading.getprofile()
    sys.setprofile(profile)
    threading.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(previous)
        threading.setprofile(in_threads)
