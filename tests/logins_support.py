"""A site with every usual way to log in, and a hasher that counts across processes."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

from django.contrib.auth import aauthenticate, alogin, authenticate, login
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import (
    BasicAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

PASSWORD = "correct horse battery staple"
COUNTED = "LOGINS_SUPPORT_COUNTED"  # the variable that names the file


class CountingHasher(MD5PasswordHasher):
    """Each run adds a byte to a file: what is appended by several processes is not lost."""

    algorithm = "counted"

    def encode(self, password: str, salt: str) -> str:
        place = os.open(os.environ[COUNTED], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(place, b".")
        os.close(place)
        return super().encode(password, salt)


def runs() -> int:
    return Path(os.environ[COUNTED]).stat().st_size


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class Api(APIView):
    authentication_classes = [BasicAuthentication, TokenAuthentication, SessionAuthentication]
    permission_classes: Any = [IsAuthenticated]
    throttle_classes: list[Any] = []

    def get(self, request: Request) -> Response:
        return Response({"user": request.user.get_username()})


class AdminApi(Api):
    permission_classes = [IsAdminUser]


class Silent(Api):
    """A stranger is told 403, as where the first class has no challenge."""

    authentication_classes = [TokenAuthentication]

    def get_authenticate_header(self, request: Request) -> Any:
        return None


@csrf_exempt
def custom(request: HttpRequest) -> HttpResponse:
    """Hands on whatever it is sent."""
    user = authenticate(request, **request.POST.dict())
    if user is None:
        return HttpResponse("no", status=400)
    login(request, user)
    return HttpResponse("yes")


@csrf_exempt
def unnamed(request: HttpRequest) -> HttpResponse:
    """Calls authenticate() without a request."""
    user = authenticate(username=request.POST["username"], password=request.POST["password"])
    return HttpResponse("no" if user is None else "yes", status=400 if user is None else 200)


@csrf_exempt
async def asynchronous(request: HttpRequest) -> HttpResponse:
    user = await aauthenticate(
        request, username=request.POST["username"], password=request.POST["password"]
    )
    if user is None:
        return HttpResponse("no", status=400)
    await alogin(request, user)
    return HttpResponse("yes")


@csrf_exempt
def twice(request: HttpRequest) -> HttpResponse:
    """Tries two names for one password."""
    for name in request.POST.getlist("username"):
        user = authenticate(request, username=name, password=request.POST["password"])
        if user is not None:
            login(request, user)
            return HttpResponse("yes")
    return HttpResponse("no", status=400)


def plain(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse({"plain": True})


def broken(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse(status=503)


def broken_after(request: HttpRequest) -> HttpResponseBase:
    """Fails between the check of a password and its outcome."""
    authenticate(request, username="ada", password=PASSWORD)
    return HttpResponse(status=500)


class Token(ObtainAuthToken):
    throttle_classes = ()


urlpatterns = [
    path("login/", csrf_exempt(LoginView.as_view(success_url="/"))),
    path("custom/", custom),
    path("unnamed/", unnamed),
    path("async/", asynchronous),
    path("twice/", twice),
    path("api/", Api.as_view()),
    path("api/admin/", AdminApi.as_view()),
    path("api/silent/", Silent.as_view()),
    path("token/", Token.as_view()),
    path("plain/", plain),
    path("broken/", broken),
    path("broken-after/", broken_after),
]
