"""The texts that an expression of the settings source may stand for, as far as they are literal."""

from __future__ import annotations

import ast
import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django_hardened import assignments

# How often a name may stand for a name that stands for the text.
_MAX_INDIRECTIONS = 3
_MAX_LENGTH = 10_000
# What turns a text into another one that is as literal.
_DECODERS: dict[str, Callable[[str], bytes]] = {
    "b64decode": base64.b64decode,
    "urlsafe_b64decode": base64.urlsafe_b64decode,
    "standard_b64decode": base64.standard_b64decode,
    "b32decode": base64.b32decode,
    "b16decode": base64.b16decode,
    "a85decode": base64.a85decode,
    "b85decode": base64.b85decode,
    "fromhex": bytes.fromhex,
    "unhexlify": bytes.fromhex,
}


@dataclass(frozen=True)
class Literal:
    """A text, and where it is written."""

    text: str
    file: Path
    line: int


def of(place: assignments.Location, key: str = "") -> Iterator[Literal]:
    """Yield each literal that ``place`` may give as the value.

    Of a dictionary, only what stands under ``key``, or anywhere in something computed: a URL may
    hold the password that a parser takes out of it.
    """
    whole = not key or place.keys[-1:] == (key,)
    for node in [place.value] if whole else _under(place.value, key):
        yield from _texts(node, place.file, _MAX_INDIRECTIONS)


def _under(node: ast.expr, key: str) -> Iterator[ast.expr]:
    for part in ast.walk(node):
        if isinstance(part, ast.Dict):
            for name, value in zip(part.keys, part.values, strict=True):
                if isinstance(name, ast.Constant) and str(name.value) == key:
                    yield value
        elif isinstance(part, ast.keyword) and part.arg == key:
            yield part.value
        elif isinstance(part, ast.Constant) and "://" in str(part.value):
            yield part


def _texts(node: ast.expr, file: Path, indirections: int) -> Iterator[Literal]:
    for part in ast.walk(node):
        if not isinstance(part, ast.expr):
            continue
        text = _fold(part)
        if text is not None:
            yield Literal(text, file, part.lineno)
        if isinstance(part, ast.Name | ast.Attribute) and indirections:
            for place in assignments.assignments(ast.unparse(part)):
                if not place.changes:
                    yield from _texts(place.value, place.file, indirections - 1)


def _fold(node: ast.expr) -> str | None:
    """Return the text that ``node`` is, if all of it is literal."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Constant(value=bytes() as data):
            return data.decode("utf-8", "replace")
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = _fold(left), _fold(right)
            return one + other if one is not None and other is not None else None
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=int() as times)):
            one = _fold(left)
            return one * times if one is not None and len(one) * times <= _MAX_LENGTH else None
        case ast.JoinedStr(values=values):
            return _joined("", [_inner(value) for value in values])
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=arguments):
            return _called(owner, method, arguments)
    return None


def _joined(separator: str, nodes: list[ast.expr]) -> str | None:
    parts = [_fold(node) for node in nodes]
    return None if None in parts else separator.join(part or "" for part in parts)


def _called(owner: ast.expr, method: str, arguments: list[ast.expr]) -> str | None:
    """Return what ``owner.method(...)`` gives for literals: a text put together, or decoded."""
    if method in ("encode", "decode", "strip"):
        return _fold(owner)
    if len(arguments) != 1:
        return None
    if method == "join" and isinstance(arguments[0], ast.List | ast.Tuple):
        separator = _fold(owner)
        return None if separator is None else _joined(separator, arguments[0].elts)
    text = _fold(arguments[0]) if method in _DECODERS else None
    try:
        return None if text is None else _DECODERS[method](text).decode("utf-8", "replace")
    except ValueError:  # not of that alphabet
        return None


def _inner(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.FormattedValue) else node
