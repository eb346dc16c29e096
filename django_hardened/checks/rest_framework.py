"""4xx: Django REST framework's defaults, as they are in effect."""

from __future__ import annotations

import sys
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.urls import get_resolver

from django_hardened.checks.rules import Rule

_CLOSED = (
    'REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] = ["rest_framework.permissions.IsAuthenticated"]'
)

E401 = Rule(
    "E401",
    "The default permission of REST framework admits anybody, and these views set none of their "
    "own: {views}.",
    f"{_CLOSED}; then permission_classes = [AllowAny] on views that are public on purpose.",
)
W402 = Rule(
    "W402",
    "The default permission of REST framework admits anybody: the next API view will be open.",
    _CLOSED,
)
W403 = Rule(
    "W403",
    "REST framework accepts BasicAuthentication by default: a password travels with each "
    "request, and can be guessed at any rate.",
    'REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = '
    '["django_hardened.drf.authentication.TokenAuthentication", '
    '"django_hardened.drf.authentication.SessionAuthentication"]',
)
W404 = Rule(
    "W404",
    "REST framework limits nobody: DEFAULT_THROTTLE_CLASSES is empty.",
    'REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = '
    '["django_hardened.drf.throttling.AnonRateThrottle", '
    '"django_hardened.drf.throttling.UserRateThrottle"], and '
    '["DEFAULT_THROTTLE_RATES"] = {{"anon": "60/min", "user": "600/min"}}',
)
E405 = Rule(
    "E405",
    "The default throttle with scope {scope!r} has no rate: with DRF's classes it admits every "
    "request.",
    'REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {{{scope!r}: "60/min"}}',
)
E406 = Rule(
    "E406",
    "REST framework cannot use its settings, and what it would do is unknown: {error}",
    "Each DEFAULT_..._CLASSES of REST_FRAMEWORK is a list of classes that can be imported.",
)
RULES = (E401, W402, W403, W404, E405, E406)

_NAMED_VIEWS = 3


def check_rest_framework_defaults(**kwargs: Any) -> list[CheckMessage]:
    if not _is_used():
        return []
    try:
        return _check_defaults()
    except (AttributeError, ImportError, TypeError) as error:
        return [E406.found(error=error)]


def _check_defaults() -> list[CheckMessage]:
    # Late, and only where it is used: DRF imports what its settings name while it is imported.
    from django_hardened.drf import inspection  # noqa: PLC0415

    findings = []
    if inspection.default_permissions_are_open():
        views = inspection.views_with_default_permissions()
        findings.append(E401.found(views=_enumerate(views)) if views else W402.found())
    if inspection.basic_authentication_is_default():
        findings.append(W403.found())
    if not inspection.has_default_throttles():
        findings.append(W404.found())
    findings += [E405.found(scope=scope) for scope in inspection.default_throttles_without_rate()]
    return findings


def _is_used() -> bool:
    """Whether REST framework is an app here, or a view of the URLconf has imported it."""
    return apps.is_installed("rest_framework") or (
        bool(getattr(settings, "ROOT_URLCONF", None))
        and bool(get_resolver().url_patterns)
        and "rest_framework.views" in sys.modules
    )


def _enumerate(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED_VIEWS])
    more = len(names) - _NAMED_VIEWS
    return f"{shown} and {more} more views" if more > 0 else shown


CHECKS = (check_rest_framework_defaults,)
