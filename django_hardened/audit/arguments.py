"""Values for the arguments in paths: by their names, their converters and what a view looks up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

_UUID = "00000000-0000-4000-8000-000000000001"
# Names that mean the same wherever they are used; tried before what fits any group.
_BY_NAME: Mapping[str, tuple[str, ...]] = {
    "format": ("json", "api", ".json", ".api"),
    "year": ("2024",),
    "month": ("1", "01", "jan"),
    "day": ("1", "01"),
    "week": ("1", "01"),
    "uidb64": ("MQ",),
    "token": ("a-1", "a"),
    "provider": ("google",),
}
_ANY = ("1", "a", "a-1", _UUID, "2024", "01", "a/b", "a.txt")


def candidates(name: str, converter: Any = None) -> tuple[str, ...]:
    """Return what to try for the argument ``name``, the likeliest first."""
    known = _BY_NAME.get(name, ())
    if name == "version":
        known = _versions()
    if name in {"lang", "language", "lang_code", "language_code"}:
        known = (str(settings.LANGUAGE_CODE),)
    made = getattr(converter, "examples", ())  # a converter of the project may name some
    return (*map(str, made), *known, *_ANY)


def _versions() -> tuple[str, ...]:
    """Return the versions of the API that REST framework is told of."""
    configured = getattr(settings, "REST_FRAMEWORK", None)
    configured = configured if isinstance(configured, Mapping) else {}
    allowed = configured.get("ALLOWED_VERSIONS") or ()
    default = configured.get("DEFAULT_VERSION")
    return tuple(str(each) for each in (default, *allowed, "v1", "1") if each)
