"""4xx: rates that REST framework's limits lack, as far as the settings alone show.

REST framework is not imported: the gate asks this whenever a server process starts. Classes of the
project, and what views say themselves, are judged in ``throttles``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.dictionaries import mapping
from django_hardened.checks.rules import Rule
from django_hardened.ratelimit.rates import InvalidRate, Limit

_RATE = 'REST_FRAMEWORK.setdefault("DEFAULT_THROTTLE_RATES", {{}})[{subject!r}] = "60/min"'

E405 = Rule(
    "E405",
    "The throttle with scope {subject!r}{where} has no rate: with DRF's classes it admits every "
    "request, with those of django_hardened none.",
    _RATE,
    "REST_FRAMEWORK",
    asvs="2.4.1",
    cwe=770,
)
E410 = Rule(
    "E410",
    "The rate {rate!r} of the throttle with scope {subject!r}{where} cannot be read: requests "
    "that it judges fail.",
    _RATE,
    "REST_FRAMEWORK",
)
RULES = (E405, E410)

OURS: Final = "django_hardened.drf.throttling"
COUNTING: Final = f"{OURS}.CountingThrottle"  # the base of all of them
_THEIRS: Final = "rest_framework.throttling"
_SCOPES: Final = {
    f"{_THEIRS}.AnonRateThrottle": "anon",
    f"{_THEIRS}.UserRateThrottle": "user",
    f"{OURS}.AnonRateThrottle": "anon",
    f"{OURS}.UserRateThrottle": "user",
    f"{OURS}.BurstRateThrottle": "burst",
    f"{OURS}.SustainedRateThrottle": "sustained",
    f"{OURS}.LoginRateThrottle": "login",
}
# What REST framework reads: of the period, the first letter.
_PLAIN_RATE = re.compile(r"\s*[0-9]+\s*/[smhd][^/]*")


def is_known(path: str) -> bool:
    """Whether ``path`` is a class whose scope needs no import to be known."""
    return path in _SCOPES


def check_default_rates(**kwargs: Any) -> list[CheckMessage]:
    if not apps.is_installed("rest_framework") and "rest_framework.views" not in sys.modules:
        return []
    return list(_findings())


def default_throttles() -> list[str]:
    """Return ``DEFAULT_THROTTLE_CLASSES`` as it is written, a text as one of them."""
    classes = _rest_framework().get("DEFAULT_THROTTLE_CLASSES")
    if isinstance(classes, str):
        return [classes]
    return [str(entry) for entry in classes] if isinstance(classes, Iterable) else []


def _rest_framework() -> Mapping[str, Any]:
    return mapping(getattr(settings, "REST_FRAMEWORK", None))


def _findings() -> Iterator[CheckMessage]:
    rates = mapping(_rest_framework().get("DEFAULT_THROTTLE_RATES"))
    for path in dict.fromkeys(default_throttles()):
        if not is_known(path):
            continue
        scope = _SCOPES[path]
        rate = rates.get(scope)
        if rate is None:
            yield E405.found(subject=scope, where="")
        elif not _is_readable(rate, path):
            yield E410.found(subject=scope, where="", rate=str(rate))


def _is_readable(rate: object, path: str) -> bool:
    if not path.startswith(OURS):
        return _PLAIN_RATE.fullmatch(str(rate)) is not None
    try:
        Limit.parse(rate)
    except InvalidRate:
        return False
    return True


CHECKS = (check_default_rates,)
