from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required, login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import api_view
from rest_framework.views import APIView
from site_support import MIDDLEWARE, codes, findings, without

from django_hardened.checks import csrf_exempt as module

LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@csrf_exempt
@login_required
def exempt_account(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@login_required
@csrf_exempt
def account_exempt(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@csrf_exempt
@login_not_required
def public(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Page(View):
    pass


@method_decorator(csrf_exempt, name="dispatch")
class Exempt(View):
    pass


@method_decorator(csrf_exempt, name="dispatch")
class Account(LoginRequiredMixin, View):
    pass


class CallableView:
    csrf_exempt = True

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


@api_view(["POST"])
def api_function(request: Any) -> Any:
    return HttpResponse()


def _urls(*views: Any) -> tuple[Any, ...]:
    return tuple(path(f"{n}/", view) for n, view in enumerate(views))


def _codes(*views: Any, **changes: Any) -> list[str]:
    return codes(module, ROOT_URLCONF=_urls(*views), **changes)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (plain, []),
        (Page.as_view(), []),
        (APIView.as_view(), []),
        (api_function, []),
        (csrf_exempt(APIView.as_view()), []),
        (webhook, ["I247"]),
        (public, ["I247"]),
        (Exempt.as_view(), ["I247"]),
        (csrf_exempt(Page.as_view()), ["I247"]),
        (CallableView(), ["I247"]),
        (exempt_account, ["W246"]),
        (account_exempt, ["W246"]),
        (Account.as_view(), ["W246"]),
        (csrf_exempt(login_required(Page.as_view())), ["W246"]),
    ],
    ids=range(14),
)
def test_a_view(view: Callable[..., Any], expected: list[str]) -> None:
    assert _codes(view) == expected
    assert _codes(view, MIDDLEWARE=without("CsrfViewMiddleware")) == []


@pytest.mark.parametrize(
    ("view", "expected"),
    [(webhook, ["W246"]), (public, ["I247"]), (Exempt.as_view(), ["W246"]), (plain, [])],
    ids=range(4),
)
def test_where_every_view_asks_for_a_login(view: Any, expected: list[str]) -> None:
    assert _codes(view, MIDDLEWARE=[*MIDDLEWARE, LOGIN_REQUIRED]) == expected


def test_each_view_once_and_by_name() -> None:
    nested = include((_urls(webhook, Exempt.as_view()), "nested"))
    urls = (*_urls(webhook, partial(webhook), CallableView()), path("nested/", nested))
    found = findings(module, ROOT_URLCONF=urls)
    assert [m.subject for m in found] == [  # type: ignore[attr-defined]  # our Finding
        f"{__name__}.CallableView",
        f"{__name__}.Exempt",
        f"{__name__}.webhook",
    ]
    assert found[-1].msg == f"{__name__}.webhook is exempt from the protection of forms."


def test_a_project_without_urls() -> None:
    assert codes(module, ROOT_URLCONF=None) == []
    assert codes(module, ROOT_URLCONF=()) == []


# -- Other people's views ------------------------------------------------------------------------


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    installed = ModuleType("installed_package")
    installed.__file__ = "/srv/venv/lib/python3.13/site-packages/installed_package/views.py"
    monkeypatch.setitem(sys.modules, installed.__name__, installed)
    return installed


def _moved(view: Any, to: ModuleType) -> Any:
    view.__module__ = to.__name__
    return view


def test_what_a_package_exempts_is_not_ours(package: ModuleType) -> None:
    @csrf_exempt
    def token(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    @method_decorator(csrf_exempt, name="dispatch")
    class Token(View):
        pass

    _moved(Token, package)
    assert _codes(_moved(token, package), Token.as_view()) == []


def test_what_the_project_exempts_of_a_package_is_ours(package: ModuleType) -> None:
    class GraphQL(View):
        pass

    view = csrf_exempt(_moved(GraphQL, package).as_view())
    assert _codes(view) == ["I247"]
    package.urlpatterns = list(_urls(view))  # type: ignore[attr-defined]
    assert codes(module, ROOT_URLCONF=(path("package/", include(package)),)) == []


def test_the_admin_is_not_ours() -> None:
    from django.contrib.admin import AdminSite

    urls = (path("admin/", AdminSite().urls), path("hook/", webhook))
    assert codes(module, ROOT_URLCONF=urls) == ["I247"]
