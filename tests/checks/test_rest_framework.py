from __future__ import annotations

import sys
from typing import Any

import pytest
from checks_api_support import (
    Closed,
    ClosedChild,
    ClosedViewSet,
    DecidesItself,
    Silent,
    SilentChild,
    SilentViewSet,
    other_silent_function,
    plain_view,
    public_function,
    silent_function,
)
from checks_support import codes_of
from django.contrib.auth.models import Group
from django.urls import include, path
from django.utils.functional import lazystr
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.routers import DefaultRouter
from rest_framework.throttling import SimpleRateThrottle

from django_hardened import defaults
from django_hardened.checks import rest_framework

AUTH = "rest_framework.authentication."
PERMISSION = "rest_framework.permissions."
THROTTLE = "rest_framework.throttling."
OURS = "checks_api_support."


@pytest.fixture(autouse=True)
def _closed(settings: Any) -> None:
    settings.REST_FRAMEWORK = defaults.rest_framework("production")
    settings.ROOT_URLCONF = ()


def _use(settings: Any, *views: Any, **changes: Any) -> list[str]:
    """Judge a URLconf of ``views`` under our defaults with ``changes``."""
    settings.ROOT_URLCONF = tuple(path(f"{i}/", view) for i, view in enumerate(views))
    settings.REST_FRAMEWORK = defaults.rest_framework("production") | changes
    return codes_of(rest_framework)


# -- Whether REST framework is used --------------------------------------------------------------


def test_our_defaults_are_fine(settings: Any) -> None:
    assert _use(settings, Silent.as_view(), plain_view) == []


def test_the_defaults_of_rest_framework_itself(settings: Any) -> None:
    del settings.REST_FRAMEWORK
    assert codes_of(rest_framework) == ["W402", "W403", "W404"]
    settings.ROOT_URLCONF = (path("", Silent.as_view()),)
    assert codes_of(rest_framework) == ["E401", "W403", "W404"]


def _uninstall(settings: Any) -> None:
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if not app.startswith("rest_framework")
    ]


def test_a_project_without_it(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _uninstall(settings)
    monkeypatch.delitem(sys.modules, "rest_framework.views")
    del settings.REST_FRAMEWORK
    settings.ROOT_URLCONF = (path("", plain_view),)
    assert codes_of(rest_framework) == []


def test_an_api_without_the_app(settings: Any) -> None:
    """REST framework serves JSON without being in INSTALLED_APPS."""
    _uninstall(settings)
    del settings.REST_FRAMEWORK
    settings.ROOT_URLCONF = (path("", Silent.as_view()),)
    assert codes_of(rest_framework) == ["E401", "W403", "W404"]


def test_no_urls_and_not_installed(settings: Any) -> None:
    _uninstall(settings)
    del settings.REST_FRAMEWORK
    assert codes_of(rest_framework) == []


@pytest.mark.parametrize("installed", [True, False])
def test_a_project_without_a_urlconf(settings: Any, installed: bool) -> None:
    """A project of commands and workers only; Django's own URL checks allow it too."""
    if not installed:
        _uninstall(settings)
    del settings.REST_FRAMEWORK
    del settings.ROOT_URLCONF
    assert codes_of(rest_framework) == (["W402", "W403", "W404"] if installed else [])


# -- Permissions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "open_default",
    [
        [PERMISSION + "AllowAny"],
        (PERMISSION + "AllowAny",),
        [],
        (),
        [PERMISSION + "AllowAny", OURS + "Everybody"],
    ],
)
def test_an_open_default(settings: Any, open_default: Any) -> None:
    assert _use(settings, DEFAULT_PERMISSION_CLASSES=open_default) == ["W402"]
    assert _use(settings, plain_view, DEFAULT_PERMISSION_CLASSES=open_default) == ["W402"]
    assert _use(settings, Closed.as_view(), DEFAULT_PERMISSION_CLASSES=open_default) == ["W402"]
    assert _use(settings, Silent.as_view(), DEFAULT_PERMISSION_CLASSES=open_default) == ["E401"]


@pytest.mark.parametrize(
    "closed_default",
    [
        [PERMISSION + "IsAuthenticated"],
        (PERMISSION + "IsAdminUser",),
        [PERMISSION + "AllowAny", PERMISSION + "IsAuthenticated"],
        [PERMISSION + "IsAuthenticatedOrReadOnly"],
        [PERMISSION + "DjangoModelPermissions"],
        [OURS + "TeamPermission"],
        [OURS + "EITHER"],
        [OURS + "NOBODY"],
    ],
)
def test_a_closed_default(settings: Any, closed_default: Any) -> None:
    assert _use(settings, Silent.as_view(), DEFAULT_PERMISSION_CLASSES=closed_default) == []


