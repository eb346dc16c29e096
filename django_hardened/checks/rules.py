"""One row per finding: what the docs list, the tests assert and the reports print."""

from __future__ import annotations

from dataclasses import dataclass

from django.core import checks

_LEVELS = {"E": checks.Error, "W": checks.Warning}


@dataclass(frozen=True)
class Rule:
    """A finding that this package can make.

    Attributes:
        code: ``E001`` or ``W001``. ``E`` is unsafe in any deployment, ``W`` depends on what a
            check cannot see. Never reused for another meaning.
        fact: what is wrong; ``str.format`` fills in the particulars. Never a secret.
        hint: what to type.
        replaces: ids of Django's own checks that say the same.
    """

    code: str
    fact: str
    hint: str
    replaces: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id as Django prints it and ``SILENCED_SYSTEM_CHECKS`` spells it."""
        return f"django_hardened.{self.code}"

    def found(self, **particulars: object) -> checks.CheckMessage:
        """Return the message for one occurrence."""
        return _LEVELS[self.code[0]](
            self.fact.format(**particulars), hint=self.hint.format(**particulars), id=self.id
        )
