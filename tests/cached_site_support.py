"""A site whose pages count how often they are made, and a user who needs no database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_control
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"

made: list[str] = []


class Backend:
    """Knows one user."""

    def get_user(self, pk: Any) -> User:
        return User(pk=1, username="ada")

    async def aget_user(self, pk: Any) -> User:
        return self.get_user(pk)


SETTINGS: dict[str, Any] = {
    "ROOT_URLCONF": "cached_site_support",
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "AUTHENTICATION_BACKENDS": ["cached_site_support.Backend"],
}


def login_cookie() -> str:
    """The session cookie of the user, as ``login()`` makes it."""
    session = SessionStore()
    session[SESSION_KEY] = "1"
    session[BACKEND_SESSION_KEY] = "cached_site_support.Backend"
    session[HASH_SESSION_KEY] = User(pk=1, username="ada").get_session_auth_hash()
    session["name"] = "ada"
    session.save()
    return str(session.session_key)


def visit(name: str, *, is_async: bool, login: bool = False, token: str = "") -> Any:
    """Get a page, as a stranger or as the user."""
    client = AsyncClient() if is_async else Client()
    if login:
        client.cookies[settings.SESSION_COOKIE_NAME] = login_cookie()
    headers = {"Authorization": token} if token else {}
    get: Any = async_to_sync(client.get) if is_async else client.get
    response = get(f"/{name}/", headers=headers)
    assert response.status_code == 200
    return response


def _note(request: HttpRequest) -> None:
    made.append(request.path)


def plain(request: HttpRequest) -> HttpResponse:
    _note(request)
    return HttpResponse("for everybody")


def hello(request: HttpRequest) -> HttpResponse:
    _note(request)
    return HttpResponse(f"hello {request.user}")


async def ahello(request: HttpRequest) -> HttpResponse:
    _note(request)
    return HttpResponse(f"hello {await request.auser()}")


def session(request: HttpRequest) -> HttpResponse:
    _note(request)
    return HttpResponse(f"hello {request.session.get('name')}")


def template(request: HttpRequest) -> HttpResponse:
    _note(request)
    return TemplateResponse(request, Template("hello {{ request.user }}"))


class Template:
    """A template from a string, which Django renders as late as any other."""

    def __init__(self, text: str) -> None:
        self.text = text

    def render(self, context: Any = None, request: HttpRequest | None = None) -> str:
        assert request
        return self.text.replace("{{ request.user }}", str(request.user))


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def body() -> Iterator[str]:
        yield "hello "
        yield str(request.user)

    _note(request)
    return StreamingHttpResponse(body())


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def body() -> AsyncIterator[str]:
        yield "hello "
        yield str(await request.auser())

    _note(request)
    return StreamingHttpResponse(body())


def file(request: HttpRequest) -> FileResponse:
    _note(request)
    return FileResponse(BytesIO(b"for everybody"))


@cache_control(public=True)
def public(request: HttpRequest) -> HttpResponse:
    return hello(request)


@cache_control(must_revalidate=True)
def revalidated(request: HttpRequest) -> HttpResponse:
    return hello(request)


class Anybody(BaseAuthentication):
    """Authenticates nobody, as a token class does when there is no token."""

    def authenticate(self, request: Any) -> None:
        return None


class Api(APIView):
    permission_classes = [AllowAny]
    throttle_classes = []
    authentication_classes = [SessionAuthentication]

    def get(self, request: Any) -> Response:
        _note(request)
        return Response({"user": str(request.user)})


class OpenApi(Api):
    authentication_classes = [Anybody]


class Page(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return hello(request)


class AsyncPage(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return await ahello(request)


def looks_and_replaces(request: HttpRequest) -> HttpResponse:
    response = hello(request)
    request.user = AnonymousUser()
    return response


VIEWS: dict[str, Callable[..., Any]] = {
    "plain": plain,
    "hello": hello,
    "ahello": ahello,
    "session": session,
    "template": template,
    "stream": stream,
    "astream": astream,
    "file": file,
    "public": public,
    "revalidated": revalidated,
    "api": Api.as_view(),
    "open-api": OpenApi.as_view(),
    "page": Page.as_view(),
    "async-page": AsyncPage.as_view(),
    "replaces": looks_and_replaces,
}


def cached(decorator: Any) -> list[Any]:
    """The same pages, each cached by ``decorator``; those of classes in three ways."""
    by_method = method_decorator(decorator, name="get")
    by_dispatch = method_decorator(decorator, name="dispatch")
    return [
        *(path(f"{name}/", decorator(view)) for name, view in VIEWS.items()),
        path("api-get/", by_method(type("Api", (Api,), {})).as_view()),
        path("api-dispatch/", by_dispatch(type("Api", (Api,), {})).as_view()),
        path("page-get/", by_method(type("Page", (Page,), {})).as_view()),
        path("page-dispatch/", by_dispatch(type("Page", (Page,), {})).as_view()),
    ]


urlpatterns: list[Any] = [path(f"{name}/", view) for name, view in VIEWS.items()]
