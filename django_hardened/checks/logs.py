"""6xx: ``LOGGING``, and whether ``django.security`` can be heard."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_always_false, is_subclass, load_object
from django_hardened.checks.dictionaries import mapping
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
_DEBUG_ONLY = "django.utils.log.RequireDebugTrue"
_CALLBACK = "django.utils.log.CallbackFilter"


def check_security_log(**kwargs: Any) -> list[CheckMessage]:
    """Whether ``django.security`` itself is muted, or the logger that it passes its records to.

    ``django.security.DisallowedHost`` may be: Django's own documentation does so, to keep the
    forged hosts of scanners out of the inbox.
    """
    if not settings.LOGGING_CONFIG:  # the project does it by itself
        return []
    own, parent = _logger(_NAME), _logger(_PARENT)
    if _number(own.get("level")) >= logging.CRITICAL or _is_mute(own):
        return [E610.found(subject=_NAME)]
    # A level is inherited, also by a logger that passes nothing on.
    level = _number(own.get("level")) or _number(parent.get("level"))
    passes_on = own.get("propagate", True) and all(map(_drops, _handlers(own)))
    if level >= logging.CRITICAL or (passes_on and (_is_mute(parent) or _is_mute_at_root(parent))):
        return [W611.found(subject=_PARENT)]
    return []


def _is_mute(*loggers: Mapping[str, Any]) -> bool:
    """Whether nothing comes out of ``loggers``, of which the last passes nothing on.

    Without any handler Python writes warnings to the standard error stream: that is not mute. What
    Django logs it logs below these names, where their own filters are not asked.
    """
    names = [name for logger in loggers for name in _handlers(logger)]
    return not loggers[-1].get("propagate", True) and bool(names) and all(map(_drops, names))


def _is_mute_at_root(parent: Mapping[str, Any]) -> bool:
    """Whether it is for what the root logger does; Django gives ``django`` handlers of its own."""
    root = _handlers(mapping(mapping(settings.LOGGING).get("root"))) + _handlers(_logger(""))
    return bool(_handlers(parent)) and _is_mute(parent, {"handlers": root, "propagate": False})


def _handlers(logger: Mapping[str, Any]) -> list[object]:
    return _listed(logger.get("handlers"))


def _drops(name: object) -> bool:
    """Whether the handler ``name`` lets none of the records of ``django.security`` out."""
    handler = mapping(mapping(mapping(settings.LOGGING).get("handlers")).get(name))
    cls = handler.get("class") or handler.get("()")
    return (
        str(cls).endswith("NullHandler")
        or _number(handler.get("level")) >= logging.CRITICAL
        or any(map(_refuses, _listed(handler.get("filters"))))
    )


def _refuses(name: object) -> bool:
    """Whether the filter ``name`` refuses all of them in production."""
    options = mapping(mapping(mapping(settings.LOGGING).get("filters")).get(name))
    made_by = options.get("()")
    if made_by is None:  # a filter of Python itself admits what is below a name
        below = str(options.get("name", ""))
        return bool(below) and below not in (_PARENT, _NAME)
    path = made_by if isinstance(made_by, str) else _path(made_by)
    if is_subclass(path, _DEBUG_ONLY):
        return not settings.DEBUG
    if is_subclass(path, _CALLBACK):
        return is_always_false(options.get("callback"))
    return is_always_false(getattr(load_object(path), "filter", None))


def _path(made_by: object) -> str:
    return f"{getattr(made_by, '__module__', '')}.{getattr(made_by, '__qualname__', '')}"


def _listed(value: object) -> list[object]:
    entries = [*value] if isinstance(value, list | tuple | set | frozenset) else []
    return [entry if isinstance(entry, str) else None for entry in entries]


def _number(level: object) -> int:
    if isinstance(level, int):
        return level
    return logging.getLevelNamesMapping().get(str(level).upper(), logging.NOTSET)


def _logger(name: str) -> Mapping[str, Any]:
    return mapping(mapping(mapping(settings.LOGGING).get("loggers")).get(name))


CHECKS = (check_security_log,)
