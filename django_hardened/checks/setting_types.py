"""9xx: settings of Django that are of a kind which neither Django nor a check can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from django.conf import global_settings, settings
from django.core.checks import CheckMessage
from django.utils.functional import Promise

from django_hardened.checks.rules import Rule

E906 = Rule(
    "E906",
    "Django cannot read {setting}: it is a {kind}, and has to be {expected}.",
    "Leave it out for Django's own value, or write {expected}.",
)
RULES = (E906,)

# Without one, where Django goes on as with an empty one, its own rule says what comes of that.
_NEVER_NONE = frozenset({"CACHES", "DATABASES", "MAILERS", "MIDDLEWARE", "STORAGES", "TEMPLATES"})
_TEXTS = ("MEDIA_URL", "STATIC_URL")


def check_setting_types(**kwargs: Any) -> list[CheckMessage]:
    """Whether each is what its default is: no other check could say more of it.

    Where text stands for a list, the checks of that setting judge what it comes to.
    """
    findings = []
    for name in (*dir(global_settings), "ROOT_URLCONF"):
        if settings.is_overridden(name):  # type: ignore[misc]  # a method
            expected = _expected(name)
            value = _value(name)
            if expected and not _is_right(name, value, expected):
                kind = type(value).__name__
                findings.append(
                    E906.found(setting=name, subject=name, kind=kind, expected=expected)
                )
    return findings


def _expected(name: str) -> str:
    """Return what ``name`` has to be, in words; "" for what is not judged here."""
    default = getattr(global_settings, name, None)
    if name == "ROOT_URLCONF":
        return "the name of a module"
    if name in _TEXTS:
        return "a string"
    if isinstance(default, dict):
        return "a dictionary"
    return "a list" if isinstance(default, list | tuple) else ""


def _value(name: str) -> object:
    holder: Any = settings
    return getattr(holder._wrapped, name, None)  # noqa: SLF001  # settings.MEDIA_URL itself fails


def _is_right(name: str, value: object, expected: str) -> bool:
    if value is None:
        return name not in _NEVER_NONE
    if expected == "a dictionary":
        return isinstance(value, Mapping)
    if expected == "a list":
        return isinstance(value, Iterable) and not isinstance(value, bytes | Mapping)
    is_module = name == "ROOT_URLCONF" and isinstance(value, ModuleType | tuple)
    return is_module or isinstance(value, str | Promise)


def can_be_read(name: str) -> bool:
    """Whether ``name`` is of the right kind; where it is not, E906 says so."""
    return _is_right(name, _value(name), _expected(name))


def has_urls() -> bool:
    """Whether there is a URLconf to look at: a project of commands and workers only has none."""
    return bool(getattr(settings, "ROOT_URLCONF", None)) and can_be_read("ROOT_URLCONF")


CHECKS = (check_setting_types,)
