"""9xx: the emergency switch of the boot gate."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.rules import Rule

W913 = Rule(
    "W913",
    "HARDENED_BOOT_OVERRIDE is set: a server starts whatever its settings are. The reason given "
    "is {subject!r}.",
    "Repair what the gate finds, then remove HARDENED_BOOT_OVERRIDE.",
    setting="HARDENED_BOOT_OVERRIDE",
)
RULES = (W913,)


def check_boot_override(**kwargs: Any) -> list[CheckMessage]:
    reason = getattr(settings, "HARDENED_BOOT_OVERRIDE", "")
    # Anything but text starts nothing, and E903 is about it.
    is_reason = isinstance(reason, str) and bool(reason.strip())
    return [W913.found(subject=reason)] if is_reason else []


CHECKS = (check_boot_override,)
