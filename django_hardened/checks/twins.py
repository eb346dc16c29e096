"""Which findings of Django's own are left out, because they have nothing to add here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks import RULES
from django_hardened.checks.presence import is_present
from django_hardened.conf import conf

# Our finding says what Django's says too, and more.
_REPLACED_BY = {rule.id: rule.replaces for rule in RULES}

# Django presses for both in every project. They bind hosts of other people and cannot be taken
# back, so a project that wrote either value down has decided; one that did not is asked.
_DECIDED_BY_SETTING = {
    "security.W005": "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "security.W021": "SECURE_HSTS_PRELOAD",
}

# Nothing is left to say where a proxy is declared to do all of it.
_DONE_AT_THE_EDGE = {
    "security.W001": {"ssl_redirect", "hsts", "headers"},
    "security.W002": {"headers"},
    "security.W004": {"hsts"},
    "security.W005": {"hsts"},
    "security.W006": {"headers"},
    "security.W008": {"ssl_redirect"},
    "security.W019": {"headers"},
    "security.W021": {"hsts"},
    "security.W022": {"headers"},
}

# Django compares dotted paths, and takes a middleware for missing where a subclass does its work.
_LOOKED_FOR = {
    "security.W001": "django.middleware.security.SecurityMiddleware",
    "security.W002": "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "security.W003": "django.middleware.csrf.CsrfViewMiddleware",
}


def without_twins(messages: Iterable[CheckMessage]) -> list[CheckMessage]:
    """Return ``messages`` without those of Django's that repeat one of ours, or do not apply."""
    found = list(messages)
    replaced = {
        (twin, _item(message)) for message in found for twin in replaced_by(str(message.id))
    }
    return [
        message
        for message in found
        if (message.id, _item(message)) not in replaced and _applies(str(message.id))
    ]


def replaced_by(finding_id: str) -> tuple[str, ...]:
    """Return the ids of Django's findings that say what the one with ``finding_id`` says."""
    return _REPLACED_BY.get(finding_id, ())


def _item(message: CheckMessage) -> str:
    """Return which item of a setting a message is about, as in ``SECRET_KEY_FALLBACKS[0]``."""
    match = re.search(r"\w+\[\d+\]", str(message.msg))
    return match[0] if match else ""


def _applies(finding_id: str) -> bool:
    decisive = _DECIDED_BY_SETTING.get(finding_id)
    if decisive and settings.is_overridden(decisive):  # type: ignore[misc]  # a method
        return False
    words = _DONE_AT_THE_EDGE.get(finding_id)
    if words and words <= conf.edge:
        return False
    middleware = _LOOKED_FOR.get(finding_id)
    return middleware is None or not is_present(middleware)
