"""Waivers: a finding is accepted by somebody, for a reason, until a day. Never silently.

They stand in ``HARDENED_WAIVERS`` or, better because it is reviewed like code, in a committed
``hardened_waivers.toml``::

    [[waiver]]
    id = "django_hardened.W246"     # or W246
    object = "shop.views.webhook"   # optional: this one subject of the finding only
    reason = "The payment service signs its calls, and the view checks the signature."
    owner = "shop-team@example.com"
    expires = 2027-03-31
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.functional import Promise

FILE_NAME = "hardened_waivers.toml"
_REQUIRED = ("id", "reason", "owner", "expires")
_TEXTS = ("id", "object", "reason", "owner")
_KNOWN = {*_REQUIRED, *_TEXTS}
# Somebody looks at each of them once a year: "for ever" is not a day.
MAX_DAYS = 366
DRAFT_DAYS = 30  # of a waiver that nobody has thought about yet


@dataclass(frozen=True)
class Waiver:
    """Somebody's word that a finding may stand until, and on, the day ``expires``.

    ``object`` narrows it to one subject of the finding: an entry, an alias, a view.
    """

    id: str
    reason: str
    owner: str
    expires: date
    object: str | None = None

    @property
    def target(self) -> str:
        """What it waives, in words."""
        return f"{self.id} ({self.object})" if self.object else self.id

    def covers(self, finding_id: str, subject: str) -> bool:
        """Whether it is about the finding; ``W520`` is short for ``django_hardened.W520``."""
        is_named = finding_id in (self.id, f"django_hardened.{self.id}")
        return is_named and self.object in (None, subject)

    def has_expired(self, on: date) -> bool:
        """Whether the last day of the waiver is over."""
        return on > self.expires

    def __str__(self) -> str:
        """Return one line: what begins a line of a CI log may be a command there."""
        return " ".join(f"{self.target} until {self.expires}, {self.owner}: {self.reason}".split())


@dataclass(frozen=True)
class Waivers:
    """The waivers of a project, and what is wrong with each entry that is none."""

    entries: tuple[Waiver, ...] = ()
    problems: tuple[str, ...] = ()

    def limited(self, on: date) -> Waivers:
        """Return these without those that end more than ``MAX_DAYS`` after the day ``on``."""
        last = on + timedelta(days=MAX_DAYS)
        distant = tuple(
            f"{waiver.target}: its 'expires', {waiver.expires}, is more than {MAX_DAYS} days ahead"
            for waiver in self.entries
            if waiver.expires > last
        )
        near = tuple(waiver for waiver in self.entries if waiver.expires <= last)
        return Waivers(near, (*self.problems, *distant))


def today() -> date:
    """Return the date in UTC: the same for everybody who looks at the same commit."""
    return datetime.now(UTC).date()


# -- Reading -------------------------------------------------------------------------------------


def waivers_file() -> Path | None:
    """Return where ``hardened_waivers.toml`` is or would be: the setting, or ``BASE_DIR``.

    A relative path starts at ``BASE_DIR``: a server has another working directory than manage.py.
    """
    named = path_setting("HARDENED_WAIVERS_FILE")
    base = path_setting("BASE_DIR")
    if base is None:
        return named
    return base / (named or FILE_NAME)


def path_setting(setting: str) -> Path | None:
    """Return the path that a setting has, or None where it has none."""
    value = getattr(settings, setting, None)
    if isinstance(value, Promise):  # a lazy string
        value = str(value)
    return Path(value) if value and isinstance(value, str | os.PathLike) else None


def read_waivers(written: Container[date] | None = None) -> Waivers:
    """Read the setting and the file. What is wrong with either is told, and waives nothing.

    ``written`` has the days that an entry of the setting may name, which is code and could compute
    another one each day; None allows any.
    """
    setting: Any = getattr(settings, "HARDENED_WAIVERS", None)
    is_listing = isinstance(setting, list | tuple)  # E903 says so where it is something else
    parts = [
        _parse_all("HARDENED_WAIVERS", setting if is_listing else (), written),
        _read_file(waivers_file()),
    ]
    return Waivers(
        tuple(waiver for part in parts for waiver in part.entries),
        tuple(problem for part in parts for problem in part.problems),
    )


def _read_file(path: Path | None) -> Waivers:
    if path is None:
        return Waivers()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        is_asked_for = path_setting("HARDENED_WAIVERS_FILE") is not None
        return Waivers(problems=(f"{path}: there is no such file",) if is_asked_for else ())
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        return Waivers(problems=(f"{path}: cannot be read ({reason})",))
    items = document.pop("waiver", [])
    unknown = tuple(f"{path.name} has the unknown key {key!r}" for key in document)
    if not isinstance(items, list):
        one = f"{path.name} has a 'waiver' that is no list: write [[waiver]] above each"
        return Waivers(problems=(one, *unknown))
    found = _parse_all(path.name, items)
    return Waivers(found.entries, (*found.problems, *unknown))


def _parse_all(
    place: str, items: Iterable[object], written: Container[date] | None = None
) -> Waivers:
    entries: list[Waiver] = []
    problems: list[str] = []
    for number, item in enumerate(items, start=1):
        try:
            waiver = parse_waiver(item)
            if written is not None and waiver.expires not in written:
                raise ValueError(f"its 'expires' is computed: write {waiver.expires}")
            entries.append(waiver)
        except ValueError as error:
            problems.append(f"{place}, entry {number}: {error}")
    return Waivers(tuple(entries), tuple(problems))


def parse_waiver(item: object) -> Waiver:
    """Return the waiver that a mapping describes.

    Raises:
        ValueError: a key is missing, unknown or of the wrong kind, or its text says nothing.
    """
    if not isinstance(item, Mapping):
        raise ValueError("is not a table of id, reason, owner and expires")  # noqa: TRY004
    missing = [key for key in _REQUIRED if key not in item]
    if missing:
        raise ValueError(f"has no {' and no '.join(missing)}")
    unknown = sorted(set(map(str, item)) - _KNOWN)
    if unknown:
        raise ValueError(f"has the unknown key {unknown[0]!r}")
    texts = {key: _parse_text(key, item[key]) for key in _TEXTS if key in item}
    return Waiver(expires=_parse_date(item["expires"]), **texts)


def _parse_text(key: str, value: object) -> str:
    if not isinstance(value, str | Promise):
        raise ValueError(f"its {key!r} is not text: put it in quotes")  # noqa: TRY004
    if not str(value).strip():
        raise ValueError(f"its {key!r} is empty")
    if key in ("reason", "owner") and not says_something(str(value)):
        raise ValueError(f"its {key!r} says nothing")
    return str(value)


def says_something(text: str) -> bool:
    """Whether there is a word in ``text``: "-" is no reason, and nobody's name."""
    return any(map(str.isalpha, text))


