"""What the checks see of REST framework: its effective defaults, and who relies on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path
from django.views import View
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.csrf import csrf_exempt
from rest_framework import viewsets
from rest_framework.authentication import BasicAuthentication
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from django_hardened import defaults
from django_hardened.drf import inspection

HERE = __name__
PERMISSIONS = "rest_framework.permissions."
AUTHENTICATION = "rest_framework.authentication."
THROTTLING = "rest_framework.throttling."


def framework(**values: Any) -> Any:
    return override_settings(REST_FRAMEWORK=defaults.rest_framework("production") | values)


# -- Permissions ---------------------------------------------------------------------------------


class EverybodyIndeed(AllowAny):
    """A project's own subclass."""


ANYBODY_OR_ADMIN = AllowAny | IsAdminUser
ADMIN_OR_ANYBODY = IsAdminUser | AllowAny
ANYBODY_AND_ANYBODY = AllowAny & AllowAny
USER_OR_ADMIN = IsAuthenticated | IsAdminUser
USER_AND_ANYBODY = IsAuthenticated & AllowAny
USER_AND_ANYBODY_OR_ADMIN = IsAuthenticated & (AllowAny | IsAdminUser)
NOT_ANYBODY = ~AllowAny


@pytest.mark.parametrize(
    "classes",
    [
        [],
        [f"{PERMISSIONS}AllowAny"],
        [f"{PERMISSIONS}AllowAny", f"{PERMISSIONS}AllowAny"],
        [f"{HERE}.EverybodyIndeed"],
    ],
)
def test_a_default_that_admits_anybody_is_open(classes: list[str]) -> None:
    with framework(DEFAULT_PERMISSION_CLASSES=classes):
        assert inspection.default_permissions_are_open() is True


@pytest.mark.parametrize("name", ["ANYBODY_OR_ADMIN", "ADMIN_OR_ANYBODY", "ANYBODY_AND_ANYBODY"])
def test_a_composition_that_admits_anybody_is_open(name: str) -> None:
    with framework(DEFAULT_PERMISSION_CLASSES=[f"{HERE}.{name}"]):
        assert inspection.default_permissions_are_open() is True


@pytest.mark.parametrize(
    "classes",
    [
        [f"{PERMISSIONS}IsAuthenticated"],
        [f"{PERMISSIONS}IsAdminUser"],
        [f"{PERMISSIONS}DjangoModelPermissions"],
        # All classes of the list must agree.
        [f"{PERMISSIONS}AllowAny", f"{PERMISSIONS}IsAuthenticated"],
        [f"{HERE}.USER_OR_ADMIN"],
        [f"{HERE}.USER_AND_ANYBODY"],
        [f"{HERE}.USER_AND_ANYBODY_OR_ADMIN"],
        [f"{HERE}.NOT_ANYBODY"],
        [f"{HERE}.ANYBODY_OR_ADMIN", f"{PERMISSIONS}IsAuthenticated"],
    ],
)
def test_a_default_that_asks_for_somebody_is_closed(classes: list[str]) -> None:
    with framework(DEFAULT_PERMISSION_CLASSES=classes):
        assert inspection.default_permissions_are_open() is False


def test_rest_frameworks_own_defaults_are_open_and_take_passwords_and_limit_nobody() -> None:
    with override_settings(REST_FRAMEWORK={}):
        assert inspection.default_permissions_are_open() is True
        assert inspection.basic_authentication_is_default() is True
        assert inspection.has_default_throttles() is False
        assert inspection.default_throttles_without_rate() == []


@pytest.mark.parametrize("environment", ["production", "development", "test", "build"])
def test_the_packages_defaults_have_nothing_to_report(environment: Any) -> None:
    with override_settings(REST_FRAMEWORK=defaults.rest_framework(environment)):
        assert inspection.default_permissions_are_open() is False
        assert inspection.basic_authentication_is_default() is False
        assert inspection.has_default_throttles() is True
        assert inspection.default_throttles_without_rate() == []


# -- Authentication ------------------------------------------------------------------------------


class ProjectsBasicAuthentication(BasicAuthentication):
    """A project's own subclass."""


@pytest.mark.parametrize(
    ("classes", "basic"),
    [
        ([], False),
        ([f"{AUTHENTICATION}SessionAuthentication"], False),
        ([f"{AUTHENTICATION}BasicAuthentication"], True),
        ([f"{AUTHENTICATION}SessionAuthentication", f"{AUTHENTICATION}BasicAuthentication"], True),
        ([f"{HERE}.ProjectsBasicAuthentication"], True),
    ],
)
def test_basic_authentication_is_found_wherever_it_stands(classes: list[str], basic: bool) -> None:
    with framework(DEFAULT_AUTHENTICATION_CLASSES=classes):
        assert inspection.basic_authentication_is_default() is basic


