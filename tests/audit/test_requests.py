"""Doors that look at how they are asked: by which path, with which headers, in which language."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from audit_support import audited, called
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.test import override_settings
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy, override
from rest_framework import permissions
from rest_framework.exceptions import NotAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened.audit import requests
from django_hardened.audit.endpoints import Access


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def guarded(is_admitted: Callable[[Any], Any], *, is_for_all: bool = False) -> Any:
    def decorator(function: Any) -> Any:
        @wraps(function)
        def guard(request: HttpRequest, **kwargs: Any) -> Any:
            is_user = request.user.is_authenticated
            if is_admitted(request) if is_for_all else is_user or is_admitted(request):
                return function(request)
            return HttpResponse(status=401)

        return guard

    return decorator(view)


def accesses(*patterns: Any, **settings: Any) -> dict[str, str]:
    found = audited(*patterns, **settings)
    return {each.path: each.access.value for each in found.values()}


# -- Paths ---------------------------------------------------------------------------------------


def test_a_view_is_asked_at_each_of_its_paths() -> None:
    by_path = guarded(lambda request: request.path.startswith("/public/"))
    assert accesses(path("private/", by_path), path("public/", by_path)) == {
        "/private/": "authenticated",
        "/public/": "anonymous",
    }


def test_a_bare_function_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = requests.made

    def made(route: Any, sample: Any, method: str, *args: Any, **options: Any) -> Any:
        asked.append(method)
        return real(route, sample, method, *args, **options)

    monkeypatch.setattr(requests, "made", made)
    paths = [path(f"{name}/<int:pk>/", view, name=name) for name in "abc"]
    assert set(accesses(*paths, path("d/", view)).values()) == {"anonymous"}
    assert asked == ["GET", "GET"]  # with an argument, and without
    asked.clear()
    guard = guarded(lambda request: True)
    accesses(path("a/", guard), path("b/", guard))
    assert asked == ["GET", "GET"]


def test_a_view_is_asked_by_each_of_its_names_and_namespaces() -> None:
    by_name = guarded(lambda request: request.resolver_match.url_name == "open")
    assert accesses(path("a/", by_name), path("b/", by_name, name="open")) == {
        "/a/": "authenticated",
        "/b/": "anonymous",
    }
    by_space = guarded(lambda request: request.resolver_match.namespaces == ["v1"])
    versions = [path(f"{v}/", include(([path("x/", by_space)], "api"), v)) for v in ("v1", "v2")]
    assert accesses(*versions) == {"/v1/x/": "anonymous", "/v2/x/": "authenticated"}


def test_what_the_resolver_found_is_told_whole() -> None:
    seen: list[Any] = []

    def note(request: HttpRequest) -> bool:
        seen.append(request.resolver_match)
        return True

    noting = guarded(note)
    inner = [re_path(r"^(?P<pk>\d+)/$", noting, {"kind": "x"}, name="one")]
    audited(path("blog/<slug:tag>/", include((inner, "app"), "space")))
    [match, *_] = seen
    assert match.app_names == ["app"]
    assert match.namespaces == ["space"]
    assert match.route == r"blog/<slug:tag>/(?P<pk>\d+)/$"
    assert match.view_name == "space:one"
    assert match.extra_kwargs == {"kind": "x"}


class Exempt:
    """Middleware that asks for a login, except for an app and some routes."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> Any:
        match: Any = request.resolver_match
        if match.app_name == "pages" or match.route.startswith("open/"):
            return None
        return None if request.user.is_authenticated else redirect("/login/?next=/")


def test_middleware_that_exempts_apps_and_routes() -> None:
    found = accesses(
        path("pages/", include(([path("x/", view)], "pages"))),
        path("open/y/", view),
        path("z/", view),
        MIDDLEWARE=[f"{__name__}.Exempt"],
    )
    assert found == {"/pages/x/": "anonymous", "/open/y/": "anonymous", "/z/": "authenticated"}


