"""The default authentication: a stranger gets 401 and a challenge, and a session needs CSRF."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, modify_settings, override_settings
from django.urls import path
from rest_framework.authtoken.models import Token
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened.drf.authentication import SessionAuthentication, TokenAuthentication

WITHOUT_TOKENS = {"remove": "rest_framework.authtoken"}


class Default(APIView):
    """Says nothing of its own."""

    def get(self, request: Request) -> Response:
        return Response({"user": request.user.get_username(), "by": type(request.auth).__name__})

    post = put = patch = delete = get


class BySession(Default):
    authentication_classes = [SessionAuthentication]


class BySessionThenToken(Default):
    authentication_classes = [SessionAuthentication, TokenAuthentication]


class Bearer(TokenAuthentication):
    keyword = "Bearer"


class ByBearer(Default):
    authentication_classes = [Bearer]


class Urls:
    urlpatterns = [
        path("default/", Default.as_view()),
        path("session/", BySession.as_view()),
        path("session-token/", BySessionThenToken.as_view()),
        path("bearer/", ByBearer.as_view()),
    ]


@pytest.fixture(autouse=True)
def _urls() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=Urls):
        yield


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada", password="correct horse battery staple")


@pytest.fixture
def token(user: User) -> str:
    return str(Token.objects.create(user=user).key)


def assert_challenged(response: Any, challenge: str) -> None:
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == challenge


# -- Strangers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "head"])
def test_a_stranger_gets_401_and_a_challenge(method: str, client: Client) -> None:
    assert_challenged(getattr(client, method)("/default/"), 'Token realm="api"')


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_authtoken_the_challenge_names_the_session(method: str, client: Client) -> None:
    with modify_settings(INSTALLED_APPS=WITHOUT_TOKENS):
        assert_challenged(getattr(client, method)("/default/"), 'Session realm="api"')


@pytest.mark.parametrize(
    ("page", "challenge"),
    [
        ("/session/", 'Session realm="api"'),
        ("/session-token/", 'Session realm="api"'),
        ("/bearer/", 'Bearer realm="api"'),
    ],
)
def test_the_challenge_is_that_of_the_first_class(
    page: str, challenge: str, client: Client
) -> None:
    assert_challenged(client.get(page), challenge)


def test_every_answer_of_401_has_the_right_challenge_for_a_subclass_without_authtoken(
    client: Client,
) -> None:
    with modify_settings(INSTALLED_APPS=WITHOUT_TOKENS):
        assert_challenged(client.get("/bearer/"), 'Session realm="api"')


def test_no_challenge_opens_a_password_box(client: Client) -> None:
    for page in ("/default/", "/session/", "/session-token/", "/bearer/"):
        assert "basic" not in client.get(page)["WWW-Authenticate"].lower()


# -- Tokens --------------------------------------------------------------------------------------


def test_a_token_identifies_its_user(client: Client, token: str) -> None:
    response = client.get("/default/", headers={"authorization": f"Token {token}"})
    assert response.json() == {"user": "ada", "by": "Token"}


def test_a_token_needs_no_csrf(token: str) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/default/", headers={"authorization": f"Token {token}"})
    assert response.status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "authorization",
    [
        *("Token", "Token ", "Token wrong", "Token a b", "Token \x00", "token wrong", "Token é"),
        *("Bearer wrong", "Basic YTpi", "Negotiate x", "", " ", "\u00a0"),
    ],
    ids=repr,
)
def test_a_wrong_token_is_a_stranger(client: Client, authorization: str) -> None:
    response = client.get("/default/", headers={"authorization": authorization})
    assert_challenged(response, 'Token realm="api"')


def test_the_token_of_a_disabled_user_is_a_stranger(client: Client, user: User, token: str) -> None:
    user.is_active = False
    user.save()
    response = client.get("/default/", headers={"authorization": f"Token {token}"})
    assert_challenged(response, 'Token realm="api"')


@pytest.mark.parametrize("scheme", ["Token", "Bearer"])
def test_without_authtoken_a_token_means_nothing(client: Client, token: str, scheme: str) -> None:
    with modify_settings(INSTALLED_APPS=WITHOUT_TOKENS):
        for page in ("/default/", "/bearer/"):
            response = client.get(page, headers={"authorization": f"{scheme} {token}"})
            assert_challenged(response, 'Session realm="api"')


def test_without_authtoken_a_session_works_all_the_same(client: Client, user: User) -> None:
    client.force_login(user)
    with modify_settings(INSTALLED_APPS=WITHOUT_TOKENS):
        assert client.get("/default/").json() == {"user": "ada", "by": "NoneType"}


def test_a_password_with_the_request_is_not_accepted(client: Client, user: User) -> None:
    basic = b64encode(b"ada:correct horse battery staple").decode()
    response = client.get("/default/", headers={"authorization": f"Basic {basic}"})
    assert_challenged(response, 'Token realm="api"')


# -- Sessions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/default/", "/session/"])
def test_a_session_identifies_its_user(client: Client, user: User, page: str) -> None:
    client.force_login(user)
    assert client.get(page).json() == {"user": "ada", "by": "NoneType"}


@pytest.mark.parametrize("page", ["/default/", "/session/", "/session-token/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_session_without_a_csrf_token_changes_nothing(user: User, page: str, method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    response = getattr(client, method)(page)
    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]


def test_a_session_with_its_csrf_token_may_change(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    secret = "a" * 32
    client.cookies["csrftoken"] = secret
    assert client.post("/default/", headers={"x-csrftoken": secret}).status_code == 200
    assert client.post("/default/", headers={"x-csrftoken": "b" * 32}).status_code == 403


def test_the_session_of_a_disabled_user_is_a_stranger(client: Client, user: User) -> None:
    client.force_login(user)
    User.objects.update(is_active=False)
    assert_challenged(client.get("/session/"), 'Session realm="api"')