_OPEN: Any = {"DEFAULT_PERMISSION_CLASSES": [PERMISSION + "AllowAny"]}


RELYING = {
    "class": Silent.as_view(),
    "subclass": SilentChild.as_view(),
    "viewset": SilentViewSet.as_view({"get": "list"}),
    "function": silent_function,
    "exempt": csrf_exempt(Silent.as_view()),
    "cached": cache_page(60)(Silent.as_view()),
    "generic, made in the URLconf": ListAPIView.as_view(queryset=Group.objects.none()),
}


@pytest.mark.parametrize("view", RELYING.values(), ids=RELYING)
def test_a_view_that_relies_on_the_default(settings: Any, view: Any) -> None:
    assert _use(settings, plain_view, Closed.as_view(), view, **_OPEN) == ["E401"]


SPEAKING = {
    "class": Closed.as_view(),
    "subclass": ClosedChild.as_view(),
    "method": DecidesItself.as_view(),
    "viewset": ClosedViewSet.as_view({"get": "list"}),
    "function": public_function,
    "as_view": Silent.as_view(permission_classes=[IsAuthenticated]),
    "as_view, open": Silent.as_view(permission_classes=[]),
    "cached": cache_page(60)(Closed.as_view()),
}


@pytest.mark.parametrize("view", SPEAKING.values(), ids=SPEAKING)
def test_a_view_that_speaks_for_itself(settings: Any, view: Any) -> None:
    assert _use(settings, view, **_OPEN) == ["W402"]


def test_views_of_included_urlconfs(settings: Any) -> None:
    inner = [path("a/", include([path("b/", Silent.as_view())]))]
    settings.ROOT_URLCONF = (path("api/", include(inner)),)
    settings.REST_FRAMEWORK = defaults.rest_framework("production") | _OPEN
    assert codes_of(rest_framework) == ["E401"]


def test_the_root_view_of_a_router_is_no_view_of_the_project(settings: Any) -> None:
    router = DefaultRouter()
    router.register("things", ClosedViewSet, basename="thing")
    settings.ROOT_URLCONF = (path("api/", include(router.urls)),)
    settings.REST_FRAMEWORK = defaults.rest_framework("production") | _OPEN
    assert codes_of(rest_framework) == ["W402"]


def test_a_viewset_in_a_router_is_named_once(settings: Any) -> None:
    router = DefaultRouter()
    router.register("things", SilentViewSet, basename="thing")
    settings.ROOT_URLCONF = (path("api/", include(router.urls)),)
    settings.REST_FRAMEWORK = defaults.rest_framework("production") | _OPEN
    [message] = rest_framework.check_rest_framework_defaults()
    assert message.msg.count("checks_api_support.SilentViewSet") == 1


def test_the_views_are_named(settings: Any) -> None:
    _use(settings, Silent.as_view(), SilentChild.as_view(), **_OPEN)
    [message] = rest_framework.check_rest_framework_defaults()
    assert "checks_api_support.Silent, checks_api_support.SilentChild" in message.msg


def test_function_views_are_named_by_their_functions(settings: Any) -> None:
    _use(settings, silent_function, other_silent_function, **_OPEN)
    [message] = rest_framework.check_rest_framework_defaults()
    assert (
        "checks_api_support.other_silent_function, checks_api_support.silent_function"
        in message.msg
    )


def test_many_views_are_counted(settings: Any) -> None:
    views = [type(f"Generated{i}", (Silent,), {"__module__": "shop"}).as_view() for i in range(5)]
    _use(settings, *views, **_OPEN)
    [message] = rest_framework.check_rest_framework_defaults()
    assert "shop.Generated0, shop.Generated1, shop.Generated2 and 2 more views" in message.msg


# -- Authentication ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        ([AUTH + "BasicAuthentication"], ["W403"]),
        ((AUTH + "SessionAuthentication", AUTH + "BasicAuthentication"), ["W403"]),
        ([AUTH + "SessionAuthentication"], []),
        ([AUTH + "TokenAuthentication"], []),
        ([], []),
    ],
)
def test_basic_authentication(settings: Any, classes: Any, found: list[str]) -> None:
    assert _use(settings, DEFAULT_AUTHENTICATION_CLASSES=classes) == found


# -- Throttles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("none", [[], ()])
def test_no_throttles(settings: Any, none: Any) -> None:
    assert _use(settings, DEFAULT_THROTTLE_CLASSES=none) == ["W404"]