class Account:
    """Middleware that guards a prefix of paths, as they are in one language."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if request.path.startswith("/account/") and not request.user.is_authenticated:
            return HttpResponse(status=401)
        return self.get_response(request)


@pytest.mark.parametrize("active", ["en", "de"])
def test_a_prefix_that_is_guarded_in_one_language_only(active: str) -> None:
    patterns = i18n_patterns(path("account/", view), prefix_default_language=False)
    languages = [("en", "English"), ("de", "German")]
    with override_settings(LANGUAGES=languages, LANGUAGE_CODE="en"), override(active):
        found = audited(*patterns, MIDDLEWARE=[f"{__name__}.Account"])
    assert found["GET"].access is Access.ANONYMOUS
    assert found["GET"].note == ("at /de/account/" if active == "en" else "")


def test_a_path_that_is_translated_is_asked_in_each_language() -> None:
    patterns = i18n_patterns(path(gettext_lazy("account/"), view), prefix_default_language=False)
    with override_settings(LANGUAGES=[("en", "English")], LANGUAGE_CODE="en"), override("en"):
        found = audited(*patterns, MIDDLEWARE=[f"{__name__}.Account"])
    assert found["GET"].access is Access.AUTHENTICATED


# -- Headers -------------------------------------------------------------------------------------


def _foreign(request: HttpRequest) -> bool:
    return "HTTP_ORIGIN" in request.META and request.headers["Origin"] != "https://www.example.com"


class OfKnownOrigin(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return not _foreign(request)


class ByOrigin(APIView):
    permission_classes = [OfKnownOrigin]

    def post(self, request: Any) -> Response:
        return Response()


@pytest.mark.parametrize(
    "shut",
    [
        _foreign,
        lambda request: "example.com" not in request.headers.get("Referer", "example.com"),
        lambda request: request.headers.get("X-Requested-With") == "XMLHttpRequest",
        lambda request: "Mozilla" in request.headers.get("User-Agent", ""),
        lambda request: "HX-Request" in request.headers,
        lambda request: request.META.get("HTTP_ACCEPT") == "*/*",
        lambda request: any(name == "HTTP_ORIGIN" for name, _ in request.META.items()),
        lambda request: "Origin" in dict(request.headers),
        lambda request: "HTTP_ORIGIN" in request.META and request.META["HTTP_ORIGIN"],
    ],
    ids=["origin", "referer", "xhr", "browser", "htmx", "get", "items", "all", "item"],
)
def test_a_door_that_is_shut_by_a_header_is_open_without_it(shut: Any) -> None:
    assert accesses(guarded(lambda request: not shut(request))) == {"/view/": "anonymous"}


@pytest.mark.parametrize("header", ["Origin", "Referer", "User-Agent", "X-Requested-With"])
def test_a_door_that_a_header_opens_is_open(header: str) -> None:
    assert accesses(guarded(lambda request: header in request.headers)) == {"/view/": "anonymous"}


def test_permissions_that_look_at_the_origin() -> None:
    assert audited(ByOrigin.as_view())["POST"].access is Access.ANONYMOUS


def test_who_is_let_in_without_a_header_only() -> None:
    is_admitted = guarded(
        lambda request: not _foreign(request) and request.user.is_authenticated, is_for_all=True
    )
    assert accesses(is_admitted) == {"/view/": "authenticated"}


class OriginGate:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return HttpResponse(status=403) if _foreign(request) else self.get_response(request)


def test_middleware_that_looks_at_the_origin_closes_nothing() -> None:
    found = audited(view, MIDDLEWARE=[f"{__name__}.OriginGate"])["GET"]
    assert (found.access, found.permissions) == (Access.ANONYMOUS, ())


# -- What is answered in the place of a refusal --------------------------------------------------


class Forgiving(APIView):
    permission_classes = [permissions.IsAuthenticated]

    def get(self, request: Any) -> Response:
        return Response()

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, NotAuthenticated):
            return Response({"for": "strangers"})
        return super().handle_exception(exc)


@pytest.mark.django_db
def test_an_exception_handler_that_answers_strangers_is_not_closed() -> None:
    found = audited(Forgiving.as_view())["GET"]
    assert found.access is Access.UNKNOWN
    assert found.note == "a decorator answers 200 in its place"
    assert called(Forgiving.as_view())["GET"].proven is Access.ANONYMOUS


class Careful(Forgiving):
    def handle_exception(self, exc: Exception) -> Any:
        return APIView.handle_exception(self, exc)


def test_an_exception_handler_of_the_project_that_refuses() -> None:
    assert audited(Careful.as_view())["GET"].access is Access.AUTHENTICATED


def test_a_database_that_is_asked_in_vain_decides_nothing() -> None:
    def is_public(request: HttpRequest) -> bool:
        from django.contrib.auth.models import Group

        try:
            return Group.objects.get(name="public").pk > 0
        except Exception:  # noqa: BLE001
            return False

    assert accesses(guarded(is_public)) == {"/view/": "unknown"}


# -- Where decorators keep the view --------------------------------------------------------------


def test_no_code_of_a_view_runs_that_a_decorator_keeps_in_a_default_or_a_dictionary() -> None:
    ran = []

    def body(request: HttpRequest) -> HttpResponse:
        ran.append(request)
        return HttpResponse()

    def by_method(function: Any) -> Any:
        handlers = {"GET": function}

        def inner(request: HttpRequest, *args: Any) -> Any:
            return handlers[str(request.method)](request) if function else None

        return inner

    def by_default(function: Any) -> Any:
        def inner(request: HttpRequest, *args: Any, _function: Any = function) -> Any:
            return _function(request) if function else None

        return inner

    def by_position(function: Any) -> Any:
        def inner(request: HttpRequest, _function: Any = function) -> Any:
            return _function(request)

        inner.__wrapped__ = function  # type: ignore[attr-defined]
        return inner

    for decorate in (by_method, by_default, by_position):
        assert audited(decorate(body))["GET"].access is Access.ANONYMOUS
    assert ran == []