def _parse_date(value: object) -> date:
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(UTC)
    if isinstance(value, date):
        return date(value.year, value.month, value.day)  # a datetime is a date as well
    try:
        parsed = date.fromisoformat(str(value))
    except ValueError:
        parsed = None
    # Python reads more than this one spelling, and takes "20270331.5" for a date.
    if parsed is None or parsed.isoformat() != str(value):
        raise ValueError("its 'expires' is not a date: write 2027-03-31")
    return parsed


# -- Writing -------------------------------------------------------------------------------------


def append_waivers(path: Path, waivers: Iterable[Waiver]) -> None:
    """Write ``waivers`` at the end of the file, which need not exist.

    Raises:
        ValueError: it is not TOML, or would not be after that. Nothing has been written.
    """
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    added = gap + "\n".join(map(render_waiver, waivers))
    tomllib.loads(before + added)
    with path.open("a", encoding="utf-8") as file:
        file.write(added)


def render_waiver(waiver: Waiver) -> str:
    """Return ``waiver`` as it stands in ``hardened_waivers.toml``."""
    fields = {"id": waiver.id, "object": waiver.object}
    fields |= {"reason": waiver.reason, "owner": waiver.owner}
    lines = [f"{key} = {quoted(value)}" for key, value in fields.items() if value]
    return "\n".join(["[[waiver]]", *lines, f"expires = {waiver.expires}", ""])


def quoted(text: str) -> str:
    """Quote as a basic string of TOML."""
    return '"' + "".join(map(_escape, encodable(text))) + '"'


def _escape(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def encodable(text: str) -> str:
    """Return ``text`` with "?" for what UTF-8 cannot say: bytes that Python could not decode."""
    return text.encode("utf-8", "replace").decode("utf-8")
