"""9xx: names that look like a setting on which security depends, and that nothing reads."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

from django.conf import global_settings, settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import listed
from django_hardened.checks.dictionaries import mapping
from django_hardened.checks.rules import Rule
from django_hardened.own_settings import OWN_SETTINGS

W905 = Rule(
    "W905",
    "{subject} is set, but nothing reads it.",
    "Did you mean {match}? Rename it, or remove it.",
)
RULES = (W905,)

# One letter or one word's ending. SECURE_HSTS is not like SECURE_HSTS_SECONDS.
_LIKENESS = 0.88
_COMMON_START = 4

_TOPICS = (
    "ALLOWED_HOSTS",
    "AUTH",
    "CSRF_",
    "DATA_UPLOAD_",
    "DEBUG",
    "FILE_UPLOAD_",
    "PASSWORD_",
    "SECRET_KEY",
    "SECURE_",
    "SESSION_",
    "USE_X_FORWARDED_",
    "X_FRAME_OPTIONS",
)
_CORS = tuple(
    f"CORS_{name}"
    for name in (
        "ALLOW_ALL_ORIGINS ALLOWED_ORIGINS ALLOWED_ORIGIN_REGEXES ALLOW_CREDENTIALS ALLOW_HEADERS "
        "ALLOW_METHODS ALLOW_PRIVATE_NETWORK EXPOSE_HEADERS PREFLIGHT_MAX_AGE URLS_REGEX "
        "ORIGIN_ALLOW_ALL ORIGIN_WHITELIST ORIGIN_REGEX_WHITELIST REPLACE_HTTPS_REFERER"
    ).split()
)
# Names of other packages and of projects' own that look like a slip and are none.
_OTHERS = ("USE_X_FORWARDED_FOR",)
_REST_FRAMEWORK = (
    "DEFAULT_RENDERER_CLASSES DEFAULT_PARSER_CLASSES DEFAULT_AUTHENTICATION_CLASSES "
    "DEFAULT_PERMISSION_CLASSES DEFAULT_THROTTLE_CLASSES DEFAULT_THROTTLE_RATES "
    "DEFAULT_CONTENT_NEGOTIATION_CLASS DEFAULT_METADATA_CLASS DEFAULT_VERSIONING_CLASS "
    "DEFAULT_PAGINATION_CLASS DEFAULT_FILTER_BACKENDS DEFAULT_SCHEMA_CLASS PAGE_SIZE NUM_PROXIES "
    "UNAUTHENTICATED_USER UNAUTHENTICATED_TOKEN EXCEPTION_HANDLER ALLOWED_VERSIONS DEFAULT_VERSION "
    "VERSION_PARAM SEARCH_PARAM ORDERING_PARAM"
).split()


def check_near_misses(**kwargs: Any) -> list[CheckMessage]:
    read = {name for name in dir(global_settings) if name.isupper()}
    relevant = [name for name in read if name.startswith(_TOPICS)]
    relevant += [name for name in OWN_SETTINGS if name not in relevant]
    if _has_cors():
        relevant += _CORS
    known = {*read, *_OTHERS}
    names = [name for name in dir(settings) if name.isupper() and name not in known]
    return [
        W905.found(setting=name, subject=name, match=match)
        for name in names
        for match in _nearest(name, relevant)
        if not name.startswith("HARDENED_") and not _is_set(match)
    ]


def check_rest_framework_keys(**kwargs: Any) -> list[CheckMessage]:
    keys = [str(key) for key in mapping(getattr(settings, "REST_FRAMEWORK", None))]
    return [
        W905.found(setting="REST_FRAMEWORK", subject=key, match=match)
        for key in keys
        for match in _nearest(key, _REST_FRAMEWORK)
        if match not in keys
    ]


def _has_cors() -> bool:
    entries = [*listed("INSTALLED_APPS"), *listed("MIDDLEWARE")]
    return any(entry.partition(".")[0] == "corsheaders" for entry in entries)


def _is_set(name: str) -> bool:
    """Whether the project sets ``name`` as well: the other one is a variable on the way to it."""
    return bool(settings.is_overridden(name))  # type: ignore[misc]  # a method


def _nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return the one name of ``known`` that ``name`` is a slip of the pen for, if there is one."""
    known = [other for other in known if other[:_COMMON_START] == name[:_COMMON_START]]
    likeness = {other: _likeness(name, other) for other in known}
    best = max(likeness, key=likeness.__getitem__, default="")
    return [best] if best and best != name and likeness[best] >= _LIKENESS else []


def _likeness(name: str, other: str) -> float:
    """Return 1.0 for the same words in another order, and how much two names have in common."""
    one, two = ("_".join(sorted(text.split("_"))) for text in (name, other))
    return max(_ratio(name, other), _ratio(one, two))


def _ratio(name: str, other: str) -> float:
    matcher = SequenceMatcher(None, name, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _LIKENESS else 0.0


CHECKS = (check_near_misses, check_rest_framework_keys)
