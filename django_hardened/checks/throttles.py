"""4xx: Django REST framework's limits: whether there are any, and whether they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import CheckMessage

from django_hardened.checks import api, stack, throttle_rates
from django_hardened.checks.classes import is_subclass, load_class
from django_hardened.checks.rules import Rule
from django_hardened.conf import conf

if TYPE_CHECKING:
    from django_hardened.drf.inspection import ApiView

W404 = Rule(
    "W404",
    "REST framework limits nobody: DEFAULT_THROTTLE_CLASSES is empty.",
    'REST_FRAMEWORK |= {{"DEFAULT_THROTTLE_CLASSES": '
    '["django_hardened.drf.throttling.AnonRateThrottle", '
    '"django_hardened.drf.throttling.UserRateThrottle"], '
    '"DEFAULT_THROTTLE_RATES": {{"anon": "60/min", "user": "600/min"}}}}  # beside the rates that '
    'are there; or HARDENED_EDGE = {{"rate_limit"}} where a proxy does it',
    "REST_FRAMEWORK",
    asvs="2.4.1",
    cwe=770,
)
W411 = Rule(
    "W411",
    "{throttles} tell strangers apart by X-Forwarded-For, which each of them writes as it likes: "
    "NUM_PROXIES is None.",
    'REST_FRAMEWORK["NUM_PROXIES"] = 1  # the number of proxies in front; or 0, with '
    '"django_hardened.middleware.TrustedProxyMiddleware" in MIDDLEWARE',
    "REST_FRAMEWORK",
    cwe=348,
)
I412 = Rule(
    "I412",
    "{subject} reads its counters, adds, and writes them back: requests at the same time are "
    "counted once, and more are admitted than its rate says.",
    "The class of the same name in django_hardened.drf.throttling counts atomically.",
    "REST_FRAMEWORK",
    cwe=362,
)
RULES = (W404, W411, I412)

_PLAIN = "rest_framework.throttling.SimpleRateThrottle"
_NAMED_VIEWS = 3
_TRUSTED_PROXY = "django_hardened.middleware.TrustedProxyMiddleware"


def check_throttles(**kwargs: Any) -> list[CheckMessage]:
    if not api.is_used(api.views()):
        return []
    from django_hardened.drf import effective  # noqa: PLC0415  # only where REST framework is used

    paths = effective.paths("DEFAULT_THROTTLE_CLASSES")
    if not paths:
        return [] if "rate_limit" in conf.edge else [W404.found()]
    return [
        I412.found(subject=path)
        for path in paths
        if is_subclass(path, _PLAIN)
        and not is_subclass(path, throttle_rates.COUNTING)
        and "rate_limit" not in conf.edge
    ]


def check_rates(**kwargs: Any) -> list[CheckMessage]:
    """Those of the settings alone are a matter of ``throttle_rates``."""
    views = api.views()
    if not api.is_used(views):
        return []
    from django_hardened.drf import effective, rates  # noqa: PLC0415

    paths = effective.paths("DEFAULT_THROTTLE_CLASSES")
    defaults = {path: cls for path in paths if (cls := load_class(path)) is not None}
    asked: dict[tuple[type, Any], list[str]] = {
        (cls, getattr(cls, "scope", None)): []
        for path, cls in defaults.items()
        if not throttle_rates.is_known(path)
    }
    for view in views:
        for cls in view.throttles([*defaults.values()]) if view.is_own else ():
            if cls not in defaults.values() or rates.is_scoped(cls):
                asked.setdefault((cls, rates.scope_of(cls, view.value)), []).append(view.name)
    return [
        finding
        for (cls, scope), names in asked.items()
        for finding in _check_rate(cls, scope, names)
    ]


def _check_rate(throttle: type, scope: Any, views: list[str]) -> list[CheckMessage]:
    from django_hardened.drf import rates  # noqa: PLC0415

    problem = rates.rate_problem(throttle, scope)
    if problem is None:
        return []
    where = f" of {_enumerate(views)}" if views else ""
    if problem == "missing":
        return [throttle_rates.E405.found(subject=scope, where=where)]
    rate = str(rates.rate_of(throttle, scope))
    return [throttle_rates.E410.found(subject=scope, where=where, rate=rate)]


def _enumerate(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    names = sorted(set(names))
    shown = ", ".join(names[:_NAMED_VIEWS])
    more = len(names) - _NAMED_VIEWS
    return f"{shown} and {more} more views" if more > 0 else shown


def check_client_addresses(**kwargs: Any) -> list[CheckMessage]:
    views = api.views()
    if not api.is_used(views) or "rate_limit" in conf.edge or stack.has(_TRUSTED_PROXY):
        return []
    from django_hardened.drf import effective  # noqa: PLC0415

    names = _throttles_by_address(views) if effective.value("NUM_PROXIES") is None else []
    return [W411.found(throttles=", ".join(names))] if names else []


def _throttles_by_address(views: list[ApiView]) -> list[str]:
    """Return the names of throttle classes, default or of views, that ask for an address."""
    from django_hardened.drf import effective, rates  # noqa: PLC0415

    defaults = map(load_class, effective.paths("DEFAULT_THROTTLE_CLASSES"))
    of_views = (throttle for view in views if view.is_own for throttle in view.own_throttles)
    return sorted(
        {
            throttle.__name__
            for throttle in (*defaults, *of_views)
            if throttle is not None and rates.identifies_by_address(throttle)
        }
    )


CHECKS = (check_throttles, check_rates, check_client_addresses)
