"""What a regular expression for origins admits beside what it was written for.

Pure. A pattern is not read for mistakes, it is tried: origins that it admits are derived from its
own text, and changed as a stranger would change them. What comes out is an origin that the pattern
does match, by ``re.match`` as django-cors-headers asks it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from django_hardened.hosts import is_loopback
from django_hardened.suffixes import SHARED_SUFFIXES, SPECIAL_USE_NAMES

Pattern = str | re.Pattern[str]

_STRANGER = "evil"
_OPEN_SUFFIXES = (*"com org net io dev app".split(), *sorted(SHARED_SUFFIXES))
_ORIGIN = re.compile(r"https?://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::\d{1,5})?")
_LOOPBACK = tuple(
    f"{scheme}://{host}{port}"
    for scheme in ("http", "https")
    for host in ("localhost", "127.0.0.1")
    for port in ("", ":3000", ":5173", ":8000", ":8080")
)

_MAX_SAMPLES = 32
_MAX_TIMES = 63  # the length of a label
# A group with no group inside it, and what repeats it.
_GROUP = re.compile(r"(?<!\\)\((?P<body>[^()]*)\)(?P<repeat>[*+?]|\{[^}]*\})?\??")
_GROUP_PREFIX = re.compile(r"\?(?::|P<\w+>|(?P<no_text>.*))", re.DOTALL)
_ATOM = re.compile(
    r"(?P<atom>\\.|\[\^?(?:\\.|[^\]\\])+\]|.)"
    r"(?P<repeat>[*+]|\{(?P<times>\d{1,4})[^}]*\})?\??",
    re.DOTALL,
)
_NO_TEXT = ("^", "$", r"\A", r"\Z", r"\z", r"\b", r"\B")


@dataclass(frozen=True)
class _Piece:
    """Part of an origin: its text, and whether the pattern leaves open what stands there."""

    text: str
    is_loose_dot: bool = False
    is_open: bool = False


def stranger(pattern: Pattern) -> str | None:
    """Return an origin that ``pattern`` admits and that anybody can own, or None."""
    return _first(pattern, _strangers(pattern))


def doubtful(pattern: Pattern) -> str | None:
    """Return an origin that ``pattern`` admits and that is probably not meant, or None.

    Nobody can register it today (``www.examplexcom``), or perhaps somebody can, next to the
    deployments of the project (``project-evil.vercel.app``).
    """
    return _first(pattern, (origin for origin, is_sure in _variants(pattern) if not is_sure))


def plain_http(pattern: Pattern) -> str | None:
    """Return an origin without TLS, on another machine, that ``pattern`` admits, or None."""
    plain = (_text(sample).replace("https://", "http://") for sample in _samples(pattern))
    return _first(pattern, (origin for origin in plain if not is_loopback(_host(origin))))


def is_null(pattern: Pattern) -> bool:
    """Whether ``pattern`` admits ``null``, the origin of sandboxed frames and of files."""
    return _matches(pattern, "null")


def loopback(pattern: Pattern) -> str | None:
    """Return an origin on the visitor's own machine that ``pattern`` admits, or None."""
    return _first(pattern, iter(_LOOPBACK))


def _first(pattern: Pattern, candidates: Iterator[str]) -> str | None:
    return next((o for o in candidates if _ORIGIN.fullmatch(o) and _matches(pattern, o)), None)


def _matches(pattern: Pattern, origin: str) -> bool:
    compiled = _compile(pattern)
    return compiled is not None and bool(compiled.match(origin))


@lru_cache(maxsize=256)
def _compile(pattern: Pattern) -> re.Pattern[str] | None:
    with warnings.catch_warnings(action="ignore"):
        try:
            return re.compile(pattern)
        except (re.error, RecursionError, OverflowError):
            return None


def _strangers(pattern: Pattern) -> Iterator[str]:
    for suffix in _OPEN_SUFFIXES:
        yield f"https://{_STRANGER}.{suffix}"
    for sample in _samples(pattern):
        yield f"{_text(sample)}.{_STRANGER}.com"
    yield from (origin for origin, is_sure in _variants(pattern) if is_sure)


