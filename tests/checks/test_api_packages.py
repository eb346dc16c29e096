from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import CellType, SimpleNamespace
from typing import Any

import pytest
from cached_site_support import hello
from catalogue_support import ODD, codes, findings
from checks_api_support import plain_view
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import View
from findings_support import subjects

from django_hardened.checks import api_packages

_NOT_SET = object()


class Operation:
    """As of Django Ninja."""

    def __init__(self, auth: Any = _NOT_SET) -> None:
        self.view_func = plain_view
        self.auth_param = auth
        self.auth_callbacks = [auth] if auth is not _NOT_SET and auth is not None else []


class PathView:
    """As of Django Ninja: it gives out a method, or since 1.5 a function around one."""

    def __init__(self, *operations: Operation) -> None:
        self.operations = operations

    def method(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    def function(self) -> Callable[..., HttpResponse]:
        def wrapper(request: HttpRequest) -> HttpResponse:
            return self.method(request)

        return wrapper


PathView.__module__ = "ninja.operation"


class Unfilled:
    """A function around a name that has no value yet."""

    __closure__ = (CellType(),)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


def _urls(*views: Any) -> tuple[Any, ...]:
    return (path("api/", include([path(f"{i}/", view) for i, view in enumerate(views)])),)


@pytest.mark.parametrize(
    ("operation", "found"),
    [(Operation(), ["E473"]), (Operation(auth=None), []), (Operation(auth=print), [])],
)
def test_ninja(operation: Operation, found: list[str]) -> None:
    view = PathView(operation)
    assert codes(api_packages, ROOT_URLCONF=_urls(view.method)) == found
    assert codes(api_packages, ROOT_URLCONF=_urls(view.function())) == found


def _decorated(operation: Operation) -> Operation:
    operation.run = lambda request: None  # type: ignore[attr-defined]
    return operation


def _of(view: Any, operation: Operation) -> Operation:
    operation.view_func = view
    return operation


@wraps(plain_view)
def wrapped(request: HttpRequest) -> HttpResponse:
    return plain_view(request)


def asking(request: Any) -> HttpResponse:
    return HttpResponse(status=200 if request.user.is_authenticated else 401)


def of_a_package(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@pytest.mark.parametrize(
    "operation",
    [
        _decorated(Operation()),
        _of(wrapped, Operation()),
        _of(of_a_package, Operation()),
        _of(asking, Operation()),
    ],
    ids=["run", "wrapped", "package", "asking"],
)
def test_an_operation_that_may_be_closed_is_left_to_the_audit(
    monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    monkeypatch.setattr(of_a_package, "__module__", "pytest")
    assert codes(api_packages, ROOT_URLCONF=_urls(PathView(operation).method)) == []


@pytest.mark.parametrize("attribute", ["_bound_routers_cache", "_routers"])
@pytest.mark.parametrize(("auth", "found"), [(None, []), (_NOT_SET, ["E473"])])
def test_what_a_router_says(attribute: str, auth: Any, found: list[str]) -> None:
    operation = Operation()
    view = PathView(operation)
    routers = [SimpleNamespace(auth=auth, path_operations={"/": view})]
    pairs: list[Any] = routers if "cache" in attribute else [("", router) for router in routers]
    operation.api = SimpleNamespace(**{attribute: pairs})  # type: ignore[attr-defined]
    assert codes(api_packages, ROOT_URLCONF=_urls(view.method)) == found
    other = SimpleNamespace(auth=None, path_operations={"/": PathView(Operation())})
    operation.api = SimpleNamespace(_bound_routers_cache=[other])  # type: ignore[attr-defined]
    assert codes(api_packages, ROOT_URLCONF=_urls(view.method)) == ["E473"]


def test_ninja_where_every_view_asks_for_a_login() -> None:
    middleware = ["django.contrib.auth.middleware.LoginRequiredMiddleware"]
    urls = _urls(PathView(Operation()).function())
    assert codes(api_packages, ROOT_URLCONF=urls, MIDDLEWARE=middleware) == []
    function = PathView(Operation()).function()
    function.login_required = False  # type: ignore[attr-defined]
    assert codes(api_packages, ROOT_URLCONF=_urls(function), MIDDLEWARE=middleware) == ["E473"]


def test_operations_are_named() -> None:
    other = Operation()
    other.view_func = hello
    view = PathView(Operation(), other, Operation())
    found = findings(api_packages, ROOT_URLCONF=_urls(view.method))
    names = ["cached_site_support.hello", "checks_api_support.plain_view"]
    assert subjects(found) == names
    assert f"{names[0]}, an operation" in found[0].msg


def test_other_views() -> None:
    assert codes(api_packages, ROOT_URLCONF=_urls(plain_view, Unfilled(), View.as_view())) == []


class Graphene(View):
    graphiql = False


Graphene.__module__ = "graphene_django.views"


class GrapheneOfAProject(Graphene):
    graphiql = True


class Strawberry(View):
    graphql_ide: Any = None
    graphiql: Any = None


Strawberry.__module__ = "strawberry.django.views"


@pytest.mark.parametrize(
    ("view", "found"),
    [
        (Graphene.as_view(), []),
        (Graphene.as_view(graphiql=True), ["W471"]),
        (GrapheneOfAProject.as_view(), ["W471"]),
        (Strawberry.as_view(), ["W471"]),
        (Strawberry.as_view(graphql_ide="graphiql"), ["W471"]),
        (Strawberry.as_view(graphql_ide=None), []),
        (Strawberry.as_view(graphiql=False), []),
        (Strawberry.as_view(graphiql=True), ["W471"]),
    ],
)
def test_graphql(view: Any, found: list[str]) -> None:
    assert codes(api_packages, ROOT_URLCONF=_urls(plain_view, view)) == found


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ("channels.layers.InMemoryChannelLayer", ["W472"]),
        ("channels_redis.core.RedisChannelLayer", []),
    ],
)
def test_channels(backend: str, found: list[str]) -> None:
    assert codes(api_packages, CHANNEL_LAYERS={"default": {"BACKEND": backend}}) == found


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_setting(value: Any) -> None:
    assert codes(api_packages, CHANNEL_LAYERS=value) == []


@pytest.mark.parametrize("urlconf", ["not_installed.urls", None, 3])
def test_a_urlconf_that_cannot_be_imported(urlconf: Any) -> None:
    assert codes(api_packages, ROOT_URLCONF=urlconf) == []


@pytest.mark.parametrize(("pattern", "found"), [("/open/", []), ("/close/", ["E473"])])
def test_an_operation_that_is_declared_public_is_not_named(pattern: str, found: list[str]) -> None:
    ninja = pytest.importorskip("ninja", reason="Django Ninja is not installed")
    api = ninja.NinjaAPI(urls_namespace="declared", docs_url=None, openapi_url=None)

    @api.get("/open/")
    def operation(request: HttpRequest) -> str:
        return ""

    entry = {"pattern": pattern, "method": "GET", "reason": "It is there for anybody."}
    urls = tuple(each for each in api.urls[0] if "open" in str(each.pattern))
    assert codes(api_packages, ROOT_URLCONF=urls, HARDENED_PUBLIC_ENDPOINTS=[entry]) == found
