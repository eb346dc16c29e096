"""One variable that a settings module reads, in words and as it would stand in a ``.env`` file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

TEXT = "text"
BOOLEAN = "true or false"
URL = "URL"
PATH = "path"
CHOICE = "one of"
# By the method of ``Env`` that reads them.
CONNECTIONS = {
    "db_url": "database URL",
    "cache_url": "cache URL",
    "email_url": "email URL",
    "search_url": "search URL",
    "channels_url": "channels URL",
}

_KINDS: tuple[tuple[object, str], ...] = (
    (None, TEXT),
    (str, TEXT),
    (bool, BOOLEAN),
    (int, "whole number"),
    (float, "number"),
    (list, "comma-separated list"),
    (tuple, "comma-separated list"),
    (dict, "comma-separated list of key=value"),
    (json.loads, "JSON"),
    (urlparse, URL),
)

# None connects to anything; RFC 6761 section 6.4 reserves ``.invalid``.
_PLACEHOLDERS = {
    BOOLEAN: "false",
    URL: "https://placeholder.invalid/",
    PATH: ".",
    CONNECTIONS["db_url"]: "sqlite://:memory:",
    CONNECTIONS["cache_url"]: "locmemcache://",
    CONNECTIONS["email_url"]: "consolemail://",
    CONNECTIONS["search_url"]: "simple://",
    CONNECTIONS["channels_url"]: "inmemory://",
}
# Tried in this order where the kind does not tell: a cast may be any callable.
_CANDIDATES = (
    "placeholder",
    "placeholder=1",
    "{}",
    "1",
    "2000-01-01",
    "127.0.0.1",
    "00000000-0000-4000-8000-000000000000",
)
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class Read:
    """One variable that was read.

    Attributes:
        name: as it stands in the environment, with the prefix of its ``Env``.
        kind: what its text is, in words: ``whole number``.
        required: whether it was read without a default.
        default: the default as it would stand in a ``.env`` file; None if there is none, or none
            that can be written there.
    """

    name: str
    kind: str = TEXT
    required: bool = False
    default: str | None = None


def describe(name: str, cast: Any, *, required: bool, default: object) -> Read:
    """Return the read of ``name`` as ``cast``."""
    return Read(name, kind_of(cast), required, None if required else as_text(default))


def kind_of(cast: Any) -> str:
    """Return in words what a text that ``cast`` reads is."""
    for known, kind in _KINDS:
        if cast is known:
            return kind
    if isinstance(cast, list | tuple):
        return f"comma-separated list ({kind_of(cast[0])})"
    if isinstance(cast, dict):
        return "semicolon-separated list of key=value"
    return f"text for {getattr(cast, '__name__', type(cast).__name__)}"


def as_text(default: object) -> str | None:
    """Return ``default`` as a ``.env`` file says it; None where it has no form there."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, int | float):
        return str(default)
    if isinstance(default, str):
        return None if _UNWRITABLE.search(default) else default
    if isinstance(default, dict):
        return _joined([_pair(key, value) for key, value in default.items()])
    if isinstance(default, list | tuple):
        return _joined([as_text(item) for item in default])
    return None


def _pair(key: object, value: object) -> str | None:
    name, text = as_text(key), as_text(value)
    return None if name is None or text is None or "=" in name else f"{name}={text}"


def _joined(items: list[str | None]) -> str | None:
    known = [item for item in items if item and "," not in item]
    return ",".join(known) if len(known) == len(items) else None


def placeholder(kind: str, choices: Sequence[str], parse: Callable[[str], Any]) -> str | None:
    """Return a harmless text that ``parse`` accepts, or None if none of those we have is one."""
    own = [_PLACEHOLDERS[kind]] if kind in _PLACEHOLDERS else choices
    return next((text for text in (*own, *_CANDIDATES) if _is_readable(text, parse)), None)


def _is_readable(text: str, parse: Callable[[str], Any]) -> bool:
    try:
        parse(text)
    except Exception:  # noqa: BLE001  # a cast may be any callable
        return False
    return True