def _variants(pattern: Pattern) -> Iterator[tuple[str, bool]]:
    """Change what ``pattern`` leaves open; say of each origin whether anybody can own it."""
    for sample in _samples(pattern):
        home = _registrable(_host(_text(sample)))
        if not home:
            continue
        for index, piece in enumerate(sample):
            for text in _alternatives(piece):
                origin = _text((*sample[:index], _Piece(text), *sample[index + 1 :]))
                away = _registrable(_host(origin))
                if away and away != home:
                    yield origin, _is_sure(piece, home, away)


def _alternatives(piece: _Piece) -> tuple[str, ...]:
    if piece.is_loose_dot:
        return ("x",)
    length = len(piece.text)
    return (_STRANGER, "b" * length, "2" * length) if piece.is_open else ()


def _is_sure(piece: _Piece, home: str, away: str) -> bool:
    if piece.is_loose_dot:
        # The dot before the top-level domain: there is no such top-level domain.
        return home.rpartition(".")[2] == away.rpartition(".")[2]
    # Hosting providers name deployments project-branch.provider.app, and see that the name of
    # another customer's cannot be mistaken for one; not all of them do.
    return not ("-" in home and home.partition(".")[2] in SHARED_SUFFIXES)


def _registrable(host: str) -> str:
    """Return the part of ``host`` that one owner holds; "" where names are not registered."""
    labels = host.split(".")
    if len(labels) == 1 or labels[-1] in SPECIAL_USE_NAMES or labels[-1].isdigit():
        return ""
    for index in range(1, len(labels)):
        if ".".join(labels[index:]) in SHARED_SUFFIXES:
            return ".".join(labels[index - 1 :])
    return ".".join(labels[-2:])


def _host(origin: str) -> str:
    return origin.partition("://")[2].partition(":")[0]


# -- Origins from the text of a pattern ----------------------------------------------------------


def _text(sample: tuple[_Piece, ...]) -> str:
    return "".join(piece.text for piece in sample)


def _samples(pattern: Pattern) -> list[tuple[_Piece, ...]]:
    """Return some of the texts that ``pattern`` was written for. None may be found."""
    source = pattern if isinstance(pattern, str) else pattern.pattern
    flat = islice(_without_groups(source), _MAX_SAMPLES)
    samples = [tuple(_pieces(text)) for text in flat]
    return [sample for sample in samples if _matches(pattern, _text(sample))]


def _without_groups(source: str) -> Iterator[str]:
    """Write ``source`` out: one text for each choice of its alternatives and optional groups."""
    group = _GROUP.search(source)
    if group is None:
        yield from source.split("|")
        return
    prefix = _GROUP_PREFIX.match(group["body"])
    if prefix is None:
        choices = group["body"].split("|")
    elif prefix["no_text"] is None:
        choices = group["body"][prefix.end() :].split("|")
    else:  # a lookaround, or flags
        choices = [""]
    if group["repeat"] in ("?", "*"):
        choices.append("")
    for choice in dict.fromkeys(choices):
        yield from _without_groups(source[: group.start()] + choice + source[group.end() :])


def _pieces(flat: str) -> Iterator[_Piece]:
    for match in _ATOM.finditer(flat):
        atom, times = match["atom"], min(max(1, int(match["times"] or 1)), _MAX_TIMES)
        if atom in _NO_TEXT:
            continue
        if atom == "." and not match["repeat"]:
            yield _Piece(".", is_loose_dot=True)
        elif atom == "." or atom.startswith("[") or re.fullmatch(r"\\\w", atom):
            yield _Piece(_character(atom) * times, is_open=True)
        else:
            yield _Piece(atom.removeprefix("\\") * times)


def _character(atom: str) -> str:
    return next((char for char in "a1-." if _matches(atom, char)), "")
