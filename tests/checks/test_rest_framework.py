from __future__ import annotations

import sys
from datetime import date
from types import ModuleType
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
from checks_support import codes_of as codes_of_module
from django.contrib.auth.models import AnonymousUser, Group, User
from django.urls import include, path
from django.utils.functional import lazystr
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from findings_support import subjects
from rest_framework.authentication import TokenAuthentication
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.routers import DefaultRouter
from rest_framework.throttling import SimpleRateThrottle

from django_hardened import defaults
from django_hardened.checks import rest_framework, throttle_rates, throttles
from django_hardened.gate import apply_waivers, draft_waivers, subject_of
from django_hardened.waivers import Waivers

AUTH = "rest_framework.authentication."
PERMISSION = "rest_framework.permissions."
THROTTLE = "rest_framework.throttling."
OURS = "checks_api_support."


def codes_of(*modules: Any) -> list[str]:
    """I412, which all of DRF's own classes deserve, has its tests elsewhere."""
    codes = [code for module in modules for code in codes_of_module(module)]
    return sorted((code for code in codes if code != "I412"), key=lambda code: code[1:])


@pytest.fixture(autouse=True)
def _closed(settings: Any) -> None:
    settings.REST_FRAMEWORK = defaults.rest_framework("production")
    settings.ROOT_URLCONF = ()


def _use(settings: Any, *views: Any, **changes: Any) -> list[str]:
    """Judge a URLconf of ``views`` under our defaults with ``changes``."""
    settings.ROOT_URLCONF = tuple(path(f"{i}/", view) for i, view in enumerate(views))
    settings.REST_FRAMEWORK = defaults.rest_framework("production") | changes
    return codes_of(rest_framework, throttle_rates, throttles)


# -- Whether REST framework is used --------------------------------------------------------------


def test_our_defaults_are_fine(settings: Any) -> None:
    assert _use(settings, Silent.as_view(), plain_view) == []


def test_the_defaults_of_rest_framework_itself(settings: Any) -> None:
    del settings.REST_FRAMEWORK
    assert codes_of(rest_framework, throttle_rates, throttles) == ["W402", "W403", "W404"]
    settings.ROOT_URLCONF = (path("", Silent.as_view()),)
    assert codes_of(rest_framework, throttle_rates, throttles) == ["E401", "W403", "W404"]


def _uninstall(settings: Any) -> None:
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if not app.startswith("rest_framework")
    ]


def test_a_project_without_it(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _uninstall(settings)
    monkeypatch.delitem(sys.modules, "rest_framework.views")
    del settings.REST_FRAMEWORK
    settings.ROOT_URLCONF = (path("", plain_view),)
    assert codes_of(rest_framework, throttle_rates, throttles) == []


def test_an_api_without_the_app(settings: Any) -> None:
    """REST framework serves JSON without being in INSTALLED_APPS."""
    _uninstall(settings)
    del settings.REST_FRAMEWORK
    settings.ROOT_URLCONF = (path("", Silent.as_view()),)
    assert codes_of(rest_framework, throttle_rates, throttles) == ["E401", "W403", "W404"]


def test_no_urls_and_not_installed(settings: Any) -> None:
    _uninstall(settings)
    del settings.REST_FRAMEWORK
    assert codes_of(rest_framework, throttle_rates, throttles) == []


@pytest.mark.parametrize("installed", [True, False])
def test_a_project_without_a_urlconf(settings: Any, installed: bool) -> None:
    """A project of commands and workers only; Django's own URL checks allow it too."""
    if not installed:
        _uninstall(settings)
    del settings.REST_FRAMEWORK
    del settings.ROOT_URLCONF
    assert codes_of(rest_framework, throttle_rates, throttles) == (
        ["W402", "W403", "W404"] if installed else []
    )


# -- Permissions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "open_default",
    [
        [PERMISSION + "AllowAny"],
        (PERMISSION + "AllowAny",),
        [],
        (),
        [PERMISSION + "AllowAny", OURS + "Everybody"],
        [OURS + "Yes"],
        [OURS + "YES_OR_ADMIN"],
        [PERMISSION + "AllowAny", OURS + "Yes"],
        [OURS + "ANYBODY_OR_ADMIN"],
        [OURS + "ADMIN_OR_ANYBODY"],
        [OURS + "ANYBODY_AND_ANYBODY"],
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
        [OURS + "YesToOwners"],
        [OURS + "YesToSome"],
        (PERMISSION + "IsAdminUser",),
        [PERMISSION + "AllowAny", PERMISSION + "IsAuthenticated"],
        [PERMISSION + "IsAuthenticatedOrReadOnly", PERMISSION + "IsAuthenticated"],
        [PERMISSION + "DjangoModelPermissions"],
        [OURS + "TeamPermission"],
        [OURS + "EITHER"],
        [OURS + "NOBODY"],
        [OURS + "USER_AND_ANYBODY"],
        [OURS + "USER_AND_ANYBODY_OR_ADMIN"],
        [OURS + "ANYBODY_OR_ADMIN", PERMISSION + "IsAuthenticated"],
    ],
)
def test_a_closed_default(settings: Any, closed_default: Any) -> None:
    assert _use(settings, Silent.as_view(), DEFAULT_PERMISSION_CLASSES=closed_default) == []


