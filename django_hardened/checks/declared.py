"""What is open and what is declared public, as the rules about open views ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django_hardened.checks.once import once_in_a_run
from django_hardened.declarations import Declarations, read_declarations

if TYPE_CHECKING:
    from django_hardened.audit.endpoints import Endpoint


@once_in_a_run
def endpoints() -> list[Endpoint]:
    """Return the endpoints of the project, and who may call each."""
    # A server that boots has no use for it.
    from django_hardened.audit.inventory import audit  # noqa: PLC0415

    return audit(is_brief=True)


@once_in_a_run
def declarations() -> Declarations:
    """Return what somebody has declared public."""
    return read_declarations()


def without_declared(names: Sequence[str]) -> list[str]:
    """Return those of the views that are open with a method or a path that nobody has declared.

    Without a declaration no view is asked.
    """
    if not (names and declarations().entries):
        return [*names]
    from django_hardened.exposure import is_declared  # noqa: PLC0415  # as the audit

    is_covered: dict[str, bool] = {}
    for each in endpoints():
        if not each.proven.is_closed:
            so_far = is_covered.get(each.view, True)
            is_covered[each.view] = so_far and is_declared(each, declarations())
    # One of which the audit knows nothing open, or by another name, stays named.
    return [name for name in names if not is_covered.get(name, False)]
