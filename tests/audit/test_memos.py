"""What an audit leaves behind: nothing."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from audit_support import urls
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View

from django_hardened.audit import memos
from django_hardened.audit.inventory import audit, inventory
from django_hardened.audit.probe import probe


def site() -> list[Any]:
    """Return patterns with views that nothing else holds."""

    @login_required
    def function(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    class Class(View):
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

    return [path("function/", function), path("class/", login_required(Class.as_view()))]


def test_no_view_outlives_the_audit_of_it() -> None:
    patterns = site()
    views = [weakref.ref(each.callback) for each in patterns]
    with urls(*patterns):
        assert len(audit()) == 2
    del patterns
    gc.collect()
    assert [view() for view in views] == [None, None]


@pytest.mark.django_db
def test_nothing_is_remembered_after_calls() -> None:
    with urls(*site()):
        probe(inventory())
    assert {memo.cache_info().currsize for memo in memos._memos} == {0}


def test_what_fails_leaves_nothing_either() -> None:
    @memos.remembered
    def double(number: int) -> int:
        return 2 * number

    def fail() -> None:
        with memos.kept():
            assert (double(2), double(2)) == (4, 4)
            assert memos._memos[-1].cache_info().hits == 1
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert memos._memos.pop().cache_info().currsize == 0
