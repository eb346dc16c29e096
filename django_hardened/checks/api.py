"""The API of a project, found in its URLconf without assuming that there is one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.urls import URLResolver, get_resolver

from django_hardened.checks.once import once_in_a_run

if TYPE_CHECKING:
    from django_hardened.drf.inspection import ApiView


@once_in_a_run
def callbacks() -> list[Any]:
    """Return the views of the URLconf in its order; none where it cannot be imported."""
    try:
        return list(_callbacks(get_resolver().url_patterns))
    except Exception:  # noqa: BLE001  # importing it runs the project; Django's checks say why
        return []


def _callbacks(patterns: Any) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _callbacks(pattern.url_patterns)
        else:
            yield pattern.callback


@once_in_a_run
def views() -> list[ApiView]:
    """Return the views of REST framework; none where nothing has imported it."""
    found = callbacks()
    if "rest_framework.views" not in sys.modules:
        return []
    try:
        # Late: REST framework imports what its settings name while it is imported.
        from django_hardened.drf import inspection  # noqa: PLC0415
    except Exception:  # noqa: BLE001  # one of them is missing: W406 says which
        return []
    return inspection.api_views(found)


def is_used(found: list[ApiView]) -> bool:
    """Whether the project has an API of its own, now or soon.

    Not where a package has brought REST framework along, with views but no settings of ours.
    """
    if any(view.is_own for view in found):
        return True
    return apps.is_installed("rest_framework") and (
        not found or hasattr(settings, "REST_FRAMEWORK")
    )