@pytest.mark.parametrize(
    ("classes", "rates", "found"),
    [
        ([THROTTLE + "AnonRateThrottle"], {}, ["E405"]),
        ([THROTTLE + "AnonRateThrottle"], {"anon": None}, ["E405"]),
        ([THROTTLE + "AnonRateThrottle"], {"anon": "60/min"}, []),
        ([THROTTLE + "AnonRateThrottle", THROTTLE + "UserRateThrottle"], {}, ["E405", "E405"]),
        ([THROTTLE + "AnonRateThrottle", THROTTLE + "UserRateThrottle"], {"user": "9/h"}, ["E405"]),
        ([OURS + "BurstThrottle"], {"user": "9/h"}, ["E405"]),
        ([OURS + "BurstThrottle"], {"burst": "9/h"}, []),
        ((OURS + "BurstThrottle",), {"burst": lazystr("9/h")}, []),
        ([THROTTLE + "ScopedRateThrottle"], {}, []),
        ((THROTTLE + "ScopedRateThrottle",), {"uploads": None}, []),
        ([OURS + "OwnRate"], {}, []),
        ([OURS + "OwnRates"], {}, []),
        ([OURS + "ComputedRate"], {}, []),
        ([OURS + "UnrelatedThrottle"], {}, []),
        (["django_hardened.drf.throttling.AnonRateThrottle"], {}, ["E405"]),
        (["django_hardened.drf.throttling.AnonRateThrottle"], {"anon": "60/min"}, []),
        (["django_hardened.drf.throttling.ScopedRateThrottle"], {}, []),
    ],
)
def test_throttles_without_a_rate(
    settings: Any, classes: Any, rates: dict[str, Any], found: list[str]
) -> None:
    changes = {"DEFAULT_THROTTLE_CLASSES": classes, "DEFAULT_THROTTLE_RATES": rates}
    assert _use(settings, **changes) == found


def test_rates_without_default_classes(settings: Any) -> None:
    """The views name their own classes: no Error."""
    changes = {"DEFAULT_THROTTLE_CLASSES": [], "DEFAULT_THROTTLE_RATES": {"login": "5/min"}}
    assert _use(settings, **changes) == ["W404"]


def test_the_scope_without_a_rate_is_named(settings: Any) -> None:
    _use(settings, DEFAULT_THROTTLE_CLASSES=[OURS + "BurstThrottle"])
    [message] = rest_framework.check_rest_framework_defaults()
    assert "'burst'" in message.msg
    assert "{'burst': \"60/min\"}" in str(message.hint)


def test_the_class_that_is_judged_really_admits_everything(settings: Any) -> None:
    """The fact that E405 states, measured."""
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"burst": None}}

    class Measured(SimpleRateThrottle):
        scope = "burst"
        THROTTLE_RATES = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]

    throttle = Measured()
    assert all(throttle.allow_request(None, None) for _ in range(1000))  # type: ignore[arg-type]


def test_everything_at_once(settings: Any) -> None:
    settings.ROOT_URLCONF = (path("", Silent.as_view()),)
    settings.REST_FRAMEWORK = {
        "DEFAULT_PERMISSION_CLASSES": [],
        "DEFAULT_AUTHENTICATION_CLASSES": [AUTH + "BasicAuthentication"],
        "DEFAULT_THROTTLE_CLASSES": [THROTTLE + "AnonRateThrottle"],
    }
    assert codes_of(rest_framework) == ["E401", "W403", "E405"]


# -- What a check must survive -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["DEFAULT_PERMISSION_CLASSES", "DEFAULT_AUTHENTICATION_CLASSES", "DEFAULT_THROTTLE_CLASSES"],
)
@pytest.mark.parametrize(
    "value",
    [["not_installed.Class"], ["rest_framework.permissions.NoSuchClass"], PERMISSION + "AllowAny"],
    ids=["no module", "no class", "no list"],
)
def test_a_check_never_crashes_on_what_it_cannot_use(settings: Any, name: str, value: Any) -> None:
    """Neither a traceback nor silence, which would pass what nobody could judge."""
    settings.REST_FRAMEWORK = defaults.rest_framework("production") | {name: value}
    messages = rest_framework.check_rest_framework_defaults()
    assert messages
    assert all(str(message.id).startswith("django_hardened.E4") for message in messages)


@pytest.mark.parametrize("rates", [None, {}])
def test_no_rates_at_all(settings: Any, rates: Any) -> None:
    assert _use(settings, DEFAULT_THROTTLE_RATES=rates) == ["E405", "E405"]
