"""From the text of a variable to a value, without guessing."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from typing import Any


class Unreadable(ValueError):
    """A value that cannot be used; the message is a reason of ours and holds no part of it."""


def parse_bool(value: str, true: tuple[str, ...], false: tuple[str, ...]) -> bool:
    """Return whether ``value`` is one of the words for true; any unknown word is an error."""
    word = value.strip().lower()
    if word in true:
        return True
    if word in false:
        return False
    raise Unreadable("is not a boolean: write true or false")


def parse_float(value: str) -> float:
    """Return ``value`` as a finite number; ``1.2.3`` and ``12 EUR`` are errors."""
    number = float(value)
    if not isfinite(number):
        raise Unreadable("is not a finite number")
    return number


def split(value: str, separator: str = ",") -> list[str]:
    """Split at commas and trim. Nothing at all is no item; a blank one among others is a slip."""
    items = [item.strip() for item in value.split(separator)]
    if items == [""]:
        return []
    if "" in items:
        raise Unreadable("has a blank item (two commas in a row, or one at an end)")
    return items


def without_parentheses(value: str) -> str:
    """Remove the pair that django-environ accepts around a tuple."""
    value = value.strip()
    return value[1:-1] if value.startswith("(") and value.endswith(")") else value


def parse_pairs(value: str, separator: str = ",") -> dict[str, str]:
    """Return ``key=value,key=value`` as a dict; a key given twice is an error."""
    pairs: dict[str, str] = {}
    for item in split(value, separator):
        key, equals, text = item.partition("=")
        if not equals:
            raise Unreadable("has an item that is not key=value")
        if key.strip() in pairs:
            raise Unreadable("has a key twice")
        pairs[key.strip()] = text.strip()
    return pairs


_FAILURES: dict[Any, str] = {
    int: "is not a whole number",
    float: "is not a number",
    json.loads: "is not valid JSON",
}


def describe_failure(cast: Callable[[str], Any] | Any) -> str:
    """Say what a value that ``cast`` does not accept is not."""
    name = getattr(cast, "__name__", type(cast).__name__)
    try:
        return _FAILURES.get(cast, f"cannot be read as {name}")
    except TypeError:  # a list or dict of casts is not hashable
        return f"cannot be read as {name}"
