"""The variables that settings read, merged over the environments and compared with a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from django_hardened.reads import Read

# The first line is django.views.debug's, which hides such settings on its error pages.
_SECRET_NAME = re.compile(
    r"API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE"
    r"|CREDENTIAL|DSN|PRIVATE|PWD|SALT|WEBHOOK",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"://[^/\s]*@"  # a user, and perhaps a password, in a URL
    r"|(?=\S*\d)(?=\S*[A-Za-z])[\w+/=-]{20,}"  # a token
)
_HARMLESS_KINDS = ("true or false", "whole number", "number")

# In a comment more words make it prose: "NAME=value is what a line looks like".
_ENTRY = re.compile(
    r"""(?x) (?:export\ )? ([A-Za-z_][A-Za-z_0-9]*) = .*
    | \#[\#\s]* (?:export\ )? ([A-Za-z_][A-Za-z_0-9]*) = (?: \S* | ".*" | '.*' ) \s*"""
)
_NOT_OURS = re.compile(r"#\s*make_env: ignore\s+(.*)")


@dataclass(frozen=True)
class Variable:
    """A variable, and who needs it.

    Attributes:
        name: as it stands in the environment.
        kind: what its text is, in words.
        default: in production, as a ``.env`` file says it; None if there is none to show.
        required: the environments that do not work without it.
        optional: the environments that read it and have a default.
    """

    name: str
    kind: str
    default: str | None
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


def merge(readings: Mapping[str, Iterable[Read]], folder: str) -> list[Variable]:
    """Return the variables of the ``readings`` of each environment, in the order of reading.

    A default that holds ``folder`` is true on one machine only, and is left out.
    """
    merged: dict[str, Variable] = {}
    for environment, reads in readings.items():
        for read in reads:
            default = None if folder in (read.default or "") else read.default
            known = merged.get(read.name, Variable(read.name, read.kind, default))
            here = {environment}
            merged[read.name] = replace(
                known,
                required=known.required | here if read.required else known.required,
                optional=known.optional if read.required else known.optional | here,
            )
    return list(merged.values())


def is_secret(variable: Variable) -> bool:
    """Whether the default of ``variable`` may be a secret: by its name, or by its looks."""
    if not variable.default or variable.kind in _HARMLESS_KINDS:
        return False
    return bool(_SECRET_NAME.search(variable.name) or _SECRET_VALUE.search(variable.default))


# -- Comparing -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """How an example differs from what is read: variables to add, and the lines to delete."""

    missing: tuple[Variable, ...]
    unread: tuple[tuple[str, int], ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.unread)


def compare(example: str, variables: Collection[Variable]) -> Difference:
    """Compare the names in ``example``, also those commented out, with what is read.

    A line ``# make_env: ignore NAME ...`` names variables that other programs read.
    """
    lines: dict[str, int] = {}
    ignored: set[str] = set()
    for number, line in enumerate(example.splitlines(), start=1):
        if excepted := _NOT_OURS.fullmatch(line.strip()):
            ignored |= set(re.split(r"[\s,]+", excepted[1]))
        elif entry := _ENTRY.fullmatch(line):
            lines.setdefault(entry[1] or entry[2], number)
    read = {variable.name for variable in variables}
    known = lines.keys() | {name.removesuffix("_FILE") for name in lines}
    return Difference(
        tuple(variable for variable in variables if variable.name not in known),
        tuple(
            (name, number)
            for name, number in lines.items()
            if not {name, name.removesuffix("_FILE")} & (read | ignored)
        ),
    )


def lacking(
    set_names: Collection[str], variables: Iterable[Variable], environment: str
) -> list[str]:
    """Return the variables that ``environment`` requires and that are not among ``set_names``."""
    return [
        variable.name
        for variable in variables
        if environment in variable.required
        and not {variable.name, f"{variable.name}_FILE"} & set(set_names)
    ]
