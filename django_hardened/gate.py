"""The deploy gate: all system checks, Django's and ours, each finding once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, run_checks

from django_hardened.checks import RULES

# Our finding says what Django's says too, and more.
_REPLACED_BY = {rule.id: rule.replaces for rule in RULES}

# Django presses for both in every project. They bind hosts of other people and cannot be taken
# back, so a project that wrote either value down has decided; one that did not is asked.
_DECIDED_BY_SETTING = {
    "security.W005": "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "security.W021": "SECURE_HSTS_PRELOAD",
}


def run(**options: Any) -> list[CheckMessage]:
    """Run the checks with the ``options`` of ``django.core.checks.run_checks``.

    Findings that another one restates are left out.
    """
    return without_twins(run_checks(**options))


def without_twins(messages: Iterable[CheckMessage]) -> list[CheckMessage]:
    """Return ``messages`` without those of Django's that repeat one of ours, or are decided.

    A silenced finding of ours replaces nothing: what it restates is then said by Django.
    """
    found = list(messages)
    replaced = {
        (twin, _item(message))
        for message in found
        if not message.is_silenced()
        for twin in _REPLACED_BY.get(str(message.id), ())
    }
    return [
        message
        for message in found
        if (message.id, _item(message)) not in replaced and not _decided(message)
    ]


def _item(message: CheckMessage) -> str:
    """Return which item of a setting a message is about, as in ``SECRET_KEY_FALLBACKS[0]``."""
    match = re.search(r"\w+\[\d+\]", message.msg)
    return match[0] if match else ""


def _decided(message: CheckMessage) -> bool:
    setting = _DECIDED_BY_SETTING.get(str(message.id))
    return setting is not None and settings.is_overridden(setting)  # type: ignore[misc]  # a method
