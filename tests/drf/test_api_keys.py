"""API keys over HTTP: in one header field, sync and async, and never an error of the server."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from typing import Any

import pytest
from adrf.views import APIView as AsyncAPIView
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client, modify_settings, override_settings
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from django_hardened.api_keys.key_format import checksum, generate
from django_hardened.api_keys.models import APIKey
from django_hardened.drf.authentication import APIKeyAuthentication, SessionAuthentication
from django_hardened.drf.permissions import HasScope, IsAuthenticated, SessionOrHasScope

WITHOUT_KEYS = {"remove": "django_hardened.api_keys"}
CHALLENGE = 'Api-Key realm="api"'


class View(APIView):
    authentication_classes = [APIKeyAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return Response({"user": request.user.get_username(), "key": request.auth.name})

    post = put = patch = delete = get


class Scoped(View):
    permission_classes = [HasScope]
    required_scopes = {"GET": ["posts:read"], "POST": ["posts:write"]}


class Both(View):
    authentication_classes = [SessionAuthentication, APIKeyAuthentication]
    permission_classes = [SessionOrHasScope]
    required_scopes = ["posts:read"]

    def get(self, request: Request) -> Response:
        return Response(request.user.get_username())


class Bearer(APIKeyAuthentication):
    keyword = "Bearer"


class ByBearer(View):
    authentication_classes = [Bearer]


class Async(AsyncAPIView):
    authentication_classes = [APIKeyAuthentication]
    permission_classes = [IsAuthenticated & HasScope]
    required_scopes = ["posts:read"]

    async def get(self, request: Request) -> Response:
        return Response({"user": request.user.get_username(), "key": request.auth.name})


class Urls:
    urlpatterns = [
        path("", View.as_view()),
        path("scoped/", Scoped.as_view()),
        path("both/", Both.as_view()),
        path("bearer/", ByBearer.as_view()),
        path("async/", Async.as_view()),
    ]


@pytest.fixture(autouse=True)
def _urls() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=Urls):
        yield


@pytest.fixture
def key(db: None) -> str:
    owner = User.objects.create_user("ada")
    return APIKey.objects.issue(name="ci", owner=owner, scopes="posts:read")[1]


def ask(
    client: Client, key: str, where: str = "/", *, scheme: str = "Api-Key", **kwargs: Any
) -> Any:
    return client.get(where, headers={"authorization": f"{scheme} {key}"}, **kwargs)


def assert_challenged(response: Any, challenge: str = CHALLENGE) -> None:
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == challenge


# -- With a key ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_key_is_its_owner_for_all_methods(key: str, method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    response = getattr(client, method)("/", headers={"authorization": f"Api-Key {key}"})
    assert response.json() == {"user": "ada", "key": "ci"}


@pytest.mark.parametrize("scheme", ["Api-Key", "api-key", "API-KEY", " Api-Key", "Api-Key  "])
def test_a_scheme_has_no_case(client: Client, key: str, scheme: str) -> None:
    assert ask(client, key, scheme=scheme).status_code == 200


def test_a_subclass_has_a_scheme_of_its_own(client: Client, key: str) -> None:
    assert ask(client, key, "/bearer/", scheme="Bearer").status_code == 200
    assert_challenged(ask(client, key, "/bearer/"), 'Bearer realm="api"')


def test_a_key_costs_one_query(client: Client, key: str, django_assert_num_queries: Any) -> None:
    ask(client, key)
    with django_assert_num_queries(1):
        assert ask(client, key).status_code == 200


def test_revoked_is_revoked(client: Client, key: str) -> None:
    assert ask(client, key).status_code == 200
    APIKey.objects.get().revoke()
    assert_challenged(ask(client, key))


def test_the_address_is_what_the_proxies_have_left(client: Client, key: str, settings: Any) -> None:
    record = APIKey.objects.get()
    record.networks = "192.0.2.0/24"
    record.save()
    assert_challenged(ask(client, key))
    assert ask(client, key, REMOTE_ADDR="192.0.2.7").status_code == 200
    forwarded = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}
    assert_challenged(ask(client, key, **forwarded))
    settings.HARDENED_TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert ask(client, key, **forwarded).status_code == 200


def test_scopes(client: Client, key: str) -> None:
    assert ask(client, key, "/scoped/").status_code == 200
    headers = {"authorization": f"Api-Key {key}"}
    assert client.head("/scoped/", headers=headers).status_code == 200
    response = client.post("/scoped/", headers=headers)
    assert response.status_code == 403
    assert response.json() == {"detail": "The API key does not have the scope that this takes."}
    assert client.put("/scoped/", headers=headers).status_code == 403


def test_a_session_or_a_key_with_the_scope(client: Client, key: str) -> None:
    assert client.get("/both/").status_code == 401
    assert ask(client, key, "/both/").status_code == 200
    APIKey.objects.update(scopes="other")
    assert ask(client, key, "/both/").status_code == 403
    client.force_login(User.objects.get())
    assert client.get("/both/").status_code == 200


def test_a_request_of_django_will_do(key: str) -> None:
    request: Any = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Api-Key {key}")
    found = APIKeyAuthentication().authenticate(request)
    assert found is not None
    assert found[0].get_username() == "ada"


# -- Without one ---------------------------------------------------------------------------------


def test_a_stranger_is_challenged(client: Client) -> None:
    assert_challenged(client.get("/"))
    assert_challenged(client.get("/async/"))


def test_a_key_anywhere_else_is_none(client: Client, key: str) -> None:
    for name in ("api_key", "api-key", "key", "token", "access_token", "authorization"):
        assert_challenged(client.get("/", {name: key}))
        assert_challenged(client.get("/", {name: f"Api-Key {key}"}))
        assert_challenged(client.post("/", {name: key}))
        client.cookies[name.replace("_", "-")] = key
    for header in ("x-api-key", "api-key", "proxy-authorization", "x-authorization"):
        assert_challenged(client.get("/", headers={header: key}))
        assert_challenged(client.get("/", headers={header: f"Api-Key {key}"}))


@pytest.mark.parametrize(
    "scheme", ["Token", "Bearer", "Basic", "Api_Key", "ApiKey", "Api-Keys", ""]
)
def test_another_scheme_is_for_somebody_else(client: Client, key: str, scheme: str) -> None:
    response = ask(client, key, scheme=scheme)
    assert_challenged(response)
    assert response.json() == {"detail": "Authentication credentials were not provided."}


def test_what_is_wrong_is_told_in_one_way(client: Client, key: str) -> None:
    identifier = key.split("_")[1]
    body = f"dhk_{identifier}_{'0' * 43}"
    wrong = [body + checksum(body), generate("dhk").text, key[:-1], "nonsense", "", f"{key} x"]
    answers = []
    for text in wrong:
        response = ask(client, text)
        assert_challenged(response)
        answers.append((response.content, sorted(response.headers)))
    APIKey.objects.get().revoke()
    response = ask(client, key)
    answers.append((response.content, sorted(response.headers)))
    assert len(set(map(repr, answers))) == 1
    assert response.json() == {"detail": "Invalid API key."}


def test_where_the_app_is_not_installed_nobody_has_a_key(client: Client, key: str) -> None:
    with modify_settings(INSTALLED_APPS=WITHOUT_KEYS):
        assert_challenged(ask(client, key), 'Session realm="api"')


# -- Malformed -----------------------------------------------------------------------------------


def malformed(count: int) -> Iterator[str]:
    """Header fields as servers hand them over: any octets but those that end a line."""
    rng = random.Random(7)
    octets = [chr(number) for number in range(256) if number not in (0, 10, 13)]
    key = generate("dhk").text
    for number in range(count):
        kind = number % 8
        if kind == 0:
            yield "".join(rng.choices(octets, k=rng.randrange(200)))
        elif kind == 1:
            yield "Api-Key " + "".join(rng.choices(octets, k=rng.randrange(200)))
        elif kind == 2:
            at = rng.randrange(len(key))
            changed = key[:at] + rng.choice(octets) + key[at + 1 :]
            yield f"Api-Key {changed if changed != key else key[1:]}"
        elif kind == 3:
            yield f"Api-Key {key[: rng.randrange(len(key))]}"
        elif kind == 4:
            yield f"Api-Key {key}{''.join(rng.choices(octets, k=rng.randrange(9)))}_"
        elif kind == 5:
            yield f"Api-Key {key}, Api-Key {key}"
        elif kind == 6:
            yield "Api-Key " + base64.b64encode(rng.randbytes(rng.randrange(99))).decode()
        else:
            yield "Api-Key " + "_" * rng.randrange(9000)


def test_ten_thousand_malformed_headers_are_no_error_and_no_query() -> None:
    """Without the mark for the database: a query would raise."""
    client = Client(raise_request_exception=True)
    view = View.as_view()
    request = APIRequestFactory().get("/")
    for number, field in enumerate(malformed(10_000)):
        # All of them to the view, some through the middleware as well, which takes longer.
        if number % 100 == 0:
            response: Any = client.get("/", HTTP_AUTHORIZATION=field)
        else:
            request.META["HTTP_AUTHORIZATION"] = field
            response = view(request)
        assert response.status_code == 401, field
        assert response["WWW-Authenticate"] == CHALLENGE


@given(st.text(st.characters(max_codepoint=255)))
def test_whatever_the_header_has(text: str) -> None:
    response = View.as_view()(APIRequestFactory().get("/", HTTP_AUTHORIZATION=text))
    assert response.status_code == 401


# -- Async ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("client_class", [Client, AsyncClient])
def test_an_async_view(client_class: Any, key: str) -> None:
    def get(**headers: str) -> Any:
        if client_class is Client:
            return Client().get("/async/", headers=headers)
        return async_to_sync(AsyncClient().get)("/async/", headers=headers)

    response = get(authorization=f"Api-Key {key}")
    assert response.json() == {"user": "ada", "key": "ci"}
    assert_challenged(get(authorization=f"Api-Key {key}x"))
    assert_challenged(get())
    APIKey.objects.update(scopes="")
    assert get(authorization=f"Api-Key {key}").status_code == 403
