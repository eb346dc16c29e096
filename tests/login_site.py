"""A site with every way to log in, whose passwords are checked where it can be counted."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from django.contrib.auth import aauthenticate, authenticate, login
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.authentication import (
    BasicAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

PASSWORD = "correct horse"


class CountingHasher(PBKDF2PasswordHasher):
    """Notes that a password is looked at: in ``checked``, or in the file COUNTING_HASHER."""

    algorithm = "counting"
    iterations = 1
    checked: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        CountingHasher.checked.append(password)
        if "COUNTING_HASHER" in os.environ:
            # Appended in one write: processes do not overwrite each other's.
            file = os.open(os.environ["COUNTING_HASHER"], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
            os.write(file, b".")
            os.close(file)
        return super().encode(password, salt, iterations)


class Directory(BaseBackend):
    """Somebody else's list of users, in which a password is looked at without a database."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **kwargs: Any
    ) -> User | None:
        encoded = CountingHasher().encode(password, "salt")
        return User(pk=1, username="ada") if encoded == "never" else None


def custom(request: HttpRequest) -> HttpResponse:
    """As projects write it; ``authenticate`` is not even given the request."""
    user = authenticate(username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return HttpResponse("no", status=200)
    login(request, user)
    return HttpResponse("yes")


async def acustom(request: HttpRequest) -> HttpResponse:
    user = await aauthenticate(
        request, username=request.POST["username"], password=request.POST["password"]
    )
    return HttpResponse("no" if user is None else "yes")


def broken(request: HttpRequest) -> HttpResponse:
    authenticate(request, username=request.POST["username"], password=request.POST["password"])
    raise RuntimeError("after the password was looked at")


def twice(request: HttpRequest) -> HttpResponse:
    """One request, many guesses."""
    for password in request.POST.getlist("password"):
        authenticate(request, username=request.POST["username"], password=password)
    return HttpResponse("no")


class Api(APIView):
    authentication_classes = (BasicAuthentication, TokenAuthentication, SessionAuthentication)
    permission_classes = (IsAuthenticated,)
    throttle_classes = ()

    def get(self, request: Request) -> Response:
        return Response({"user": request.user.get_username()})


class StaffApi(Api):
    permission_classes = (IsAdminUser,)


class ClosedApi(Api):
    authentication_classes = ()


def public(request: HttpRequest) -> HttpResponse:
    return HttpResponse("public")


urlpatterns: list[Any] = [
    path("login/", LoginView.as_view(template_name="login.html")),
    path("custom/", custom),
    path("acustom/", acustom),
    path("broken/", broken),
    path("twice/", twice),
    path("token/", obtain_auth_token),
    path("api/", Api.as_view()),
    path("staff/", StaffApi.as_view()),
    path("closed/", ClosedApi.as_view()),
    path("", public),
]
