from __future__ import annotations

import sys
from typing import Any

import pytest
from catalogue_support import codes, findings
from checks_api_support import Closed, Throttled, UnrelatedThrottle, UnthrottledView
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.urls import path
from django.utils.module_loading import import_string
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework import throttling as plain

from django_hardened import defaults
from django_hardened.checks import throttle_rates, throttles
from django_hardened.drf import rates as drf_rates
from django_hardened.drf import throttling
from django_hardened.gate import judge_boot

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
    assert codes(throttle_rates, throttles, **api) == [*found, "I412"]


@pytest.mark.parametrize(
    ("rate", "found"),
    [("5/15m", []), ((5, 60), []), ("5 per hour", ["E410"]), (5, ["E410"]), (None, ["E405"])],
)
def test_a_rate_that_our_own_class_reads(rate: Any, found: list[str]) -> None:
    rates: Any = {"DEFAULT_THROTTLE_RATES": {"anon": rate}}
    api = _api(**rates, DEFAULT_THROTTLE_CLASSES=[HARDENED + "AnonRateThrottle"])
    assert codes(throttle_rates, throttles, **api) == found


@pytest.mark.parametrize("path", throttle_rates._SCOPES)
def test_a_class_without_a_rate_does_not_start(path: str) -> None:
    """What the gate says is what the class does."""
    cls: Any = import_string(path)
    scope = throttle_rates._SCOPES[path]
    assert cls.scope == scope
    for rates in ({}, None, {scope: None}, {"other": "1/min"}, "1/min"):
        changes: Any = {"DEFAULT_THROTTLE_CLASSES": [path, path], "DEFAULT_THROTTLE_RATES": rates}
        api = _api(**changes)
        [message] = findings(throttle_rates, **api)
        assert message.id == "django_hardened.E405"
        assert f"scope {scope!r} has no rate" in message.msg
        assert not set(codes(throttles, **api)) & {"E405", "E410"}
        with override_settings(REST_FRAMEWORK=api["REST_FRAMEWORK"]):
            assert any(verdict.message.id == message.id for verdict in judge_boot()[0])
            assert drf_rates.rate_problem(cls) == "missing"
            if path.startswith(HARDENED):
                with pytest.raises(ImproperlyConfigured, match="has no rate"):
                    cls()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12) | st.from_regex(r" ?[0-9]{1,3} ?/[0-9]{0,2}[a-z]{0,7}", fullmatch=True))
def test_what_the_gate_reads_the_class_reads(rate: str) -> None:
    """Of odd spellings that ``int`` takes, such as other digits, the gate is the stricter judge."""
    for dotted in (DRF + "AnonRateThrottle", HARDENED + "AnonRateThrottle"):
        with override_settings(REST_FRAMEWORK={"DEFAULT_THROTTLE_RATES": {"anon": rate}}):
            is_read = drf_rates.rate_problem(import_string(dotted)) is None
        says = throttle_rates._is_readable(rate, dotted)
        assert says == is_read if rate.isascii() and rate[:1].isdigit() else says <= is_read


@pytest.mark.parametrize("value", [None, [], {"DEFAULT_THROTTLE_CLASSES": None}, "x"])
def test_settings_of_another_shape(value: Any) -> None:
    assert codes(throttle_rates, REST_FRAMEWORK=value) == []


def test_rates_where_rest_framework_is_not_there(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INSTALLED_APPS = ["django_hardened", "django.contrib.contenttypes"]
    api = {"DEFAULT_THROTTLE_CLASSES": [HARDENED + "AnonRateThrottle"]}
    assert codes(throttle_rates, REST_FRAMEWORK=api) == ["E405"]
    monkeypatch.delitem(sys.modules, "rest_framework.views")
    assert codes(throttle_rates, REST_FRAMEWORK=api) == []


class Scoped(Closed):
    throttle_scope = "uploads"


class OwnScoped(Closed):
    throttle_classes = [throttling.ScopedRateThrottle]
    throttle_scope = "reports"


class ForeignScoped(Closed):
    throttle_classes = [plain.ScopedRateThrottle]
    throttle_scope = "reports"


class Login(Closed):
    throttle_classes = [throttling.LoginRateThrottle, UnrelatedThrottle]


class Made(Closed):
    throttle_classes = [throttling.LoginRateThrottle]

    def get_throttles(self) -> Any:
        return []


@pytest.mark.parametrize(
    ("view", "rates", "found"),
    [
        (Scoped, {}, ["E405"]),
        (Scoped, {"uploads": None}, ["E405"]),
        (Scoped, {"uploads": "5 per day"}, ["E410"]),
        (Scoped, {"uploads": "5/day"}, []),
        (OwnScoped, {}, ["E405"]),
        (OwnScoped, {"reports": "5/15m"}, []),
        (ForeignScoped, {"reports": "5/15m"}, ["E410"]),
        (ForeignScoped, {}, ["E405"]),
        (Login, {}, ["E405"]),
        (Login, {"login": "x"}, ["E410"]),
        (Login, {"login": "5/m"}, []),
        (Made, {}, []),
        (Closed, {}, []),
        (UnthrottledView, {}, []),
    ],
)
def test_rates_that_views_need(view: Any, rates: dict[str, Any], found: list[str]) -> None:
    changes: Any = {
        "DEFAULT_THROTTLE_CLASSES": [
            HARDENED + "ScopedRateThrottle",
            HARDENED + "AnonRateThrottle",
        ],
        "DEFAULT_THROTTLE_RATES": {"anon": "60/min", **rates},
    }
    assert codes(throttle_rates, throttles, **_api(view, **changes)) == found


def test_views_that_lack_a_rate_are_named_once() -> None:
    changes: Any = {"DEFAULT_THROTTLE_CLASSES": [HARDENED + "ScopedRateThrottle"]}
    [message] = findings(throttles, **_api(Scoped, Scoped, Closed, **changes))
    assert "scope 'uploads' of " in message.msg
    assert message.msg.count("test_throttles.Scoped") == 1


@pytest.mark.parametrize(
    ("cls", "found"),
    [("ParsedThrottle", []), ("PropertyRate", []), ("ForeignRate", ["E410"])],
)
def test_rates_of_classes_of_a_project(cls: str, found: list[str]) -> None:
    rates: Any = {"DEFAULT_THROTTLE_RATES": {"parsed": "now and then"}}
    api = _api(**rates, DEFAULT_THROTTLE_CLASSES=[OURS + cls])
    assert codes(throttles, **api) == ["I412", *found]


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