# -- Throttles -----------------------------------------------------------------------------------


class FixedRate(SimpleRateThrottle):
    scope = "fixed"
    rate = "5/min"


class OwnRates(SimpleRateThrottle):
    scope = "own"
    THROTTLE_RATES = {"own": "5/min"}


class Computed(SimpleRateThrottle):
    scope = "computed"

    def get_rate(self) -> str:
        return "5/min"


class NotByRate(BaseThrottle):
    """A project's own throttle, which knows nothing of rates."""


@pytest.mark.parametrize(
    ("classes", "rates", "without"),
    [
        ([], {}, []),
        ([f"{THROTTLING}AnonRateThrottle"], {"anon": "1/min"}, []),
        ([f"{THROTTLING}AnonRateThrottle"], {"anon": None}, ["anon"]),
        ([f"{THROTTLING}AnonRateThrottle"], {}, ["anon"]),
        ([f"{THROTTLING}AnonRateThrottle"], {"ano": "1/min"}, ["anon"]),
        (
            [f"{THROTTLING}UserRateThrottle", f"{THROTTLING}AnonRateThrottle"],
            {},
            ["user", "anon"],
        ),
        (
            [f"{THROTTLING}UserRateThrottle", f"{THROTTLING}AnonRateThrottle"],
            {"user": "1/s"},
            ["anon"],
        ),
        (["django_hardened.drf.throttling.AnonRateThrottle"], {"anon": None}, ["anon"]),
        ([f"{THROTTLING}ScopedRateThrottle"], {}, []),
        ([f"{HERE}.FixedRate"], {}, []),
        ([f"{HERE}.OwnRates"], {}, []),
        ([f"{HERE}.Computed"], {}, []),
        ([f"{HERE}.NotByRate"], {}, []),
        ([f"{THROTTLING}AnonRateThrottle"], None, ["anon"]),
    ],
)
def test_a_default_throttle_without_a_rate_is_named_by_its_scope(
    classes: list[str], rates: dict[str, Any] | None, without: list[str]
) -> None:
    with framework(DEFAULT_THROTTLE_CLASSES=classes, DEFAULT_THROTTLE_RATES=rates):
        assert inspection.default_throttles_without_rate() == without
        assert inspection.has_default_throttles() is bool(classes)


# -- Views ---------------------------------------------------------------------------------------


class Bare(APIView):
    def get(self, request: Request) -> Response:
        return Response()


class Inherited(Bare):
    """Says nothing of its own either."""


class Closed(Bare):
    permission_classes = [IsAuthenticated]


class InheritedClosed(Closed):
    """Its parent has decided."""


class Open(Bare):
    permission_classes = [AllowAny]


class Emptied(Bare):
    permission_classes: list[type[BasePermission]] = []


class Composed(Bare):
    permission_classes = [IsAuthenticated | IsAdminUser]


class Deciding(Bare):
    def get_permissions(self) -> list[Any]:
        return [IsAuthenticated()]


class BareViewSet(viewsets.ViewSet):
    def list(self, request: Request) -> Response:
        return Response()

    @action(detail=False, permission_classes=[IsAdminUser])
    def report(self, request: Request) -> Response:
        return Response()


class ClosedViewSet(BareViewSet):
    permission_classes = [IsAuthenticated]


class Outer:
    class Nested(Bare):
        """Has a qualified name."""


class Plain(View):
    """Not REST framework's."""


@api_view(["GET"])
def function(request: Request) -> Response:
    return Response()


@api_view(["GET"])
def second_function(request: Request) -> Response:
    return Response()


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def closed_function(request: Request) -> Response:
    return Response()


