"""Public endpoints, declared: each with the reason why anybody may call it.

They stand in ``HARDENED_PUBLIC_ENDPOINTS`` or, better because it is reviewed like code, in a
committed ``public_endpoints.toml``::

    [[public]]
    pattern = "/api/posts/<int:pk>/"   # as audit_endpoints shows it; * stands for anything
    method = "GET"                     # or a list; "*" is all that only read
    reason = "Posts are there to be read."
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from django_hardened.waivers import path_setting, quoted, says_something

FILE_NAME = "public_endpoints.toml"
_KEYS = ("pattern", "method", "reason")
_READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True)
class Declaration:
    """Somebody's word that whoever wants may call ``pattern`` with one of ``methods``."""

    pattern: str
    methods: tuple[str, ...]
    reason: str
    place: str = field(default="", compare=False)

    def covers(self, path: str, method: str) -> bool:
        """Whether it is about an endpoint. What writes has to be named by its method."""
        if method not in self.methods and not ("*" in self.methods and method in _READS):
            return False
        parts = map(re.escape, self.pattern.split("*"))
        return re.fullmatch(".*".join(parts), path) is not None

    def __str__(self) -> str:
        return f"{', '.join(self.methods)} {self.pattern}"


@dataclass(frozen=True)
class Declarations:
    """The declarations of a project, and what is wrong with each entry that is none."""

    entries: tuple[Declaration, ...] = ()
    problems: tuple[str, ...] = ()

    def covering(self, path: str, method: str) -> Declaration | None:
        """Return the first that is about an endpoint."""
        return next((each for each in self.entries if each.covers(path, method)), None)


def declarations_file() -> Path | None:
    """Return where ``public_endpoints.toml`` is or would be: the setting, or ``BASE_DIR``."""
    named, base = path_setting("HARDENED_PUBLIC_ENDPOINTS_FILE"), path_setting("BASE_DIR")
    return named if base is None else base / (named or FILE_NAME)


def read_declarations() -> Declarations:
    """Read the setting and the file. What is wrong with either is told, and declares nothing."""
    setting: Any = getattr(settings, "HARDENED_PUBLIC_ENDPOINTS", None)
    is_listing = isinstance(setting, list | tuple | set | frozenset)  # else E903 says so
    parts = [
        _parse_all("HARDENED_PUBLIC_ENDPOINTS", setting if is_listing else ()),
        _read_file(declarations_file()),
    ]
    return Declarations(
        tuple(entry for part in parts for entry in part.entries),
        tuple(problem for part in parts for problem in part.problems),
    )


def _read_file(path: Path | None) -> Declarations:
    if path is None:
        return Declarations()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        is_asked_for = path_setting("HARDENED_PUBLIC_ENDPOINTS_FILE") is not None
        return Declarations(problems=(f"{path}: there is no such file",) if is_asked_for else ())
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        return Declarations(problems=(f"{path}: cannot be read ({reason})",))
    items = document.pop("public", [])
    unknown = tuple(f"{path.name} has the unknown key {key!r}" for key in document)
    if not isinstance(items, list):
        one = f"{path.name} has a 'public' that is no list: write [[public]] above each"
        return Declarations(problems=(one, *unknown))
    found = _parse_all(path.name, items)
    return Declarations(found.entries, (*found.problems, *unknown))


def _parse_all(place: str, items: Iterable[object]) -> Declarations:
    entries: list[Declaration] = []
    problems: list[str] = []
    for number, item in enumerate(items, start=1):
        try:
            entries.append(parse_declaration(item, place=f"{place}, entry {number}"))
        except ValueError as error:
            problems.append(f"{place}, entry {number}: {error}")
    return Declarations(tuple(entries), tuple(problems))


def parse_declaration(item: object, *, place: str = "") -> Declaration:
    """Return the declaration that a mapping describes.

    Raises:
        ValueError: a key is missing, unknown or of the wrong kind, or its text says nothing.
    """
    if not isinstance(item, Mapping):
        raise ValueError("is not a table of pattern, method and reason")  # noqa: TRY004
    missing = [key for key in _KEYS if key not in item]
    if missing:
        raise ValueError(f"has no {' and no '.join(missing)}")
    unknown = sorted(set(map(str, item)) - set(_KEYS))
    if unknown:
        raise ValueError(f"has the unknown key {unknown[0]!r}")
    return Declaration(
        _parse_pattern(item["pattern"]),
        _parse_methods(item["method"]),
        _parse_reason(item["reason"]),
        place,
    )


def _parse_pattern(value: object) -> str:
    text = str(value)
    if not text.startswith("/"):
        raise ValueError(f"its 'pattern' is {text!r}: write it from the first slash on")
    if "*" in text and not text.strip("/*"):
        raise ValueError(f"its 'pattern' {text!r} is about everything")
    return text


def _parse_methods(value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed:
        raise ValueError("its 'method' is neither a method nor a list of some")
    methods = tuple(str(each).upper() for each in listed)
    wrong = next((each for each in methods if not re.fullmatch(r"[A-Z]+|\*", each)), None)
    if wrong is not None:
        raise ValueError(f"its 'method' {wrong!r} is no method")
    return methods


def _parse_reason(value: object) -> str:
    if not isinstance(value, str) or not says_something(value):
        raise ValueError("its 'reason' says nothing")
    return value


def append_declarations(path: Path, endpoints: Iterable[tuple[str, str]]) -> bool:
    """Write a draft for each path and method at the end of the file, which need not exist.

    The reasons are left empty: they are for whoever knows them, and are asked for until then.

    Returns:
        whether anything was written: what stands there, with a reason or without, is not again.

    Raises:
        ValueError: it is not TOML, or would not be after that. Nothing has been written.
    """
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    listed = _listed_in(tomllib.loads(before))
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    methods: dict[str, list[str]] = {}
    for pattern, method in endpoints:
        if not any(_is_about(each, pattern, method) for each in listed):
            methods.setdefault(pattern, []).append(method)
    if not methods:
        return False
    added = gap + "\n".join(_drafted(pattern, each) for pattern, each in methods.items())
    tomllib.loads(before + added)
    with path.open("a", encoding="utf-8") as file:
        file.write(added)
    return True


def _listed_in(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    items = document.get("public", [])
    return [each for each in items if isinstance(each, Mapping)] if isinstance(items, list) else []


def _is_about(item: Mapping[str, Any], pattern: str, method: str) -> bool:
    """Whether an entry is about an endpoint, whatever it lacks; read_declarations() says what."""
    named = item.get("method")
    about = {"pattern": item.get("pattern"), "method": named, "reason": "to be written"}
    try:
        return parse_declaration(about).covers(pattern, method)
    except ValueError:
        listed = named if isinstance(named, list) else [named]
        return item.get("pattern") == pattern and method in listed


def _drafted(pattern: str, methods: list[str]) -> str:
    named = quoted(methods[0]) if len(methods) == 1 else f"[{', '.join(map(quoted, methods))}]"
    lines = ["[[public]]", f"pattern = {quoted(pattern)}", f"method = {named}", 'reason = ""', ""]
    return "\n".join(lines)
