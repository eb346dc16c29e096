"""What the checks see of the API views of a project, and who relies on which default."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path
from django.views import View
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.csrf import csrf_exempt
from rest_framework import generics, viewsets
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle
from rest_framework.views import APIView

from django_hardened import defaults
from django_hardened.checks import api, api_output, rest_framework, throttles
from django_hardened.drf import inspection

HERE = __name__


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
        return names_of_relying()


def names_of_relying() -> list[str]:
    views = [view for view in api.views() if view.is_own and view.relies_on_default_permissions]
    return sorted({view.name for view in views})


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
        assert names_of_relying() == names
        # Two routes of BareViewSet and two of ClosedViewSet: the list, and the report.
        classes = [view.cls for view in api.views()]
        assert classes == [Bare, Closed, BareViewSet, BareViewSet, ClosedViewSet, ClosedViewSet]


def test_an_action_that_decides_for_itself_does_not_rely_on_the_default() -> None:
    router = SimpleRouter()
    router.register("bare", BareViewSet, basename="bare")
    with urls(*(route for route in router.urls if getattr(route, "name", "") == "bare-report")):
        assert len(api.views()) == 1
        assert names_of_relying() == []


def test_each_view_is_named_once_in_order() -> None:
    callbacks = [Inherited.as_view(), Bare.as_view(), Bare.as_view(), Closed.as_view()]
    assert relying(*callbacks) == [f"{HERE}.Bare", f"{HERE}.Inherited"]


def test_without_urls_nobody_relies_on_anything() -> None:
    assert relying() == []
    with override_settings(ROOT_URLCONF=None):
        assert api.views() == []
        assert names_of_relying() == []


def test_the_root_of_a_router_is_not_a_view_of_the_project() -> None:
    router = DefaultRouter()
    router.register("closed", ClosedViewSet, basename="closed")
    with urls(path("api/", include(router.urls))):
        assert router.APIRootView in [view.cls for view in api.views()]
        assert names_of_relying() == []


def test_what_is_said_to_rely_on_the_default_does_change_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The finding is real: with the default replaced, exactly these views let a stranger in."""
    from rest_framework.test import APIRequestFactory

    views = [Bare, Inherited, Closed, InheritedClosed, Composed, Deciding]
    patterns = [path(f"{view.__name__}/", view.as_view()) for view in views]
    with urls(*patterns):
        named = names_of_relying()
    monkeypatch.setattr(APIView, "permission_classes", [AllowAny])
    admitted = [
        f"{HERE}.{view.__name__}"
        for view in views
        if view.as_view()(APIRequestFactory().get("/")).status_code == 200
    ]
    assert named == sorted(admitted)


# -- Whose it is ---------------------------------------------------------------------------------


def seen(callback: Any) -> inspection.ApiView:
    """Return what is seen of the one view ``callback``."""
    [view] = inspection.api_views([callback])
    return view


def test_what_is_no_view_of_rest_framework_is_left_out() -> None:
    callbacks = [plain_function, Plain.as_view(), NamesACls(), Bare.as_view(), None, "text"]
    assert [view.cls for view in inspection.api_views(callbacks)] == [Bare]


@pytest.mark.parametrize(
    "callback",
    [
        Bare.as_view(),
        function,
        APIView.as_view(),
        generics.ListAPIView.as_view(queryset=Group.objects.none()),
        viewsets.ModelViewSet.as_view({"get": "list"}, queryset=Group.objects.none()),
    ],
    ids=["class", "function", "bare APIView", "generic", "viewset"],
)
def test_a_view_of_the_project(callback: Any) -> None:
    assert seen(callback).is_own


