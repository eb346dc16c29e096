"""Views that look up another one for each method."""

from __future__ import annotations

from collections import defaultdict
from functools import wraps
from typing import Any

import pytest
from audit_support import audited, called
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path
from django.views import View
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt

pytestmark = pytest.mark.django_db
USER, OPEN = "authenticated", "anonymous"


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the page")


closed = login_required(page)


class Page(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("the page")


class Resource:
    def __init__(self, **handlers: Any) -> None:
        self.handlers = handlers
        self.label = "a resource"

    def __call__(self, request: HttpRequest) -> Any:
        handler = self.handlers.get(str(request.method))
        return handler(request) if handler else HttpResponseNotAllowed(list(self.handlers))

    def serve(self, request: HttpRequest) -> Any:
        if not request.user.is_authenticated:
            raise PermissionDenied
        return self.handlers[str(request.method).lower()](request)


class Fixed:
    """Has its table from its class."""

    handlers = {"GET": closed, "DELETE": page}

    def __call__(self, request: HttpRequest) -> Any:
        return self.handlers[str(request.method)](request)


def except_a(function: Any) -> Any:
    @wraps(function)
    def guard(request: HttpRequest) -> Any:
        return function(request) if request.path == "/a/" else HttpResponse(status=403)

    return guard


HANDLERS = {"GET": closed, "DELETE": page}
GUARDED = {"GET": except_a(page)}


def of_module(request: HttpRequest) -> Any:
    return HANDLERS[str(request.method)](request)


def of_module_by_path(request: HttpRequest) -> Any:
    return GUARDED[str(request.method)](request)


def table(**handlers: Any) -> Any:
    return table_in(handlers)


def table_in(handlers: Any) -> Any:
    def view(request: HttpRequest) -> Any:
        try:
            handler = handlers[str(request.method)]
        except KeyError:
            return HttpResponseNotAllowed(handlers.keys())
        return handler(request)

    return view


@pytest.mark.parametrize(
    ("view", "truth"),
    [
        (table(GET=closed), {"GET": USER}),
        (table(GET=closed, DELETE=page), {"GET": USER, "DELETE": OPEN}),
        (table(GET=page, PUT=closed, DELETE=closed), {"GET": OPEN, "PUT": USER, "DELETE": USER}),
        (table(GET=closed, HEAD=page), {"GET": USER, "HEAD": OPEN}),
        (table(GET=closed, HEAD=closed), {"GET": USER}),
        (table(GET=login_required(Page.as_view()), POST=page), {"GET": USER, "POST": OPEN}),
        (table(POST=csrf_exempt(page)), {"POST": OPEN}),
        (login_required(table(GET=page, POST=page)), {"GET": USER, "POST": USER}),
        (csrf_exempt(table(GET=closed, PATCH=page)), {"GET": USER, "PATCH": OPEN}),
        (Resource(GET=closed, DELETE=page), {"GET": USER, "DELETE": OPEN}),
        (Fixed(), {"GET": USER, "DELETE": OPEN}),
        (of_module, {"GET": USER, "DELETE": OPEN}),
        (Resource(get=page, put=page).serve, {"GET": USER, "PUT": USER}),
    ],
    ids=[
        *("closed", "open write", "open read", "own head", "the same head", "classes", "POST"),
        *("decorated", "exempt", "instance", "class", "module", "method"),
    ],
)
def test_each_method_is_what_its_view_is(view: Any, truth: dict[str, str]) -> None:
    found = audited(view)
    assert {key.partition(" ")[0]: each.access.value for key, each in found.items()} == truth
    told = {key.partition(" ")[0]: each.probed for key, each in called(view).items()}
    assert {key: (each.access.value, each.agrees) for key, each in told.items() if each} == {
        key: (access, True) for key, access in truth.items()
    }


def test_it_is_called_what_its_view_is_called() -> None:
    found = audited(table(GET=cache_page(60)(closed), DELETE=csrf_exempt(page)))
    assert found["GET"].view == found["DELETE"].view == f"{__name__}.page"
    assert found["GET"].cache == "cache_page 60 s"
    assert not found["DELETE"].csrf_exempt, "Django asks what the URL leads to"


def test_one_at_two_paths_is_asked_at_each() -> None:
    found = audited(path("a/", of_module_by_path), path("b/", of_module_by_path))
    assert {key: each.access.value for key, each in found.items()} == {
        "GET /a/": OPEN,
        "GET /b/": "permission",
    }


done: list[str] = []


def work(*args: Any, **kwargs: Any) -> HttpResponse:
    done.append("work")
    return HttpResponse()


def upper(request: HttpRequest) -> HttpResponse:
    return work()


class WithGet(Resource):
    def get(self, request: HttpRequest) -> HttpResponse:
        return work()

    def __call__(self, request: HttpRequest) -> Any:
        if request.method == "GET":
            return self.get(request)
        return self.handlers[str(request.method)](request)


class OfClass:
    handlers = {"GET": closed}

    @classmethod
    def serve(cls, request: HttpRequest) -> Any:
        return cls.handlers[str(request.method)](request)


def with_work(handlers: Any) -> Any:
    def view(request: HttpRequest) -> Any:
        work(request.method)
        return handlers[str(request.method)](request)

    return view


def with_fallback(handlers: Any, fallback: Any) -> Any:
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return handlers.get(str(request.method), fallback)(request, *args, **kwargs)

    return view


def with_default(handlers: Any) -> Any:
    def view(request: HttpRequest, fallback: Any = work) -> Any:
        return handlers.get(str(request.method), fallback)(request)

    return view


def with_keyword(handlers: Any) -> Any:
    def view(request: HttpRequest, *, fallback: Any = work) -> Any:
        return handlers.get(str(request.method), fallback)(request)

    return view


def with_a_harmless_name(handlers: Any, list: Any) -> Any:  # noqa: A002
    def view(request: HttpRequest) -> Any:
        return handlers.get(str(request.method), list)(request)

    return view


def with_one_of_the_module(handlers: Any) -> Any:
    def view(request: HttpRequest) -> Any:
        return upper(request) if request.method == "GET" else handlers[str(request.method)](request)

    return view


class Open(dict[str, Any]):
    def __missing__(self, method: str) -> Any:
        return work


@pytest.mark.parametrize(
    "view",
    [
        with_work({"GET": closed}),
        with_fallback({"GET": closed, "DELETE": work}, page),
        with_default({"GET": closed}),
        with_keyword({"GET": closed}),
        with_a_harmless_name({"POST": closed}, work),
        with_one_of_the_module({"POST": closed}),
        WithGet(POST=closed),
        table_in(defaultdict(lambda: work, GET=closed)),
        table_in(Open(GET=closed)),
        OfClass.serve,
    ],
    ids=[
        *("work", "fallback", "default", "keyword", "name", "module", "method"),
        *("defaultdict", "missing", "classmethod"),
    ],
)
def test_nothing_of_its_own_is_run(view: Any) -> None:
    done.clear()
    assert audited(view)["GET"].access.value == OPEN, "what cannot be seen is not closed"
    assert done == []


@pytest.mark.parametrize("held", [{}, {"GET": "page"}, {"get_page": page}, {1: page}, [page]])
def test_what_is_no_table(held: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return held or HttpResponse()

    assert audited(view)["GET"].access.value == OPEN
