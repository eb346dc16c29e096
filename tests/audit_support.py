"""Auditing a few patterns at a time."""

from __future__ import annotations

from typing import Any

from django.test import override_settings
from django.urls import path

from django_hardened.audit.endpoints import Endpoint
from django_hardened.audit.inventory import audit, inventory
from django_hardened.audit.probe import probe


def urls(*patterns: Any) -> Any:
    """Have these be the URLs of the site; a view alone stands at ``view/``."""
    listed = [each if hasattr(each, "pattern") else path("view/", each) for each in patterns]
    return override_settings(ROOT_URLCONF=type("Urls", (), {"urlpatterns": listed}))


def audited(*patterns: Any, **settings: Any) -> dict[str, Endpoint]:
    """Return the endpoints, by method of the one path or else by method and path."""
    with urls(*patterns), override_settings(**settings):
        return _keyed(audit())


def called(*patterns: Any, **settings: Any) -> dict[str, Endpoint]:
    """As :func:`audited`, with every method called. For tests with a database."""
    with urls(*patterns), override_settings(**settings):
        return _keyed(probe(inventory(), unsafe=True)[0])


def _keyed(endpoints: list[Endpoint]) -> dict[str, Endpoint]:
    is_one = len({each.path for each in endpoints}) == 1
    return {each.method if is_one else f"{each.method} {each.path}": each for each in endpoints}
