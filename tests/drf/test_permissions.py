"""Permission classes: closed until something is said, for reading as for writing."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client, override_settings
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.generics import ListCreateAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.serializers import ModelSerializer
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from django_hardened.api_keys.verified import VerifiedKey
from django_hardened.drf.permissions import (
    DenyByDefault,
    DjangoModelPermissions,
    DjangoObjectPermissions,
    HasScope,
    IsAuthenticated,
    SessionOrHasScope,
)
from django_hardened.public import public

METHODS = "get head options post put patch delete".split()


class Users(ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("username",)


class Base(APIView):
    def get(self, request: Request) -> Response:
        return Response("ok")

    post = put = patch = delete = get


class Denied(Base):
    permission_classes = [DenyByDefault]


class Opened(Base):
    permission_classes = [DenyByDefault]

    @public(reason="Read by everybody")
    def get(self, request: Request) -> Response:
        return Response("ok")


class Composed(Base):
    permission_classes = [~DenyByDefault & IsAuthenticated]


class Active(Base):
    permission_classes = [IsAuthenticated]


class ModelList(ListCreateAPIView[User]):
    permission_classes = [DjangoModelPermissions]
    queryset = User.objects.all()
    serializer_class = Users


class ObjectDetail(RetrieveAPIView[User]):
    permission_classes = [DjangoObjectPermissions]
    queryset = User.objects.all()
    serializer_class = Users


class Urls:
    urlpatterns = [
        path("denied/", Denied.as_view()),
        path("opened/", Opened.as_view()),
        path("composed/", Composed.as_view()),
        path("active/", Active.as_view()),
        path("models/", ModelList.as_view()),
        path("objects/<int:pk>/", ObjectDetail.as_view()),
    ]


@pytest.fixture(autouse=True)
def _urls() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=Urls):
        yield


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada")


def allow(user: User, codename: str) -> User:
    user.user_permissions.add(Permission.objects.get(codename=codename))
    return User.objects.get(pk=user.pk)


# -- DenyByDefault -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_is_asked_who_they_are(client: Client, method: str) -> None:
    assert getattr(client, method)("/denied/").status_code == 401


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("is_superuser", [False, True])
def test_whoever_has_logged_in_is_told_why(
    client: Client, user: User, method: str, is_superuser: bool
) -> None:
    user.is_superuser = is_superuser
    user.save()
    client.force_login(user)
    response = getattr(client, method)("/denied/")
    assert response.status_code == 403
    if method != "head":
        assert response.json() == {"detail": "This view does not say who may call it."}


def test_as_the_default_it_closes_what_declares_nothing(client: Client, user: User) -> None:
    client.force_login(user)
    with override_settings(
        REST_FRAMEWORK={
            "DEFAULT_PERMISSION_CLASSES": ["django_hardened.drf.permissions.DenyByDefault"]
        }
    ):
        from rest_framework.settings import api_settings

        class Silent(Base):
            permission_classes = api_settings.DEFAULT_PERMISSION_CLASSES

        request = APIRequestFactory().get("/")
        request.user = user
        assert Silent.as_view()(request).status_code == 403
        root = DefaultRouter().get_api_root_view
        assert root().cls.permission_classes != [AllowAny]  # type: ignore[attr-defined]


def test_no_object_is_admitted_either() -> None:
    assert DenyByDefault().has_object_permission(None, None, None) is False  # type: ignore[arg-type]


def test_what_is_marked_is_open(client: Client) -> None:
    assert client.get("/opened/").status_code == 200
    assert client.post("/opened/").status_code == 401


def test_operators_work(client: Client, user: User) -> None:
    assert client.get("/composed/").status_code == 401
    client.force_login(user)
    assert client.get("/composed/").status_code == 200


# -- IsAuthenticated -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_only_users_are_admitted(client: Client, user: User, method: str) -> None:
    assert getattr(client, method)("/active/").status_code == 401
    client.force_login(user)
    assert getattr(client, method)("/active/").status_code == 200


def test_only_active_users_whoever_has_recognised_them() -> None:
    request: Any = APIRequestFactory().get("/")
    request.user = User(is_active=False)
    assert not IsAuthenticated().has_permission(request, APIView())
    request.user.is_active = True
    assert IsAuthenticated().has_permission(request, APIView())
    request.user = SimpleNamespace(is_authenticated=True)
    assert IsAuthenticated().has_permission(request, APIView())
    request.user = None
    assert not IsAuthenticated().has_permission(request, APIView())


# -- Model permissions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "codename"),
    [
        ("get", "view_user"),
        ("head", "view_user"),
        ("options", "view_user"),
        ("post", "add_user"),
    ],
)
def test_reading_takes_a_permission_as_writing_does(
    client: Client, user: User, method: str, codename: str
) -> None:
    assert getattr(client, method)("/models/").status_code == 401
    client.force_login(user)
    assert getattr(client, method)("/models/").status_code == 403
    for other in {"view_user", "add_user", "change_user", "delete_user"} - {codename}:
        allow(user, other)
    assert getattr(client, method)("/models/").status_code == 403
    allow(user, codename)
    assert getattr(client, method)("/models/").status_code in (200, 400)


def test_of_an_object_django_itself_gives_nobody_a_permission(client: Client, user: User) -> None:
    where = f"/objects/{user.pk}/"
    assert client.get(where).status_code == 401
    client.force_login(allow(user, "view_user"))
    assert client.get(where).status_code == 404  # as for what is not there
    user.is_superuser = True
    user.save()
    assert client.get(where).status_code == 200


def test_the_classes_of_rest_framework_are_as_they_were() -> None:
    from rest_framework import permissions

    assert permissions.DjangoModelPermissions.perms_map["GET"] == []
    assert permissions.DjangoObjectPermissions.perms_map["HEAD"] == []
    assert DjangoObjectPermissions.perms_map == DjangoModelPermissions.perms_map


# -- Scopes --------------------------------------------------------------------------------------


def key(*scopes: str) -> VerifiedKey:
    return VerifiedKey(1, "a" * 16, "ci", frozenset(scopes), datetime(2030, 1, 1, tzinfo=UTC))


def asks(
    auth: Any,
    required: Any = ...,
    method: str = "GET",
    *,
    permission: type[HasScope] = HasScope,
    by: Any = None,
    user: User | None = None,
) -> bool:
    class View(APIView):
        if required is not ...:
            required_scopes = required

    request = Request(APIRequestFactory().generic(method, "/"))
    request.user = user or User(is_active=True)
    request.auth = auth
    request._authenticator = by
    return permission().has_permission(request, View())


@pytest.mark.parametrize(
    ("scopes", "required", "admitted"),
    [
        (["a"], ["a"], True),
        (["a", "b"], ["a"], True),
        (["a"], ["a", "b"], False),
        ([], ["a"], False),
        ([], [], True),
        (["a"], [], True),
        (["a"], "a", True),
        (["read"], "r", False),
        (["r", "e", "a", "d"], "read", False),
        (["A"], ["a"], False),
        (["a"], ("a",), True),
        (["a"], {"a"}, True),
        (["a"], None, False),
        (["a"], ..., False),
        ([], ..., False),
    ],
)
def test_all_scopes_that_are_required(scopes: list[str], required: Any, admitted: bool) -> None:
    assert asks(key(*scopes), required) is admitted


BY_METHOD = {"GET": ["read"], "POST": ["write"], "DELETE": "drop"}


@pytest.mark.parametrize(
    ("method", "scope"),
    [
        ("GET", "read"),
        ("HEAD", "read"),
        ("OPTIONS", "read"),
        ("POST", "write"),
        ("DELETE", "drop"),
    ],
)
def test_scopes_by_method(method: str, scope: str) -> None:
    assert asks(key(scope), BY_METHOD, method)
    assert not asks(key(*({"read", "write", "drop"} - {scope})), BY_METHOD, method)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "PURGE"])
def test_a_method_that_is_not_named_admits_nobody(method: str) -> None:
    assert not asks(key("read", "write", "drop"), BY_METHOD, method)


def test_head_and_options_may_be_named() -> None:
    required = {"GET": ["a"], "OPTIONS": [], "HEAD": ["b"]}
    assert asks(key(), required, "OPTIONS")
    assert not asks(key("a"), required, "HEAD")
    assert not asks(key("a"), {"POST": ["a"]}, "HEAD")


class Lookalike:
    scopes = frozenset({"a"})


@pytest.mark.parametrize("auth", [None, "a", {"scopes": ["a"]}, Lookalike(), Token(key="a")])
@pytest.mark.parametrize("required", [["a"], [], None])
def test_only_api_keys_have_scopes(auth: Any, required: Any) -> None:
    assert not asks(auth, required)
    assert not asks(auth, required, permission=SessionOrHasScope)


def test_a_session_may_do_what_its_user_may() -> None:
    session, token = SessionAuthentication(), TokenAuthentication()
    ask = {"required": ["a"], "permission": SessionOrHasScope}
    assert asks(None, by=session, **ask)
    assert not asks(None, by=session, user=User(is_active=False), **ask)
    assert not asks(None, by=token, **ask)
    assert not asks(None, by=None, **ask)
    assert asks(key("a"), **ask)
    assert not asks(key("b"), **ask)
    assert not asks(None, ["a"], by=session)


@given(st.sets(st.sampled_from("abcd")), st.lists(st.sampled_from("abcd")))
def test_the_rule(scopes: set[str], required: list[str]) -> None:
    assert asks(key(*scopes), required) is (set(required) <= scopes)


@pytest.mark.parametrize("required", [iter(["a"]), (each for each in "a"), map(str, "a"), 3, True])
def test_what_is_no_collection_admits_nobody(required: Any) -> None:
    for declared in (required, {"GET": required}):
        assert not asks(key("a"), declared)
        assert not asks(key(), declared)


@pytest.mark.parametrize("permission", [HasScope, SessionOrHasScope])
def test_the_opposite_would_be_everybody(permission: Any) -> None:
    with pytest.raises(TypeError, match=f"~{permission.__name__} would admit everybody"):
        operator.invert(permission)
    assert permission & IsAuthenticated | DenyByDefault
