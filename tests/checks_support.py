"""Helpers for the tests of checks, the gate and the report."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

from django.core.checks import CheckMessage


def ids(messages: Iterable[CheckMessage]) -> list[str]:
    return [str(message.id) for message in messages]


def codes_of(module: ModuleType) -> list[str]:
    """Run the checks of one module and return what they found, without the common prefix."""
    messages = [message for check in module.CHECKS for message in check()]
    assert all(message.hint for message in messages)
    return [str(message.id).removeprefix("django_hardened.") for message in messages]
