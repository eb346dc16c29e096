"""Run modules of checks on changed settings."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import CheckMessage
from django.test import override_settings

# Django and Simple JWT act when these change, and fail on what they should never be.
_LIVE = {"CACHES", "DATABASES", "SIMPLE_JWT", "STORAGES", "TEMPLATES"}

# Values of the wrong type, for any setting.
ODD: list[Any] = [None, 3, "text", [], [None], {"default": None}, {"default": {}}, {3: {"x": 1}}]


def findings(*modules: ModuleType, **changes: Any) -> list[CheckMessage]:
    """Return what ``modules`` find with ``changes`` of the settings."""
    quiet = {name: value for name, value in changes.items() if name not in _LIVE}
    with override_settings(**quiet), pytest.MonkeyPatch.context() as patch:
        for name in _LIVE & set(changes):
            patch.setattr(settings, name, changes[name], raising=False)
        found = [message for module in modules for check in module.CHECKS for message in check()]
    for message in found:
        assert message.hint
        assert "{subject" not in f"{message.msg}{message.hint}"
        assert getattr(message, "setting", "")
    return found


def codes(*modules: ModuleType, **changes: Any) -> list[str]:
    """Return the codes of what is found, in their order."""
    return [str(m.id).removeprefix("django_hardened.") for m in findings(*modules, **changes)]
