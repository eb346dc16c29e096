"""Calling endpoints: what comes back, and that nothing is left of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import zoo_site
from audit_support import audited, called, urls
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.test import override_settings
from django.urls import path, re_path
from django.views import View
from django.views.generic import DetailView
from rest_framework import generics, permissions
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened.audit import requests, rows, watching
from django_hardened.audit.capture import ProbeImpossible, isolated
from django_hardened.audit.endpoints import Access, Endpoint, Probed
from django_hardened.audit.inference import Subject
from django_hardened.audit.inventory import inventory
from django_hardened.audit.probe import Reply, judge, probe
from django_hardened.audit.roles import Role
from django_hardened.audit.urlconf import routes

pytestmark = pytest.mark.django_db

A, U, S = Role.ANONYMOUS, Role.AUTHENTICATED, Role.STAFF


def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse()


def probed(endpoint: Endpoint) -> Probed:
    assert endpoint.probed is not None
    return endpoint.probed


# -- Nothing is left -----------------------------------------------------------------------------


def changing(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        Group.objects.create(name=f"made-{Group.objects.count()}")
        mail.send_mail("subject", "body", "from@example.com", ["to@example.com"])
        cache.set("left", "over")
        with transaction.atomic(durable=True):
            Group.objects.create(name="durable")
        transaction.on_commit(
            lambda: mail.send_mail("late", "", "a@example.com", ["b@example.com"])
        )
    return HttpResponse()


def test_what_calls_change_is_taken_back() -> None:
    users = User.objects.count()
    mail.outbox = []
    with urls(changing):
        found, captured = probe(inventory(), unsafe=True)
    assert [probed(each).answers for each in found] == [
        {"anonymous": 200, "authenticated": 200, "staff": 200}
    ] * 2
    assert (Group.objects.count(), User.objects.count()) == (0, users)
    assert cache.get("left") is None
    assert (captured.mails, mail.outbox) == (["subject"] * 3, [])


def test_mail_leaves_no_mark_of_a_test_run_where_there_was_none() -> None:
    outbox = mail.outbox
    del mail.outbox
    try:
        with isolated():
            assert mail.outbox == []
        assert not hasattr(mail, "outbox")
    finally:
        mail.outbox = outbox


@pytest.mark.skipif(not hasattr(mail, "mailers"), reason="MAILERS is of Django 6.1")
def test_mailers_of_django_6_1_are_caught() -> None:
    mailers = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}}
    with override_settings(MAILERS=mailers), isolated() as captured:
        mail.EmailMessage("subject", "body", "a@example.com", ["b@example.com"]).send()
    assert captured.mails == ["subject"]


def test_unsafe_methods_are_called_only_when_asked_for() -> None:
    with urls(changing):
        found, _ = probe(inventory())
    assert {each.method: each.probed is not None for each in found} == {"GET": True, "POST": False}


def test_a_database_that_cannot_take_back_is_not_called_on() -> None:
    with (
        mock.patch.object(connection.features, "uses_savepoints", new=False),
        pytest.raises(ProbeImpossible, match="'default'"),
        isolated(),
    ):
        pass


def test_tasks_of_celery_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    class Task:
        name = "shop.send"

        def apply_async(self, *args: Any, **kwargs: Any) -> None:
            raise AssertionError

    class Celery:
        def send_task(self, name: str) -> None:
            raise AssertionError

    monkeypatch.setitem(sys.modules, "celery.app.task", SimpleNamespace(Task=Task))  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "celery.app.base", SimpleNamespace(Celery=Celery))  # type: ignore[arg-type]
    with isolated() as captured:
        Task().apply_async()
        Celery().send_task("shop.other")
    assert captured.tasks == ["shop.send", "('shop.other',)"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the tasks of Django 6 need Python 3.12")
def test_tasks_of_django_are_caught() -> None:
    tasks = pytest.importorskip("django.tasks")
    backend = "django.tasks.backends.immediate.ImmediateBackend"
    with override_settings(TASKS={"default": {"BACKEND": backend}}), isolated():
        assert type(tasks.task_backends["default"]).__name__ == "DummyBackend"


# -- What came back ------------------------------------------------------------------------------


def hides_first(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        raise Http404
    return HttpResponse()


class Hiding(View):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        raise Http404

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse()


def looks_up(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse(str(get_object_or_404(Group, pk=pk)))


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


def streams(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"a"]))


@pytest.mark.parametrize(
    ("called_view", "route", "access"),
    [
        (looks_up, "a/<int:pk>/", Access.ANONYMOUS),  # 404, behind the door
        (Hiding.as_view(), "a/<int:pk>/", Access.UNKNOWN),  # 404, in front of it
        (hides_first, "a/", Access.AUTHENTICATED),  # 404 to some
        (login_required(looks_up), "a/<int:pk>/", Access.AUTHENTICATED),
        (fails, "a/", Access.ANONYMOUS),
        (streams, "a/", Access.ANONYMOUS),
        (lambda request: redirect("/elsewhere/"), "a/", Access.ANONYMOUS),
        (lambda request: redirect("/accounts/login/?next=/a/"), "a/", Access.PERMISSION),
        (lambda request: HttpResponse(status=401), "b/", Access.PERMISSION),
    ],
)
def test_a_404_in_front_of_the_door_is_told_from_one_behind_it(
    called_view: Any, route: str, access: Access
) -> None:
    assert probed(called(path(route, called_view))["GET"]).access is access


def test_a_failing_page_for_errors_is_an_error_too() -> None:
    with override_settings(DEBUG=False):
        urlconf = type("Urls", (), {"urlpatterns": [path("a/", fails)], "handler500": fails})
        with override_settings(ROOT_URLCONF=urlconf):
            found, _ = probe(inventory())
    assert probed(found[0]).answers["anonymous"] == 500


def test_a_pattern_that_another_hides_is_not_called() -> None:
    found = called(path("a/<slug:s>/", view), path("a/<str:s>/", login_required(view)))
    hidden = probed(found["GET /a/<str:s>/"])
    assert (hidden.access, hidden.answers) == (Access.UNKNOWN, {})
    assert hidden.note == "/a/1/ is answered by another pattern"


def test_a_path_of_which_no_example_is_found_is_not_called() -> None:
    found = called(re_path(r"^a/(?=b)c/$", view))
    assert probed(found["GET"]).note == "/a/c/ is answered by another pattern"


def test_a_middleware_that_nobody_asked_is_a_difference() -> None:
    name = f"{__name__}.closing"
    session = "django.contrib.sessions.middleware.SessionMiddleware"
    auth = "django.contrib.auth.middleware.AuthenticationMiddleware"
    with mock.patch("django_hardened.audit.middleware._is_gate", return_value=False):
        found = called(view, MIDDLEWARE=[session, auth, name])
    assert found["GET"].access is Access.ANONYMOUS
    assert probed(found["GET"]) == Probed(
        Access.AUTHENTICATED,
        {"anonymous": 403, "authenticated": 200, "staff": 200},
        agrees=False,
    )
    assert found["GET"].proven is Access.ANONYMOUS


def closing(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> Any:
        if not request.user.is_authenticated:
            raise PermissionDenied
        return get_response(request)

    return middleware


def test_a_view_that_is_more_open_than_it_looks_is_a_difference() -> None:
    class Opening(APIView):
        def get(self, request: Any) -> Response:
            return Response()

    with mock.patch("django_hardened.audit.inference._reached", return_value=(Access.STAFF, "")):
        found = called(Opening.as_view(permission_classes=[permissions.AllowAny]))
    assert not probed(found["GET"]).agrees
    assert found["GET"].proven is Access.ANONYMOUS


def test_that_an_object_is_of_somebody_else_is_no_difference() -> None:
    class IsOwner(permissions.BasePermission):
        def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
            return False

    class Detail(generics.RetrieveAPIView[Group]):
        queryset = Group.objects.all()
        permission_classes = [permissions.IsAuthenticated, IsOwner]

    endpoint = called(path("groups/<int:pk>/", Detail.as_view()))["GET"]
    assert endpoint.access is Access.AUTHENTICATED
    assert probed(endpoint).answers == {"anonymous": 401, "authenticated": 403, "staff": 403}
    assert probed(endpoint).agrees


def test_what_is_unknown_is_settled_by_a_call() -> None:
    assert audited(zoo_site.inside)["GET"].proven is Access.UNKNOWN
    endpoint = called(zoo_site.inside)["GET"]
    assert (endpoint.access, endpoint.proven) == (Access.UNKNOWN, Access.AUTHENTICATED)


def test_a_host_that_is_allowed_is_asked() -> None:
    def told(request: HttpRequest) -> HttpResponse:
        assert request.is_secure()
        return HttpResponse(request.get_host())

    security = ["django.middleware.security.SecurityMiddleware"]
    origin = "https://www.example.com:8443"
    with override_settings(HARDENED_CANONICAL_ORIGIN=origin):
        assert requests.host() == "www.example.com:8443"
    for hosts, debug in (([".example.com"], False), (["*"], False), ([], True)):
        with override_settings(MIDDLEWARE=security, SECURE_SSL_REDIRECT=True):
            found = called(told, ALLOWED_HOSTS=hosts, DEBUG=debug)
        assert probed(found["GET"]).answers["anonymous"] == 200


# -- Judging -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("replies", "access"),
    [
        ({}, Access.UNKNOWN),
        ({A: Reply(200)}, Access.ANONYMOUS),
        ({A: Reply(403), U: Reply(200), S: Reply(200)}, Access.AUTHENTICATED),
        ({A: Reply(403), U: Reply(403), S: Reply(302, "/x/", True)}, Access.STAFF),
        ({A: Reply(401), U: Reply(403), S: Reply(403)}, Access.PERMISSION),
        ({A: Reply(401)}, Access.PERMISSION),
        ({A: Reply(404, "", True), U: Reply(404, "", True)}, Access.ANONYMOUS),
        ({A: Reply(404, "", True), U: Reply(200, "", True)}, Access.AUTHENTICATED),
        ({A: Reply(404, "", False), U: Reply(404, "", False)}, Access.UNKNOWN),
        ({A: Reply(404)}, Access.UNKNOWN),
        ({A: Reply(302, "/", False), U: Reply(200, "", True)}, Access.AUTHENTICATED),
        ({A: Reply(302, "/")}, Access.ANONYMOUS),
        ({A: Reply(200, "", False)}, Access.ANONYMOUS),
        ({A: Reply(500, "", False), U: Reply(200, "", True)}, Access.AUTHENTICATED),
        ({A: Reply(400, "", True)}, Access.ANONYMOUS),
        ({A: Reply(400, "", False)}, Access.UNKNOWN),
        ({A: Reply(429, "", True)}, Access.ANONYMOUS),
    ],
)
def test_replies_are_judged(replies: dict[Role, Reply], access: Access) -> None:
    assert judge(replies) is access


# -- Rows ----------------------------------------------------------------------------------------


def test_paths_name_objects_that_are_there_or_made() -> None:
    class Details(DetailView):
        model = Group
        slug_field = "name"
        template_name = "x.html"

    existing = Group.objects.create(name="existing")
    patterns = [
        path("a/<int:pk>/", Details.as_view()),
        path("b/<slug:slug>/", Details.as_view()),
        path("c/<int:group_id>/<int:user_pk>/", view),
        path("admin/", zoo_site.site.urls),
    ]
    with urls(*patterns):
        by_path = {route.path: route for route in routes()}
        values = {name: rows.values_for(Subject(route)) for name, route in by_path.items()}
    key = (str(existing.pk),)
    assert values["/a/<int:pk>/"]["pk"] == key
    assert values["/b/<slug:slug>/"]["slug"] == ("existing",)
    assert values["/c/<int:group_id>/<int:user_pk>/"]["group_id"] == key
    made = User.objects.get()
    assert values["/c/<int:group_id>/<int:user_pk>/"]["user_pk"] == (str(made.pk),)
    assert values["/admin/auth/group/<path:object_id>/change/"]["object_id"] == key


def test_users_have_no_rights() -> None:
    for role in (U, S):
        user = rows.user_in_database(role)
        assert (user.is_staff, user.is_superuser) == (role is S, False)
        assert not user.has_usable_password()


def test_without_users_strangers_are_called() -> None:
    with mock.patch.object(rows, "_created", side_effect=rows.NoRow):
        found = called(view)
    assert probed(found["GET"]).answers == {"anonymous": 200}


# -- Watching ------------------------------------------------------------------------------------


def _entered() -> None:
    """Is watched."""


@pytest.fixture(params=["monitored", "profiled"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "profiled":
        monkeypatch.setattr(watching, "_free_tool", lambda: None, raising=False)
    return


@pytest.mark.usefixtures("way")
def test_code_is_watched() -> None:
    with watching.watching(_entered.__code__) as watch:
        view(HttpRequest())
        assert watch.is_entered is False
        _entered()
    assert watch.is_entered is True
    with watching.watching(None) as watch:
        _entered()
    assert watch.is_entered is None
