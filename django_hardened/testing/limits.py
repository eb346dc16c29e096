"""Asserting that a limit refuses when it is used up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast
from unittest import mock

from django.http.response import HttpResponseBase
from django.test import override_settings

from django_hardened.audit.capture import private_caches
from django_hardened.ratelimit.in_process import InProcessStore


def assert_throttled(call: Callable[[], Any], *, after: int) -> HttpResponseBase:
    """Assert that ``call`` is answered ``after`` times, and refused the next time.

    What other tests have counted does not count, and limits are on, whatever the settings of the
    tests say; the clock of this package's limits stands still.

    Args:
        call: sends one request and returns the response.
        after: how many requests are admitted.

    Returns:
        The response that refused: 429, with ``Retry-After``.

    Raises:
        AssertionError: it was refused too early, too late, or without ``Retry-After``.
    """
    now = time.time()
    store = InProcessStore(clock=lambda: now)
    with (
        private_caches(),
        override_settings(RATELIMIT_ENABLE=True),
        mock.patch("django_hardened.ratelimit.limiter.get_store", return_value=store),
    ):
        for number in range(1, after + 1):
            status = call().status_code
            if status == 429:
                raise AssertionError(f"Request {number} was refused, before {after} were answered.")
        refused: Any = call()
    if refused.status_code != 429:
        raise AssertionError(
            f"Request {after + 1} was answered with {refused.status_code}, and not with 429."
        )
    if "Retry-After" not in refused.headers:
        raise AssertionError("The refusal does not say when to come back: no Retry-After.")
    return cast(HttpResponseBase, refused)
