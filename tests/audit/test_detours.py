"""Methods that nobody has listed, with which strangers get past a guard."""

from __future__ import annotations

from functools import wraps
from typing import Any

import pytest
from audit_support import audited, called
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from rest_framework import permissions, viewsets
from rest_framework.decorators import api_view, permission_classes
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

pytestmark = pytest.mark.django_db


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the page")


def lets_preflight_pass(function: Any) -> Any:
    @wraps(function)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "OPTIONS" or request.user.is_authenticated:
            return function(request, *args, **kwargs)
        return redirect("/login/")

    return guard


def answers_preflight(function: Any) -> Any:
    @wraps(function)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "OPTIONS":
            return HttpResponse(headers={"Access-Control-Allow-Methods": "GET"})
        if request.user.is_authenticated:
            return function(request, *args, **kwargs)
        return HttpResponse(status=401)

    return guard


def guards(*methods: str) -> Any:
    def decorator(function: Any) -> Any:
        @wraps(function)
        def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method in methods and not request.user.is_authenticated:
                return HttpResponse(status=401)
            return function(request, *args, **kwargs)

        return guard

    return decorator


def is_allowed(request: HttpRequest) -> bool:
    return request.method == "OPTIONS" or request.user.is_authenticated


def is_spared(request: HttpRequest) -> bool:
    return request.META["REQUEST_METHOD"] == "HEAD" or request.user.is_authenticated


class Policy:
    """What a guard may leave the decision to."""

    def __init__(self, name: str) -> None:
        self.name = name

    def allows(self, request: HttpRequest) -> bool:
        return getattr(request, self.name) == "OPTIONS" or request.user.is_authenticated


def in_copy(copied: Any) -> Any:
    """Return a predicate that looks at a copy of META."""

    def is_admitted(request: HttpRequest) -> bool:
        is_spared: bool = copied(request.META)["REQUEST_METHOD"] == "OPTIONS"
        return is_spared or request.user.is_authenticated

    return is_admitted


def asks(predicate: str) -> Any:
    def decorator(function: Any) -> Any:
        @wraps(function)
        def by_name(request: HttpRequest) -> Any:
            return function(request) if is_allowed(request) else HttpResponse(status=401)

        @wraps(function)
        def by_environment(request: HttpRequest) -> Any:
            return function(request) if is_spared(request) else HttpResponse(status=401)

        return by_name if predicate == "name" else by_environment

    return decorator


def for_put_only(function: Any) -> Any:
    @wraps(function)
    def guard(request: HttpRequest) -> Any:
        return function(request) if request.method == "PUT" else HttpResponse(status=405)

    return guard


