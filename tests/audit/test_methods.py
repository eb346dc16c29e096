"""The methods of functions, which nothing but their code tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from audit_support import audited
from django.http import HttpRequest, HttpResponse


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("a"))


def asks_for_get(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200 if request.method == "GET" else 405)


def deletes(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204 if request.method == "DELETE" else 200)


def one_of(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body if request.method in {"PUT", "PATCH"} else b"")


def deletes_or_takes_a_form(request: HttpRequest) -> HttpResponse:
    if request.method == "DELETE":
        return HttpResponse(status=204)
    return HttpResponse(request.POST.get("a"))


def inside(request: HttpRequest) -> HttpResponse:
    def is_put() -> bool:
        return request.method == "PUT"

    return HttpResponse(status=204 if is_put() else 200)


def says_delete(request: HttpRequest) -> HttpResponse:
    return HttpResponse("DELETE")


@pytest.mark.parametrize(
    ("view", "methods"),
    [
        (nothing, "GET"),
        (form, "GET POST"),
        (asks_for_get, "GET POST"),
        (deletes, "GET DELETE"),
        (one_of, "GET PUT PATCH"),
        (deletes_or_takes_a_form, "GET POST DELETE"),
        (inside, "GET PUT"),
        (says_delete, "GET"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_methods_of_a_function(view: Callable[..., Any], methods: str) -> None:
    assert [*audited(view)] == methods.split()