_OPEN: Any = {"DEFAULT_PERMISSION_CLASSES": [PERMISSION + "AllowAny"]}


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        ([PERMISSION + "IsAuthenticatedOrReadOnly"], ["W407"]),
        ((PERMISSION + "DjangoModelPermissionsOrAnonReadOnly",), ["W407"]),
        ([OURS + "Reader"], ["W407"]),
        ([OURS + "READER_OR_ADMIN"], ["W407"]),
        ([PERMISSION + "AllowAny", OURS + "Reader"], ["W407"]),
        ([OURS + "NarrowedAnybody"], []),
    ],
)
def test_who_may_read(settings: Any, classes: Any, found: list[str]) -> None:
    assert _use(settings, Silent.as_view(), DEFAULT_PERMISSION_CLASSES=classes) == found


@pytest.mark.parametrize("views", [(), (Silent,)])
def test_a_false_sense_of_security(settings: Any, views: Any) -> None:
    """LoginRequiredMiddleware passes over the views of REST framework: said once, not twice."""
    handled = [view.as_view() for view in views]
    expected = ["E401"] if views else ["W402"]
    assert _use(settings, *handled, **_OPEN) == expected
    [plain] = rest_framework.check_permissions()
    assert "LoginRequiredMiddleware" not in plain.msg
    settings.MIDDLEWARE = ["django.contrib.auth.middleware.LoginRequiredMiddleware"]
    [message] = rest_framework.check_permissions()
    assert message.id == plain.id
    assert "LoginRequiredMiddleware" in message.msg


