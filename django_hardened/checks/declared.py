"""What the rules about open views leave out: a view that somebody has declared public."""

from __future__ import annotations

from collections.abc import Sequence

from django_hardened.declarations import read_declarations


def without_declared(names: Sequence[str]) -> list[str]:
    """Return those of the views that are open with a method or a path that nobody has declared.

    Without a declaration no view is asked.
    """
    declarations = read_declarations()
    if not (names and declarations.entries):
        return [*names]
    # A server that boots has no use for them.
    from django_hardened.audit.inventory import audit  # noqa: PLC0415
    from django_hardened.exposure import is_declared  # noqa: PLC0415

    is_covered: dict[str, bool] = {}
    for each in audit(is_brief=True):
        if not each.proven.is_closed:
            so_far = is_covered.get(each.view, True)
            is_covered[each.view] = so_far and is_declared(each, declarations)
    # One of which the audit knows nothing open, or by another name, stays named.
    return [name for name in names if not is_covered.get(name, False)]
