from __future__ import annotations

from typing import Any

import pytest
from catalogue_support import codes, findings
from checks_api_support import Closed, Throttled, UnthrottledView
from django.urls import path

from django_hardened import defaults
from django_hardened.checks import throttles

DRF = "rest_framework.throttling."
HARDENED = "django_hardened.drf.throttling."
OURS = "checks_api_support."
PROXY = "django_hardened.middleware.TrustedProxyMiddleware"


def _api(*views: Any, **changes: Any) -> dict[str, Any]:
    return {
        "REST_FRAMEWORK": defaults.rest_framework("production") | changes,
        "ROOT_URLCONF": tuple(path(f"{i}/", view.as_view()) for i, view in enumerate(views)),
    }


@pytest.mark.parametrize(
    ("cls", "rate", "found"),
    [
        ("AnonRateThrottle", "60/min", []),
        ("AnonRateThrottle", "60/hour", []),
        ("AnonRateThrottle", "60 per minute", ["E410"]),
        ("AnonRateThrottle", "60/week", ["E410"]),
        ("AnonRateThrottle", "many/min", ["E410"]),
        ("AnonRateThrottle", 60, ["E410"]),
        ("AnonRateThrottle", "5/15m", ["E410"]),
    ],
)
def test_rates(cls: str, rate: Any, found: list[str]) -> None:
    changes: Any = {"DEFAULT_THROTTLE_RATES": {"anon": rate}}
    api = _api(**changes, DEFAULT_THROTTLE_CLASSES=[DRF + cls])
    assert codes(throttles, **api) == [*found, "I412"]


def test_a_rate_that_our_own_class_reads() -> None:
    rates: Any = {"DEFAULT_THROTTLE_RATES": {"anon": "5/15m"}}
    assert (
        codes(throttles, **_api(**rates, DEFAULT_THROTTLE_CLASSES=[HARDENED + "AnonRateThrottle"]))
        == []
    )
    rates = {"DEFAULT_THROTTLE_RATES": {"anon": "5 per hour"}}
    api = _api(**rates, DEFAULT_THROTTLE_CLASSES=[HARDENED + "AnonRateThrottle"])
    assert codes(throttles, **api) == ["E410"]


@pytest.mark.parametrize(
    ("cls", "found"),
    [("ParsedThrottle", []), ("PropertyRate", []), ("ForeignRate", ["E410"])],
)
def test_rates_of_classes_of_a_project(cls: str, found: list[str]) -> None:
    rates: Any = {"DEFAULT_THROTTLE_RATES": {"parsed": "now and then"}}
    api = _api(**rates, DEFAULT_THROTTLE_CLASSES=[OURS + cls])
    assert codes(throttles, **api) == [*found, "I412"]


@pytest.mark.parametrize(
    ("changes", "edge", "found"),
    [
        ({"DEFAULT_THROTTLE_CLASSES": []}, [], ["W404"]),
        ({"DEFAULT_THROTTLE_CLASSES": []}, ["rate_limit"], []),
        ({"DEFAULT_THROTTLE_CLASSES": [DRF + "AnonRateThrottle"]}, [], ["I412"]),
        ({"DEFAULT_THROTTLE_CLASSES": [DRF + "AnonRateThrottle"]}, ["rate_limit"], []),
        ({"DEFAULT_THROTTLE_CLASSES": [OURS + "UnrelatedThrottle"]}, [], []),
        ({"DEFAULT_THROTTLE_CLASSES": ["not_installed.Throttle"]}, [], []),
    ],
)
def test_limits_and_the_edge(changes: Any, edge: list[str], found: list[str]) -> None:
    assert codes(throttles, **_api(**changes), HARDENED_EDGE=edge) == found


ANON = {"DEFAULT_THROTTLE_CLASSES": [HARDENED + "AnonRateThrottle"]}
PLAIN = {"DEFAULT_THROTTLE_CLASSES": [DRF + "AnonRateThrottle"]}
NONE: dict[str, Any] = {"DEFAULT_THROTTLE_CLASSES": []}


@pytest.mark.parametrize(
    ("views", "changes", "middleware", "edge", "found"),
    [
        ([], ANON, [], [], []),
        ([], PLAIN, [], [], ["I412", "W411"]),
        ([], PLAIN, [PROXY], [], ["I412"]),
        ([], PLAIN, [], ["rate_limit"], []),
        ([], PLAIN | {"NUM_PROXIES": 0}, [], [], ["I412"]),
        ([], PLAIN | {"NUM_PROXIES": 1}, [], [], ["I412"]),
        ([], {"DEFAULT_THROTTLE_CLASSES": [OURS + "ByAccount"], "x": 1}, [], [], ["I412"]),
        ([], {"DEFAULT_THROTTLE_CLASSES": [OURS + "ByAddressOfItsOwn"]}, [], [], ["I412"]),
        ([], {"DEFAULT_THROTTLE_CLASSES": [OURS + "UnrelatedThrottle"]}, [], [], []),
        ([Throttled], NONE, [], [], ["W404", "W411"]),
        ([UnthrottledView], NONE, [], [], ["W404"]),
        ([Closed], NONE, [], [], ["W404"]),
        ([Throttled], ANON, [PROXY], [], []),
    ],
)
def test_client_addresses(
    views: Any, changes: Any, middleware: list[str], edge: list[str], found: list[str]
) -> None:
    api = _api(*views, **{"NUM_PROXIES": None, **changes})
    assert codes(throttles, **api, MIDDLEWARE=middleware, HARDENED_EDGE=edge) == found


def test_the_classes_are_named() -> None:
    api = _api(Throttled, **PLAIN, NUM_PROXIES=None)
    [_, message] = findings(throttles, **api, MIDDLEWARE=[])
    assert message.msg.startswith("AnonRateThrottle, UserRateThrottle tell")


def test_a_project_without_an_api(settings: Any) -> None:
    settings.INSTALLED_APPS = ["django_hardened", "django.contrib.contenttypes"]
    assert codes(throttles, ROOT_URLCONF=(), REST_FRAMEWORK=NONE) == []
