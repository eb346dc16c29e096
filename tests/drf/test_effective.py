"""REST_FRAMEWORK as it is in effect, without anything that it names being imported."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from django.utils.functional import lazystr
from rest_framework.settings import DEFAULTS

from django_hardened import defaults
from django_hardened.drf import effective

# What is no dictionary says nothing, and DRF's defaults are in force.
NOTHING: list[Any] = [None, [], "text", 3, {}]


def framework(value: Any) -> Any:
    return override_settings(REST_FRAMEWORK=value)


@pytest.mark.parametrize("value", NOTHING, ids=repr)
def test_what_says_nothing_leaves_rest_frameworks_defaults(value: Any) -> None:
    with framework(value):
        assert effective.configured() == {}
        assert effective.value("DEFAULT_PERMISSION_CLASSES") == [
            "rest_framework.permissions.AllowAny"
        ]
        assert effective.paths("DEFAULT_PERMISSION_CLASSES") == (
            "rest_framework.permissions.AllowAny",
        )
        assert list(effective.named()) == []
        assert list(effective.misshapen()) == []


def test_a_project_without_the_setting(settings: Any) -> None:
    del settings.REST_FRAMEWORK
    assert effective.configured() == {}
    assert effective.value("NUM_PROXIES") is None


def test_what_replaced_it_is_what_counts() -> None:
    with framework({"NUM_PROXIES": 2}):
        assert effective.value("NUM_PROXIES") == 2
        with framework({"NUM_PROXIES": 0}):
            assert effective.value("NUM_PROXIES") == 0
        assert effective.value("NUM_PROXIES") == 2


def test_a_name_that_rest_framework_does_not_know() -> None:
    with framework({}):
        assert effective.value("DEFAULT_PERMISION_CLASSES") is None
        assert effective.paths("DEFAULT_PERMISION_CLASSES") == ()


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        (["a.B", "c.D"], ("a.B", "c.D")),
        (("a.B",), ("a.B",)),
        ({"a.B"}, ("a.B",)),
        ([lazystr("a.B")], ("a.B",)),
        ("a.B", ("a.B",)),
        ([], ()),
        (None, ()),
        (3, ()),
    ],
    ids=repr,
)
def test_paths(value: Any, paths: tuple[str, ...]) -> None:
    with framework({"DEFAULT_THROTTLE_CLASSES": value}):
        assert effective.paths("DEFAULT_THROTTLE_CLASSES") == paths


def test_what_the_project_names_is_listed_with_its_setting() -> None:
    with framework(
        {
            "DEFAULT_PERMISSION_CLASSES": ["a.B", "c.D"],
            "EXCEPTION_HANDLER": "e.handler",
            "TEST_REQUEST_RENDERER_CLASSES": ["only.in.Tests"],
            "PAGE_SIZE": 20,
        }
    ):
        assert set(effective.named()) == {
            ("DEFAULT_PERMISSION_CLASSES", "a.B"),
            ("DEFAULT_PERMISSION_CLASSES", "c.D"),
            ("EXCEPTION_HANDLER", "e.handler"),
        }


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (["a.B"], []),
        (("a.B",), []),
        ("a.B", ["DEFAULT_PERMISSION_CLASSES"]),
        (None, ["DEFAULT_PERMISSION_CLASSES"]),
        ({"a.B": 1}, ["DEFAULT_PERMISSION_CLASSES"]),
    ],
    ids=repr,
)
def test_what_is_no_list_is_named(value: Any, found: list[str]) -> None:
    with framework({"DEFAULT_PERMISSION_CLASSES": value, "EXCEPTION_HANDLER": "e.handler"}):
        assert list(effective.misshapen()) == found


@pytest.mark.parametrize("environment", ["production", "development", "test", "build"])
def test_the_packages_defaults_are_of_the_right_shape(environment: Any) -> None:
    with framework(defaults.rest_framework(environment)):
        assert list(effective.misshapen()) == []
        assert effective.paths("DEFAULT_PERMISSION_CLASSES") == (
            "rest_framework.permissions.IsAuthenticated",
        )
        assert effective.value("PAGE_SIZE") == DEFAULTS["PAGE_SIZE"]