def packaged(monkeypatch: pytest.MonkeyPatch, name: str, folder: str = "site-packages") -> Any:
    module = ModuleType(name)
    module.__file__ = f"/venv/lib/python3.13/{folder}/{name.replace('.', '/')}.py"
    monkeypatch.setitem(sys.modules, name, module)
    view: Any = type("Foreign", (Bare,), {"__module__": name})
    return view.as_view()


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_a_view_that_a_package_brings_along(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    view = packaged(monkeypatch, "other_package.views", folder)
    assert not seen(view).is_own
    with override_settings(ROOT_URLCONF="other_package.urls"):
        assert seen(view).is_own, "a project that is installed itself"
    with override_settings(ROOT_URLCONF=None):
        assert not seen(view).is_own


def test_a_view_of_a_module_that_nobody_knows() -> None:
    view: Any = type("Made", (Bare,), {"__module__": "made_up"})
    assert seen(view.as_view()).is_own


# -- What is in force ----------------------------------------------------------------------------


class Limited(Bare):
    throttle_classes = [UserRateThrottle]


class SchemaView(Bare):
    __module__ = "drf_spectacular.views"


class OwnSchemaView(SchemaView):
    """A project's own subclass."""


class Paged(generics.ListAPIView[Any]):
    """Says nothing of pages."""


class PagedByItself(Paged):
    pagination_class = PageNumberPagination


class NotPaged(Paged):
    pagination_class = None


class Listing(Paged):
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response()


def test_an_argument_is_in_force_before_the_class() -> None:
    view = seen(Closed.as_view(permission_classes=[AllowAny]))
    assert view.value("permission_classes") == [AllowAny]
    assert seen(Closed.as_view()).value("permission_classes") == [IsAuthenticated]
    assert view.value("not_there") is None


@pytest.mark.parametrize(
    ("callback", "own"),
    [
        (Bare.as_view(), ()),
        (Limited.as_view(), (UserRateThrottle,)),
        (Limited.as_view(throttle_classes=[AnonRateThrottle]), (AnonRateThrottle,)),
        (Limited.as_view(throttle_classes=[]), ()),
        (Limited.as_view(throttle_classes=None), ()),
        (Limited.as_view(throttle_classes=["text", UserRateThrottle]), (UserRateThrottle,)),
    ],
    ids=["nothing", "class", "argument", "none", "None", "a name"],
)
def test_the_throttles_that_a_view_names(callback: Any, own: tuple[type, ...]) -> None:
    assert seen(callback).own_throttles == own


@pytest.mark.parametrize(
    ("callback", "admits"),
    [
        (Open.as_view(), True),
        (Emptied.as_view(), True),
        (Bare.as_view(permission_classes=None), True),
        (Bare.as_view(), False),  # it has no permissions of its own
        (Closed.as_view(), False),
        (Composed.as_view(), False),
        (Bare.as_view(permission_classes=[AllowAny, IsAuthenticated]), False),
    ],
    ids=["by name", "empty", "None", "default", "closed", "a composition", "two"],
)
def test_a_view_that_admits_anybody_by_name(callback: Any, admits: bool) -> None:
    assert seen(callback).admits_anybody is admits


def test_a_schema_is_known_by_where_it_comes_from() -> None:
    assert seen(SchemaView.as_view()).is_schema
    assert seen(OwnSchemaView.as_view()).is_schema
    assert not seen(Bare.as_view()).is_schema


@pytest.mark.parametrize(
    ("callback", "everything"),
    [
        (Paged.as_view(), True),
        (PagedByItself.as_view(), False),
        (NotPaged.as_view(), False),
        (Paged.as_view(pagination_class=PageNumberPagination), False),
        (Listing.as_view(), False),
        (Bare.as_view(), False),
    ],
    ids=["default", "class", "None", "argument", "its own list", "no list"],
)
def test_a_list_that_the_default_pagination_divides(callback: Any, everything: bool) -> None:
    assert seen(callback).lists_everything is everything


# -- The defaults --------------------------------------------------------------------------------


def found_with(value: dict[str, Any]) -> list[str]:
    modules = (rest_framework, throttles, api_output)
    with override_settings(REST_FRAMEWORK=value), urls():
        messages = [m for module in modules for check in module.CHECKS for m in check()]
    return [str(message.id).removeprefix("django_hardened.") for message in messages]


def test_rest_frameworks_own_defaults_are_open_and_take_passwords_and_limit_nobody() -> None:
    assert found_with({}) == ["W402", "W403", "W404", "W413"]


@pytest.mark.parametrize("environment", ["production", "test", "build", "development"])
def test_the_packages_defaults_have_nothing_to_report(environment: Any) -> None:
    # A developer may browse.
    expected = ["I418"] if environment == "development" else []
    assert found_with(defaults.rest_framework(environment)) == expected
