"""With the package's REST_FRAMEWORK, an API view that says nothing is closed and limited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import include, path
from ratelimit_support import AskedStore
from rest_framework import generics, serializers, viewsets
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from django_hardened import defaults
from django_hardened.drf.throttling import AnonRateThrottle, UserRateThrottle

ran: list[str] = []


class Bare(APIView):
    def get(self, request: Request) -> Response:
        ran.append(str(request.method))
        return Response({"ok": True})

    post = put = patch = delete = get


@api_view(["GET", "POST"])
def bare_function(request: Request) -> Response:
    ran.append(str(request.method))
    return Response({"ok": True})


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["username"]


class BareList(generics.ListCreateAPIView[User]):
    queryset = User.objects.all()
    serializer_class = UserSerializer


class BareViewSet(viewsets.ModelViewSet[User]):
    queryset = User.objects.all()
    serializer_class = UserSerializer

    @action(detail=False, methods=["post"])
    def purge(self, request: Request) -> Response:
        ran.append("purge")
        return Response({"ok": True})


class Public(Bare):
    permission_classes = [AllowAny]


@api_view(["GET"])
@permission_classes([AllowAny])
def public_function(request: Request) -> Response:
    return Response({"ok": True})


router = DefaultRouter()
router.register("users", BareViewSet)


class Urls:
    urlpatterns = [
        path("bare/", Bare.as_view()),
        path("function/", bare_function),
        path("list/", BareList.as_view()),
        path("public/", Public.as_view()),
        path("public-function/", public_function),
        path("public-by-argument/", Bare.as_view(permission_classes=[AllowAny])),
        path("router/", include(router.urls)),
    ]


@pytest.fixture(autouse=True)
def _site() -> Iterator[None]:
    location = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "closed"}
    ran.clear()
    with override_settings(ROOT_URLCONF=Urls, CACHES={"default": location}):
        cache.clear()
        yield
        cache.clear()


@pytest.mark.parametrize(
    "page",
    [
        *("/bare/", "/function/", "/list/", "/router/", "/router/users/", "/router/users/1/"),
        *("/router/users/purge/", "/router/users.json", "/router/users/1.json"),
    ],
)
@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
def test_a_view_that_says_nothing_is_closed_to_strangers(
    client: Client, page: str, method: str
) -> None:
    response = getattr(client, method)(page)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Token realm="api"'
    assert ran == []


@pytest.mark.django_db
def test_a_view_that_says_nothing_is_open_to_users(client: Client) -> None:
    client.force_login(User.objects.create_user("ada"))
    for page in ("/bare/", "/function/", "/list/", "/router/", "/router/users/"):
        assert client.get(page).status_code == 200


@pytest.mark.parametrize("page", ["/public/", "/public-function/", "/public-by-argument/"])
def test_a_view_is_public_only_by_name(client: Client, page: str) -> None:
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("page", ["/public/", "/public-function/"])
def test_a_view_that_says_nothing_of_limits_is_limited(
    client: Client, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = AskedStore()
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: store)
    with override_settings(RATELIMIT_ENABLE=True):
        limit, _ = AnonRateThrottle().parse_rate(defaults.THROTTLE_RATES["anon"])
        statuses = [client.get(page).status_code for _ in range(limit + 3)]
    assert statuses == [200] * limit + [429] * 3


def test_the_defaults_of_this_suite_are_those_of_the_package() -> None:
    assert APIView.throttle_classes == [AnonRateThrottle, UserRateThrottle]
    assert APIView.renderer_classes == [JSONRenderer]
    assert api_settings.NUM_PROXIES == 0


@pytest.mark.parametrize(
    ("environment", "renderers"),
    [
        ("production", [JSONRenderer]),
        ("build", [JSONRenderer]),
        ("test", [JSONRenderer]),
        ("development", [JSONRenderer, BrowsableAPIRenderer]),
    ],
)
def test_the_browsable_api_is_for_development_only(environment: Any, renderers: list[Any]) -> None:
    with override_settings(REST_FRAMEWORK=defaults.rest_framework(environment)):
        assert list(api_settings.DEFAULT_RENDERER_CLASSES) == renderers


@pytest.mark.parametrize("accept", ["text/html", "text/html, */*;q=0.1", "application/json", "*/*"])
def test_a_browser_gets_json_outside_development(client: Client, accept: str) -> None:
    for page in ("/public/", "/bare/"):
        response = client.get(page, headers={"accept": accept})
        assert response["Content-Type"] == "application/json"
        assert b"<" not in response.content


@pytest.mark.parametrize("environment", ["production", "build", "test", "development"])
def test_every_environment_is_closed_and_limited(environment: Any) -> None:
    with override_settings(REST_FRAMEWORK=defaults.rest_framework(environment)):
        names = {
            setting: [cls.__name__ for cls in getattr(api_settings, setting)]
            for setting in (
                "DEFAULT_PERMISSION_CLASSES",
                "DEFAULT_AUTHENTICATION_CLASSES",
                "DEFAULT_THROTTLE_CLASSES",
            )
        }
        assert names == {
            "DEFAULT_PERMISSION_CLASSES": ["IsAuthenticated"],
            "DEFAULT_AUTHENTICATION_CLASSES": ["TokenAuthentication", "SessionAuthentication"],
            "DEFAULT_THROTTLE_CLASSES": ["AnonRateThrottle", "UserRateThrottle"],
        }
        assert dict(api_settings.DEFAULT_THROTTLE_RATES) == {"anon": "60/min", "user": "600/min"}
        assert api_settings.NUM_PROXIES == 0