class Guard:
    """A decorator that is an instance."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__wrapped__ = function

    def __call__(self, request: HttpRequest) -> Any:
        if request.method == "GET" and not request.user.is_authenticated:
            return HttpResponse(status=401)
        return self.function(request)


def passes(is_admitted: Any) -> Any:
    def decorator(function: Any) -> Any:
        @wraps(function)
        def guard(request: HttpRequest) -> Any:
            return function(request) if is_admitted(request) else HttpResponse(status=403)

        return guard

    return decorator


@api_view(["GET"])
@permission_classes([permissions.IsAuthenticated])
def api(request: Any) -> Response:
    return Response()


@api_view(["GET", "OPTIONS"])
@permission_classes([permissions.AllowAny])
def tells(request: Any) -> Response:
    return Response()


class Closed(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("the page")


class HandsOver(Closed):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "OPTIONS":
            return self.get(request)
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        return super().dispatch(request, *args, **kwargs)


class PutsToGet(Closed):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "PUT":
            return self.get(request)
        return login_required(super().dispatch)(request, *args, **kwargs)


class SparesHead(Closed):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "HEAD" and not request.user.is_authenticated:
            return HttpResponse(status=401)
        return super().dispatch(request, *args, **kwargs)


class SparesHeadByTest(UserPassesTestMixin, Closed):
    def test_func(self) -> bool:
        return self.request.method == "HEAD" or self.request.user.is_authenticated


class OwnHead(Closed):
    @method_decorator(login_required)
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("the page")

    def head(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class GuardedOwnHead(OwnHead):
    @method_decorator(login_required)
    def head(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class SparesReading(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.method == "HEAD" or bool(request.user.is_authenticated)


class AskingElsewhere(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return is_spared(request)


class ApiThatAsks(APIView):
    permission_classes = [AskingElsewhere]

    def get(self, request: Any) -> Response:
        return Response()


class SparingApi(APIView):
    permission_classes = [SparesReading & permissions.BasePermission]

    def get(self, request: Any) -> Response:
        return Response()


class SparingViewSet(viewsets.ViewSet):
    permission_classes = [SparesReading]

    def list(self, request: Any) -> Response:
        return Response()


class ReadOnlyApi(SparingApi):
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]

    def post(self, request: Any) -> Response:
        return Response()


class ByMethod(SparingApi):
    def get_permissions(self) -> Any:
        is_open = self.request.method == "GET"
        return [(permissions.AllowAny if is_open else permissions.IsAuthenticated)()]

    def post(self, request: Any) -> Response:
        return Response()


def _closed(name: str) -> Any:
    return type(name, (Closed,), {})


def _router() -> Any:
    router = SimpleRouter()
    router.register("view", SparingViewSet, basename="view")
    return router.urls[0]


USER = "authenticated"
OPEN = "anonymous"


@pytest.mark.parametrize(
    ("view", "truth"),
    [
        (lets_preflight_pass(page), {"GET": USER, "OPTIONS": OPEN}),
        (answers_preflight(page), {"GET": USER}),
        (require_GET(lets_preflight_pass(page)), {"GET": USER}),
        (guards("GET", "POST")(require_POST(page)), {"POST": USER}),
        (
            guards("GET", "POST")(page),
            {"GET": USER, **dict.fromkeys(["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"], OPEN)},
        ),
        (
            csrf_exempt(Guard(page)),
            {
                "GET": USER,
                **dict.fromkeys(["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"], OPEN),
            },
        ),
        (
            passes(lambda request: request.method == "HEAD" or request.user.is_authenticated)(page),
            {"GET": USER, "HEAD": OPEN},
        ),
        (asks("name")(page), {"GET": USER, "OPTIONS": OPEN}),
        (asks("environment")(page), {"GET": USER, "HEAD": OPEN}),
        (passes(Policy("method").allows)(page), {"GET": USER, "OPTIONS": OPEN}),
        (passes(in_copy(dict))(page), {"GET": USER, "OPTIONS": OPEN}),
        (passes(in_copy(lambda meta: {**meta}))(page), {"GET": USER, "OPTIONS": OPEN}),
        (
            passes(in_copy(lambda meta: {key: meta[key] for key in meta}))(page),
            {"GET": USER, "OPTIONS": OPEN},
        ),
        (passes(in_copy(lambda meta: dict(meta.items())))(page), {"GET": USER, "OPTIONS": OPEN}),
        (ApiThatAsks.as_view(), {"GET": USER, "HEAD": OPEN}),
        (for_put_only(page), {"PUT": OPEN}),
        (PutsToGet.as_view(), {"GET": USER, "PUT": OPEN}),
        (lets_preflight_pass(api), {"GET": USER}),
        (tells, {"GET": OPEN, "OPTIONS": OPEN}),
        (HandsOver.as_view(), {"GET": USER, "OPTIONS": OPEN}),
        (SparesHead.as_view(), {"GET": USER, "HEAD": OPEN}),
        (SparesHeadByTest.as_view(), {"GET": USER, "HEAD": OPEN}),
        (OwnHead.as_view(), {"GET": USER, "HEAD": OPEN}),
        (GuardedOwnHead.as_view(), {"GET": USER, "HEAD": USER}),
        (
            method_decorator(guards("GET"), name="dispatch")(_closed("V")).as_view(),
            {"GET": USER, "HEAD": OPEN},
        ),
        (
            method_decorator(answers_preflight, name="dispatch")(_closed("W")).as_view(),
            {"GET": USER},
        ),
        (SparingApi.as_view(), {"GET": USER, "HEAD": OPEN}),
        (_router(), {"GET": USER, "HEAD": OPEN}),
        (ReadOnlyApi.as_view(), {"GET": OPEN, "POST": USER}),
        (ByMethod.as_view(), {"GET": OPEN, "POST": USER}),
        (Closed.as_view(), {"GET": OPEN}),
    ],
    ids=[
        *("preflight", "preflight answered", "GET required", "POST required", "two methods"),
        *("instance", "predicate", "helper", "environment", "policy", "copy"),
        *("another copy", "each key", "items", "permission's helper"),
        *("PUT only", "PUT to get", "api_view", "api_view of OPTIONS"),
        *("hands over", "spares HEAD", "test_func"),
        *("own head", "guarded head", "dispatch", "dispatch answers", "permission", "viewset"),
        *("reading", "get_permissions", "open"),
    ],
)
def test_methods_are_listed_that_get_past_a_guard(view: Any, truth: dict[str, str]) -> None:
    found = audited(view)
    assert {key.partition(" ")[0]: each.access.value for key, each in found.items()} == truth
    probed = called(view)
    told = {key.partition(" ")[0]: each.probed for key, each in probed.items()}
    assert {key: (each.access.value, each.agrees) for key, each in told.items() if each} == {
        key: (access, True) for key, access in truth.items()
    }


def test_what_api_view_has_for_options_is_not_run() -> None:
    called = []

    @api_view(["OPTIONS"])
    @permission_classes([permissions.AllowAny])
    def view(request: Any) -> Response:
        called.append(request)
        return Response()

    assert audited(view)["OPTIONS"].access.value == OPEN
    assert called == []


def test_no_other_handler_is_run() -> None:
    called = []

    class View(LoginRequiredMixin, Closed):
        def get(self, request: HttpRequest) -> HttpResponse:
            called.append(request)
            return HttpResponse("a preview")

        def post(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

        def handle_no_permission(self) -> Any:
            return self.get(self.request)

    found = audited(View.as_view())
    assert {key: each.access.value for key, each in found.items()} == {"GET": OPEN, "POST": OPEN}
    assert called == []


def test_why_is_told() -> None:
    assert audited(lets_preflight_pass(page))["OPTIONS"].note == "the method gets past its guard"


class Middleware:
    """Asks everybody for a login, but for a preflight."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        if request.method == "OPTIONS" or request.user.is_authenticated:
            return self.get_response(request)
        return HttpResponse(status=401)


def middleware(get_response: Any) -> Any:
    def inner(request: Any) -> Any:
        return Middleware(get_response)(request)

    return inner


def test_middleware_that_spares_a_method() -> None:
    stack = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        f"{__name__}.Middleware",
    ]
    for ask in (audited, called):
        found = ask(path("page/", page), path("class/", Closed.as_view()), MIDDLEWARE=stack)
        assert {key: each.proven.value for key, each in found.items()} == {
            "GET /page/": USER,
            "OPTIONS /page/": OPEN,
            "GET /class/": USER,
        }


def test_middleware_that_is_a_function() -> None:
    found = audited(page, MIDDLEWARE=[f"{__name__}.middleware"])
    assert {each: one.access.value for each, one in found.items()} == {"GET": USER, "OPTIONS": OPEN}
