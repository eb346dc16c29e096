from __future__ import annotations

import sys
from functools import partial, wraps
from types import ModuleType
from typing import Any

import pytest
from cached_site_support import Api, Page, hello, plain
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.middleware.cache import CacheMiddleware
from django.urls import include, path
from django.utils.decorators import decorator_from_middleware_with_args, method_decorator
from django.views import View
from django.views.decorators.cache import cache_control
from django.views.decorators.cache import cache_page as stock
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.vary import vary_on_cookie, vary_on_headers
from django.views.i18n import JavaScriptCatalog
from findings_support import subjects
from rest_framework.viewsets import ViewSet
from site_support import codes, findings, without

from django_hardened.cache import cache_page
from django_hardened.checks import cached_views as module

STOCK = stock(60)
OURS = cache_page(60)


async def ahello(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def on(name: str, decorator: Any, *bases: type) -> Any:
    """A view of a class that has ``decorator`` on one of its methods."""
    cls = type("Decorated", bases, {"__module__": __name__})
    return method_decorator(decorator, name=name)(cls).as_view()  # type: ignore[attr-defined]


class Account(LoginRequiredMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return hello(request)


@method_decorator(STOCK, name="dispatch")
class CachedBase(View):
    pass


class LoginFirst(LoginRequiredMixin, CachedBase):
    pass


class Rows(ViewSet):
    @method_decorator(STOCK)
    def latest(self, request: Any) -> Any:
        return HttpResponse()


class SpecialCache(CacheMiddleware):
    """A project's own, which stores as Django's does."""


class CallableView:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


def own_decorator(view: Any) -> Any:
    @wraps(view)
    def wrapper(request: HttpRequest) -> Any:
        return view(request)

    return wrapper


def _urls(*views: Any) -> tuple[Any, ...]:
    return tuple(path(f"{n}/", view) for n, view in enumerate(views))


def _codes(*views: Any, **changes: Any) -> list[str]:
    return codes(module, ROOT_URLCONF=_urls(*views), **changes)


QUIET = {
    "plain": plain,
    "class": Page.as_view(),
    "api": Api.as_view(),
    "callable": CallableView(),
    "ours": OURS(hello),
    "ours, async": OURS(ahello),
    "ours, below others": login_required(own_decorator(OURS(hello))),
    "ours, around a login": OURS(login_required(hello)),
    "ours, class": OURS(Account.as_view()),
    "ours, get": on("get", OURS, Page),
    "ours, dispatch": on("dispatch", [csrf_exempt, OURS], Account),
    "varies": STOCK(vary_on_cookie(hello)),
    "varies, async": STOCK(vary_on_cookie(ahello)),
    "varies, with a login": STOCK(vary_on_headers("Accept", "cookie")(login_required(hello))),
    "varies, get": on("get", [STOCK, vary_on_cookie], Page),
    "translations": STOCK(JavaScriptCatalog.as_view()),
}
SHARED = {
    "function": STOCK(hello),
    "async": STOCK(ahello),
    "nested": csrf_exempt(own_decorator(STOCK(hello))),
    "partial": partial(STOCK(hello)),
    "partial below": STOCK(partial(hello)),
    "class": STOCK(Page.as_view()),
    "get": on("get", STOCK, Page),
    "dispatch": on("dispatch", STOCK, Page),
    "several": on("get", [csrf_exempt, STOCK], Page),
    "api": STOCK(Api.as_view()),
    "api, get": on("get", STOCK, Api),
    "viewset": Rows.as_view({"get": "latest"}),
    "varies on something else": STOCK(vary_on_headers("Accept-Language")(hello)),
    "login first": login_required(STOCK(hello)),
    "login first, class": LoginFirst.as_view(),
    "login first, get": on("get", STOCK, Account),
    "a subclass": decorator_from_middleware_with_args(SpecialCache)(page_timeout=60)(hello),
    "says something": STOCK(cache_control(max_age=60)(hello)),
}
OPEN = {
    "function": STOCK(login_required(hello)),
    "nested": own_decorator(STOCK(own_decorator(login_required(hello)))),
    "permission": STOCK(permission_required("x.view")(hello)),
    "class": STOCK(Account.as_view()),
    "dispatch": on("dispatch", STOCK, Account),
    "dispatch, several": on("dispatch", [STOCK, csrf_exempt], Account),
}
CASES = [
    *((view, []) for view in QUIET.values()),
    *((view, ["W507"]) for view in SHARED.values()),
    *((view, ["E508"]) for view in OPEN.values()),
]
IDS = [
    *(f"quiet: {name}" for name in QUIET),
    *(f"shared: {name}" for name in SHARED),
    *(f"open: {name}" for name in OPEN),
]


@pytest.mark.parametrize(("view", "expected"), CASES, ids=IDS)
def test_a_view(view: Any, expected: list[str]) -> None:
    assert _codes(view) == expected
    assert _codes(view, MIDDLEWARE=without("AuthenticationMiddleware")) == []


def test_each_view_is_named_once_and_alone() -> None:
    nested = include((_urls(STOCK(ahello)), "nested"))
    views = (STOCK(hello), STOCK(hello), STOCK(Page.as_view()), STOCK(login_required(plain)))
    urls = (*_urls(*views), path("nested/", nested))
    found = findings(module, ROOT_URLCONF=urls)
    names = [f"cached_site_support.{name}" for name in ("Page", "hello", "plain")]
    assert subjects(found) == [*names, f"{__name__}.ahello"]
    assert [str(message.id)[-4:] for message in found] == ["W507", "W507", "E508", "W507"]
    assert "on cached_site_support.Page: " in found[0].msg


def test_other_peoples_views_are_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = ModuleType("installed_package")
    installed.__file__ = "/srv/venv/lib/python3.13/site-packages/installed_package/views.py"
    monkeypatch.setitem(sys.modules, installed.__name__, installed)

    def feed(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    feed.__module__ = installed.__name__
    assert _codes(STOCK(feed)) == []


def test_a_project_without_urls() -> None:
    assert codes(module, ROOT_URLCONF=()) == []


def test_a_closure_without_end_comes_to_one() -> None:
    def view(request: HttpRequest) -> Any:
        return view(request), unset

    def deep(n: int) -> Any:
        return own_decorator(deep(n - 1)) if n else STOCK(hello)

    assert _codes(view) == []
    assert _codes(deep(50)) == ["W507"]
    assert _codes(deep(900)) == []  # the benefit of the doubt
    if _codes() != []:
        unset = None
