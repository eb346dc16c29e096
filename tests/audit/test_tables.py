"""Views that look up another one for each method."""

from __future__ import annotations

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


def test_nothing_of_its_own_is_run() -> None:
    done = []

    def with_work(**handlers: Any) -> Any:
        def view(request: HttpRequest) -> Any:
            done.append(request.method)
            return handlers[str(request.method)](request)

        return view

    def with_default(**handlers: Any) -> Any:
        def view(request: HttpRequest) -> Any:
            return handlers.get(str(request.method), done.append)(request)

        return view

    for view in (with_work(GET=closed), with_default(GET=closed)):
        assert audited(view)["GET"].access.value == OPEN, "what cannot be seen is not closed"
    assert done == []


@pytest.mark.parametrize("held", [{}, {"GET": "page"}, {"get_page": page}, {1: page}, [page]])
def test_what_is_no_table(held: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return held or HttpResponse()

    assert audited(view)["GET"].access.value == OPEN