def test_views_that_a_package_brings_along(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As wagtail's: nobody wrote an API here, and nobody has said anything about one."""
    module = ModuleType("other_package")
    module.__file__ = "/venv/lib/python3.13/site-packages/other_package/views.py"
    monkeypatch.setitem(sys.modules, "other_package", module)
    view: Any = type("Foreign", (Silent,), {"__module__": "other_package"})
    assert _use(settings, view.as_view(), **_OPEN) == ["W402"]
    del settings.REST_FRAMEWORK
    assert codes_of(rest_framework, throttle_rates, throttles) == []
    settings.ROOT_URLCONF = (path("", view.as_view()), path("a/", Silent.as_view()))
    assert codes_of(rest_framework, throttle_rates, throttles) == ["E401", "W403", "W404"]


def test_a_project_that_is_installed_itself(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("shop_project.urls")
    module.__file__ = "/venv/lib/python3.13/site-packages/shop_project/urls.py"
    view: Any = type("Own", (Silent,), {"__module__": "shop_project.urls"})
    module.urlpatterns = [path("", view.as_view())]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shop_project.urls", module)
    settings.ROOT_URLCONF = "shop_project.urls"
    settings.REST_FRAMEWORK = defaults.rest_framework("production") | _OPEN
    assert codes_of(rest_framework, throttle_rates, throttles) == ["E401"]


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
    assert codes_of(rest_framework, throttle_rates, throttles) == ["E401"]


def test_the_root_view_of_a_router_is_no_view_of_the_project(settings: Any) -> None:
    router = DefaultRouter()
    router.register("things", ClosedViewSet, basename="thing")
    settings.ROOT_URLCONF = (path("api/", include(router.urls)),)
    settings.REST_FRAMEWORK = defaults.rest_framework("production") | _OPEN
    assert codes_of(rest_framework, throttle_rates, throttles) == ["W402"]


def test_a_viewset_in_a_router_is_named_once(settings: Any) -> None:
    router = DefaultRouter()
    router.register("things", SilentViewSet, basename="thing")
    settings.ROOT_URLCONF = (path("api/", include(router.urls)),)
    settings.REST_FRAMEWORK = defaults.rest_framework("production") | _OPEN
    [message] = rest_framework.check_permissions()
    assert message.msg.count("checks_api_support.SilentViewSet") == 1


def test_each_view_is_a_finding_that_a_waiver_can_name(settings: Any) -> None:
    views = [Silent.as_view(), SilentChild.as_view(), silent_function, other_silent_function]
    _use(settings, *views, Silent.as_view(), **_OPEN)
    found = rest_framework.check_permissions()
    names = ["Silent", "SilentChild", "other_silent_function", "silent_function"]
    assert subjects(found) == [f"checks_api_support.{name}" for name in names]
    assert "checks_api_support.SilentChild says nothing of its own" in found[1].msg


def test_a_waiver_for_one_open_view_does_not_hide_the_next(settings: Any) -> None:
    _use(settings, Silent.as_view(), **_OPEN)
    day = date(2027, 1, 1)
    first = apply_waivers(rest_framework.check_permissions(), Waivers(), on=day)
    drafts = draft_waivers(first, owner="shop", expires=day)
    assert [draft.object for draft in drafts] == ["checks_api_support.Silent"]
    _use(settings, Silent.as_view(), SilentChild.as_view(), **_OPEN)
    messages = rest_framework.check_permissions()
    verdicts = apply_waivers(messages, Waivers(tuple(drafts)), on=day)
    assert [(verdict.is_open, subject_of(verdict.message)) for verdict in verdicts] == [
        (False, "checks_api_support.Silent"),
        (True, "checks_api_support.SilentChild"),
    ]


# -- Authentication ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        ([AUTH + "BasicAuthentication"], ["W403"]),
        ((AUTH + "SessionAuthentication", AUTH + "BasicAuthentication"), ["W403"]),
        ([AUTH + "SessionAuthentication"], []),
        ([AUTH + "TokenAuthentication"], []),
        ([OURS + "ProjectsBasicAuthentication"], ["W403"]),
        ([], ["W408"]),
    ],
)
def test_basic_authentication(settings: Any, classes: Any, found: list[str]) -> None:
    assert _use(settings, DEFAULT_AUTHENTICATION_CLASSES=classes) == found


def test_a_default_that_no_view_takes(settings: Any) -> None:
    class OwnAuthentication(Silent):
        authentication_classes = (TokenAuthentication,)

    basic = {"DEFAULT_AUTHENTICATION_CLASSES": [AUTH + "BasicAuthentication"]}
    assert _use(settings, OwnAuthentication.as_view(), **basic) == []
    settings.ROOT_URLCONF = (path("", OwnAuthentication.as_view()), path("a/", Silent.as_view()))
    assert codes_of(rest_framework) == ["W403"]