def plain_function(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class NamesACls:
    """Not a view, but with an attribute that looks like one of ``as_view``."""

    cls = "a string"

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


def decorated(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return callback(*args, **kwargs)

    return wrapper


def urls(*patterns: Any) -> Any:
    return override_settings(ROOT_URLCONF=type("Urls", (), {"urlpatterns": list(patterns)}))


def relying(*callbacks: Any) -> list[str]:
    patterns = [path(f"{number}/", callback) for number, callback in enumerate(callbacks)]
    with urls(*patterns):
        return inspection.views_with_default_permissions()


RELYING = {
    "a view": (Bare.as_view(), "Bare"),
    "a subclass": (Inherited.as_view(), "Inherited"),
    "a nested class": (Outer.Nested.as_view(), "Outer.Nested"),
    "a viewset": (BareViewSet.as_view({"get": "list"}), "BareViewSet"),
    "another argument": (Bare.as_view(throttle_classes=[]), "Bare"),
    "csrf_exempt": (csrf_exempt(Bare.as_view()), "Bare"),
    "cache_page": (cache_page(60)(Bare.as_view()), "Bare"),
    "two decorators": (never_cache(cache_page(60)(Bare.as_view())), "Bare"),
    "decorators of ones own": (decorated(decorated(Bare.as_view())), "Bare"),
}


@pytest.mark.parametrize(("callback", "name"), RELYING.values(), ids=RELYING)
def test_a_view_that_says_nothing_relies_on_the_default(callback: Any, name: str) -> None:
    assert relying(callback) == [f"{HERE}.{name}"]


def test_function_views_that_say_nothing_are_named_one_by_one() -> None:
    """REST framework makes a class for each, and all of them have the same qualified name."""
    assert relying(function, second_function) == [f"{HERE}.function", f"{HERE}.second_function"]


DECIDING = {
    "a class": Closed.as_view(),
    "a subclass": InheritedClosed.as_view(),
    "open by name": Open.as_view(),
    "an empty list": Emptied.as_view(),
    "a composition": Composed.as_view(),
    "get_permissions": Deciding.as_view(),
    "an argument": Bare.as_view(permission_classes=[IsAuthenticated]),
    "open by an argument": Bare.as_view(permission_classes=[AllowAny]),
    "a viewset": ClosedViewSet.as_view({"get": "list"}),
    "an argument of a viewset": BareViewSet.as_view(
        {"get": "list"}, permission_classes=[IsAdminUser]
    ),
    "a function": closed_function,
    "a decorated view": csrf_exempt(Closed.as_view()),
    "a class of Django's": Plain.as_view(),
    "a function of Django's": plain_function,
    "a decorated function": login_required(plain_function),
    "something else": NamesACls(),
}


@pytest.mark.parametrize("callback", DECIDING.values(), ids=DECIDING)
def test_a_view_that_decides_or_is_none_of_ours_does_not(callback: Any) -> None:
    assert relying(callback) == []


def test_views_behind_a_router_and_nested_includes_are_found() -> None:
    router = SimpleRouter()
    router.register("bare", BareViewSet, basename="bare")
    router.register("closed", ClosedViewSet, basename="closed")
    inner = [path("bare/", Bare.as_view()), path("closed/", Closed.as_view())]
    middle = [path("inner/", include((inner, "inner"))), path("api/", include(router.urls))]
    with urls(path("middle/", include(middle)), path("", include([]))):
        names = [f"{HERE}.Bare", f"{HERE}.BareViewSet"]
        assert inspection.views_with_default_permissions() == names
        # Two routes of BareViewSet and two of ClosedViewSet: the list, and the report.
        classes = [view.cls for view in inspection.api_views()]
        assert classes == [Bare, Closed, BareViewSet, BareViewSet, ClosedViewSet, ClosedViewSet]


def test_an_action_that_decides_for_itself_does_not_rely_on_the_default() -> None:
    router = SimpleRouter()
    router.register("bare", BareViewSet, basename="bare")
    with urls(*(route for route in router.urls if getattr(route, "name", "") == "bare-report")):
        assert len(list(inspection.api_views())) == 1
        assert inspection.views_with_default_permissions() == []


def test_each_view_is_named_once_in_order() -> None:
    callbacks = [Inherited.as_view(), Bare.as_view(), Bare.as_view(), Closed.as_view()]
    assert relying(*callbacks) == [f"{HERE}.Bare", f"{HERE}.Inherited"]


def test_without_urls_nobody_relies_on_anything() -> None:
    assert relying() == []
    with override_settings(ROOT_URLCONF=None):
        assert list(inspection.api_views()) == []
        assert inspection.views_with_default_permissions() == []


def test_the_root_of_a_router_is_not_a_view_of_the_project() -> None:
    router = DefaultRouter()
    router.register("closed", ClosedViewSet, basename="closed")
    with urls(path("api/", include(router.urls))):
        assert router.APIRootView in [view.cls for view in inspection.api_views()]
        assert inspection.views_with_default_permissions() == []


def test_what_is_said_to_rely_on_the_default_does_change_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The finding is real: with the default replaced, exactly these views let a stranger in."""
    from rest_framework.test import APIRequestFactory

    views = [Bare, Inherited, Closed, InheritedClosed, Composed, Deciding]
    patterns = [path(f"{view.__name__}/", view.as_view()) for view in views]
    with urls(*patterns):
        named = inspection.views_with_default_permissions()
    monkeypatch.setattr(APIView, "permission_classes", [AllowAny])
    admitted = [
        f"{HERE}.{view.__name__}"
        for view in views
        if view.as_view()(APIRequestFactory().get("/")).status_code == 200
    ]
    assert named == sorted(admitted)
