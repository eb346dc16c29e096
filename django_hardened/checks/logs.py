"""6xx: ``LOGGING``, and whether ``django.security`` can be heard."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.rules import Rule

_HINT = (
    'LOGGING["loggers"]["django.security"] = {{"handlers": ["console"], "level": "INFO", '
    '"propagate": False}}  # or other handlers of LOGGING'
)

E610 = Rule(
    "E610",
    "LOGGING mutes django.security: forged hosts, tampered cookies and failed CSRF checks leave "
    "no trace.",
    _HINT,
    setting="LOGGING",
    asvs="16.3.3",
    cwe=778,
)
W611 = Rule(
    "W611",
    "LOGGING mutes {subject}, and django.security with it: forged hosts, tampered cookies and "
    "failed CSRF checks leave no trace.",
    _HINT,
    setting="LOGGING",
    asvs="16.3.3",
    cwe=778,
)
RULES = (E610, W611)

_NAME, _PARENT = "django.security", "django"


def check_security_log(**kwargs: Any) -> list[CheckMessage]:
    """Whether ``django.security`` itself is muted, or the logger that it passes its records to.

    ``django.security.DisallowedHost`` may be: Django's own documentation does so, to keep the
    forged hosts of scanners out of the inbox.
    """
    if not settings.LOGGING_CONFIG:  # the project does it by itself
        return []
    own, parent = _logger(_NAME), _logger(_PARENT)
    if _is_mute(own):
        return [E610.found(subject=_NAME)]
    passes_on = own.get("propagate", True) and not own.get("handlers")
    if passes_on and _is_mute({**parent, "level": own.get("level") or parent.get("level")}):
        return [W611.found(subject=_PARENT)]
    return []


def _is_mute(logger: Mapping[str, Any]) -> bool:
    """Whether nothing that ``logger`` gets comes out.

    Without any handler Python writes warnings to the standard error stream: that is not mute.
    """
    if _number(logger.get("level")) >= logging.CRITICAL:
        return True
    handlers = logger.get("handlers")
    names = [*handlers] if isinstance(handlers, Iterable) else []
    return not logger.get("propagate", True) and bool(names) and all(map(_is_null, names))


def _is_null(name: object) -> bool:
    handler = _mapping(_mapping(settings.LOGGING).get("handlers")).get(name)
    return str(_mapping(handler).get("class")).endswith("NullHandler")


def _number(level: object) -> int:
    if isinstance(level, int):
        return level
    return logging.getLevelNamesMapping().get(str(level).upper(), logging.NOTSET)


def _logger(name: str) -> Mapping[str, Any]:
    return _mapping(_mapping(_mapping(settings.LOGGING).get("loggers")).get(name))


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


CHECKS = (check_security_log,)