def test_a_permission_that_is_none(settings: Any) -> None:
    found = _use(settings, DEFAULT_PERMISSION_CLASSES=[AUTH + "TokenAuthentication"])
    assert found == ["W406"]
    [message] = rest_framework.check_importable()
    assert "TokenAuthentication, which is no permission" in message.msg


def test_nobody_can_be_known_and_nobody_is_let_in(settings: Any) -> None:
    _use(settings, DEFAULT_AUTHENTICATION_CLASSES=[])
    [message] = rest_framework.check_authentication()
    assert "admit nobody" in message.msg
    _use(settings, DEFAULT_AUTHENTICATION_CLASSES=[], **_OPEN)
    [message] = rest_framework.check_authentication()
    assert "stranger" in message.msg


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ("django.contrib.auth.models.AnonymousUser", []),
        ("django.contrib.auth.models.User", ["E409"]),
        (OURS + "Stranger", ["E409"]),
        (OURS + "Guest", []),
        (OURS + "Careful", []),
        (OURS + "Closed", []),
        (None, []),
        ("missing.User", ["W406"]),
        (OURS + "make_user", ["E409"]),
        (OURS + "make_named_user", ["E409"]),
        (OURS + "make_any_user", ["E409"]),
        (OURS + "make_stranger", []),
        (OURS + "make_one_or_other", []),
        (OURS + "make_unknown", []),
        (OURS + "make_nothing", []),
        (User, ["E409"]),
        (lambda: User(username="anonymous"), ["E409"]),
        (AnonymousUser, []),
    ],
)
def test_who_a_stranger_is(settings: Any, user: Any, found: list[str]) -> None:
    assert _use(settings, UNAUTHENTICATED_USER=user) == found


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
    [message] = throttles.check_rates()
    assert "'burst'" in message.msg
    assert "['burst'] = \"60/min\"" in str(message.hint)


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
    assert codes_of(rest_framework, throttle_rates, throttles) == ["E401", "W403", "E405"]


# -- What a check must survive -------------------------------------------------------------------


LISTS = ["DEFAULT_PERMISSION_CLASSES", "DEFAULT_AUTHENTICATION_CLASSES", "DEFAULT_THROTTLE_CLASSES"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("missing", ["not_installed.Class", "rest_framework.permissions.No", 3])
def test_a_check_never_crashes_on_what_it_cannot_import(
    settings: Any, name: str, missing: Any
) -> None:
    """A traceback names neither the setting nor what to type."""
    assert _use(settings, **{name: [missing]}) == ["W406"]
    [message] = rest_framework.check_importable()
    assert name in message.msg
    assert str(missing) in message.msg


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("value", [AUTH + "SessionAuthentication", None, 3, {AUTH + "Session"}])
def test_what_is_no_list(settings: Any, name: str, value: Any) -> None:
    assert "W406" in _use(settings, **{name: value})


def test_a_function_that_cannot_be_imported(settings: Any) -> None:
    assert _use(settings, EXCEPTION_HANDLER="missing.handler") == ["W406"]
    assert _use(settings, EXCEPTION_HANDLER="checks_api_support.plain_view") == []


@pytest.mark.parametrize("value", [None, [], "IsAuthenticated", lazystr("x")])
def test_a_setting_that_is_no_dict_is_none_at_all(settings: Any, value: Any) -> None:
    settings.REST_FRAMEWORK = value
    assert codes_of(rest_framework, throttle_rates, throttles) == ["W402", "W403", "W404"]


def test_views_that_cannot_be_looked_at(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where REST_FRAMEWORK names a class that is missing, and DRF fails when imported."""
    monkeypatch.setitem(sys.modules, "django_hardened.drf.inspection", None)
    monkeypatch.delattr("django_hardened.drf.inspection", raising=False)
    assert _use(settings, Silent.as_view(), **_OPEN) == ["W402"]


@pytest.mark.parametrize("rates", [None, {}])
def test_no_rates_at_all(settings: Any, rates: Any) -> None:
    assert _use(settings, DEFAULT_THROTTLE_RATES=rates) == ["E405", "E405"]
