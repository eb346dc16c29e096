"""The base of all middleware here: one decision, sync and async."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse

from django_hardened.middleware.base import RequestMiddleware


class Marking(RequestMiddleware):
    """Changes the request."""

    def process_request(self, request: HttpRequest) -> None:
        request.META["marks"] = [*request.META.get("marks", []), id(self)]


class Answering(RequestMiddleware):
    """Answers in place of the view."""

    def process_request(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("from the middleware", status=418)


def test_a_changed_request_goes_on_to_the_view_once(send: Any) -> None:
    exchange = send.through(Marking, Marking, host="testserver")
    assert exchange.response.status_code == 200
    assert exchange.response.content == b"from the view"
    assert len(exchange.request.META["marks"]) == 2


def test_an_answer_ends_the_request_before_anything_below(send: Any) -> None:
    exchange = send.through(Marking, Answering, Marking, host="testserver")
    assert exchange.response.status_code == 418
    assert exchange.response.content == b"from the middleware"
    assert exchange.arrived == []


def test_it_is_a_coroutine_function_exactly_where_the_next_handler_is(send: Any) -> None:
    middleware = Marking(send.handler(None))
    assert iscoroutinefunction(middleware) is send.is_async
    assert iscoroutinefunction(Answering(middleware)) is send.is_async


def test_django_may_run_it_in_either_mode() -> None:
    assert RequestMiddleware.sync_capable is True
    assert RequestMiddleware.async_capable is True


def test_an_error_of_the_view_is_not_swallowed(send: Any) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise LookupError("from the view")

    async def afail(request: HttpRequest) -> HttpResponse:
        return fail(request)

    middleware = Marking(afail if send.is_async else fail)
    with pytest.raises(LookupError, match="from the view"):
        send.call(middleware, send.request(host="testserver"))


def test_a_subclass_without_a_decision_says_so(send: Any) -> None:
    with pytest.raises(NotImplementedError):
        send.through(RequestMiddleware, host="testserver")
