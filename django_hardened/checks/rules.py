"""One row per finding: what the docs list, the tests assert and the reports print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.core import checks

T = TypeVar("T")

_LEVELS = {"E": checks.ERROR, "W": checks.WARNING, "I": checks.INFO}


class Finding(checks.CheckMessage):
    """A message that also knows which setting it is about, and what exactly in it.

    Attributes:
        setting: the name of the Django setting that decides, or "".
        subject: the entry, view or alias that a waiver may name, or "" for the setting as such.
    """

    def __init__(self, rule: Rule, msg: str, hint: str, *, setting: str, subject: str) -> None:
        super().__init__(rule.level, msg, hint=hint, id=rule.id)
        self.setting = setting
        self.subject = subject


# Of a URL all that stands in front of the last "@": a password may have a slash or another "@" in
# it, and often nobody's name is in front. Without a scheme, both have to be there.
_USER_INFORMATION = re.compile(r"(?<=://)[^\s'\"]*@|[^\s/@'\"]+:[^\s/@'\"]*@")


def _masked(value: T) -> T | str:
    """Return ``value`` without the user and the password that a URL in it may hold."""
    return _USER_INFORMATION.sub("***@", value) if isinstance(value, str) else value


_PART_OF_A_SETTING = re.compile(r"([A-Z][A-Z_]*)(?:\[|\.setdefault\(| \|= )")


def _with_its_setting(hint: str) -> str:
    """Return ``hint``, and what has to stand above it where the project lacks that setting."""
    part = _PART_OF_A_SETTING.match(hint)
    if part is None or settings.is_overridden(part[1]):  # type: ignore[misc]  # a method
        return hint
    code, _, comment = hint.partition("  # ")
    missing = f"below {part[1]} = {{}}, which is missing"
    return "; ".join(filter(None, (f"{code}  # {missing}", comment)))


@dataclass(frozen=True)
class Rule:
    """A finding that this package can make.

    Attributes:
        code: ``E001`` or ``W001``. ``E`` is unsafe in any deployment, ``W`` depends on what a
            check cannot see, ``I`` is information. Never reused for another meaning.
        fact: what is wrong; ``str.format`` fills in the particulars. Never a secret.
        hint: what to type. One that begins with code, or a command, is that to its end, and can be
            pasted: what else is to be said stands behind two blanks and a "#". Any other begins
            with a word.
        setting: the setting that decides, unless ``found`` names another.
        replaces: ids of Django's own checks that say the same.
        asvs: the requirement of OWASP ASVS 5.0 that it breaks, such as "13.4.2".
        cwe: its number in the Common Weakness Enumeration.
    """

    code: str
    fact: str
    hint: str
    setting: str = ""
    replaces: tuple[str, ...] = ()
    asvs: str = ""
    cwe: int = 0

    @property
    def id(self) -> str:
        """The id as Django prints it and ``SILENCED_SYSTEM_CHECKS`` spells it."""
        return f"django_hardened.{self.code}"

    @property
    def level(self) -> int:
        """The level of ``django.core.checks`` that the first letter of the code means."""
        return _LEVELS[self.code[0]]

    def found(
        self, *, setting: str = "", subject: object = "", **particulars: object
    ) -> checks.CheckMessage:
        """Return the message for one occurrence.

        ``setting`` and ``subject`` may stand in the fact and the hint like any particular.
        """
        where = {"setting": setting or self.setting, "subject": _masked(str(subject))}
        facts = {**where, **{name: _masked(value) for name, value in particulars.items()}}
        hint = _with_its_setting(self.hint.format(**facts))
        return Finding(self, self.fact.format(**facts), hint, **where)
