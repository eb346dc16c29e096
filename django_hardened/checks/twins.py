"""Which findings of Django's own are left out, because ours judge the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.core.checks import CheckMessage

from django_hardened.checks import RULES

_REPLACED_BY = {rule.id: rule.replaces for rule in RULES}

# Of a key, Django asks for more than ours do: its finding stays where there is none of ours.
_ASKS_FOR_MORE = {"security.W009", "security.W025"}
# All that Django says about these, ours say too; where ours are silent, they are so on purpose: a
# proxy is declared to do it, or a subclass does that Django does not know.
_JUDGED_HERE = {twin for twins in _REPLACED_BY.values() for twin in twins} - _ASKS_FOR_MORE


def without_twins(messages: Iterable[CheckMessage]) -> list[CheckMessage]:
    """Return ``messages`` without those of Django's whose subject ours have judged."""
    found = list(messages)
    replaced = {
        (twin, _item(message)) for message in found for twin in replaced_by(str(message.id))
    }
    return [
        message
        for message in found
        if message.id not in _JUDGED_HERE and (message.id, _item(message)) not in replaced
    ]


def replaced_by(finding_id: str) -> tuple[str, ...]:
    """Return the ids of Django's findings that say what the one with ``finding_id`` says."""
    return _REPLACED_BY.get(finding_id, ())


def _item(message: CheckMessage) -> str:
    """Return which item of a setting a message is about, as in ``SECRET_KEY_FALLBACKS[0]``."""
    match = re.search(r"\w+\[\d+\]", str(message.msg))
    return match[0] if match else ""
