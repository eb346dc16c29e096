"""What is marked as public is open, and nothing beside it; the reason can be had."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from adrf.decorators import api_view as async_api_view
from adrf.views import APIView as AsyncAPIView
from adrf.viewsets import ViewSet as AsyncViewSet
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path, resolve
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View
from rest_framework import viewsets
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

import django_hardened
from django_hardened.drf.inspection import ApiView
from django_hardened.drf.permissions import public as public_of_drf
from django_hardened.public import public, public_reason

WHY = "Probe of the load balancer"
# Python 3.11 wraps what __set_name__ raises.
AT_CLASS = (TypeError, RuntimeError)

open_ = public(reason=WHY)


# -- Plain Django --------------------------------------------------------------------------------


def ok(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("ok")


def closed_function(request: HttpRequest) -> HttpResponse:
    return ok(request)


@open_
def open_function(request: HttpRequest) -> HttpResponse:
    return ok(request)


@open_
async def open_coroutine(request: HttpRequest) -> HttpResponse:
    return ok(request)


@never_cache
@open_
def decorated_function(request: HttpRequest) -> HttpResponse:
    return ok(request)


class Closed(View):
    get = post = ok


@open_
class Open(View):
    get = post = ok


@open_
class OpenAsync(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return ok(request)


class OfOpen(Open):
    """Adds something that nobody gave a reason for."""


@open_
class OpenAgain(OfOpen):
    pass


@open_
class WithAsView(View):
    get = ok

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return super().as_view(**initkwargs)


# -- REST framework ------------------------------------------------------------------------------


def answer(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
    return Response("ok")


@open_
class OpenApi(APIView):
    get = post = answer


class OfOpenApi(OpenApi):
    pass


@open_
class Redundant(APIView):
    permission_classes = [AllowAny]
    get = answer


class OneMethod(APIView):
    post = answer

    @open_
    def get(self, request: Request) -> Response:
        return Response("ok")


class Overridden(OneMethod):
    def get(self, request: Request) -> Response:
        return Response("secret")


class OwnPermissions(APIView):
    delete = answer

    @open_
    def get(self, request: Request) -> Response:
        return Response("ok")

    def get_permissions(self) -> Any:
        return [IsAdminUser()]


@api_view(["GET", "POST"])
@open_
def below(request: Request) -> Response:
    return Response("ok")


@open_
@api_view(["GET", "POST"])
def above(request: Request) -> Response:
    return Response("ok")


@api_view(["GET"])
def closed_api_function(request: Request) -> Response:
    return Response("ok")


class Set(viewsets.ViewSet):
    permission_classes = [IsAdminUser]
    retrieve = create = answer

    @open_
    def list(self, request: Request) -> Response:
        return Response("ok")

    @open_
    @action(detail=False)
    def above(self, request: Request) -> Response:
        return Response("ok")

    @action(detail=False)
    @open_
    def below(self, request: Request) -> Response:
        return Response("ok")

    @action(detail=False)
    def closed(self, request: Request) -> Response:
        return Response("ok")

    @closed.mapping.post
    @open_
    def mapped(self, request: Request) -> Response:
        return Response("ok")

    @method_decorator(never_cache)
    @open_
    @action(detail=False)
    def decorated(self, request: Request) -> Response:
        return Response("ok")


class Hidden(viewsets.ViewSet):
    create = answer

    @method_decorator(never_cache)
    @open_
    def list(self, request: Request) -> Response:
        """Behind a decorator, and no other one tells the class: it works, and stays closed."""
        return Response("ok")


class Mixin:
    @open_
    def list(self, request: Request) -> Response:
        return Response("ok")


class Mixed(Mixin, viewsets.ViewSet):
    create = answer


@open_
class OpenSet(viewsets.ViewSet):
    list = create = answer


class AsyncApi(AsyncAPIView):
    @open_
    async def get(self, request: Request) -> Response:
        return Response("ok")

    async def post(self, request: Request) -> Response:
        return Response("ok")


@open_
class OpenAsyncApi(AsyncAPIView):
    async def get(self, request: Request) -> Response:
        return Response("ok")


@async_api_view(["GET"])
@open_
async def async_below(request: Request) -> Response:
    return Response("ok")


@open_
@async_api_view(["GET"])
async def async_above(request: Request) -> Response:
    return Response("ok")


class AsyncSet(AsyncViewSet):
    @open_
    async def list(self, request: Request) -> Response:
        return Response("ok")

    async def create(self, request: Request) -> Response:
        return Response("ok")


router = SimpleRouter()
router.register("set", Set, basename="set")
router.register("open-set", OpenSet, basename="open-set")
router.register("hidden", Hidden, basename="hidden")
router.register("mixed", Mixed, basename="mixed")


class Urls:
    urlpatterns = [
        path("closed-function/", closed_function),
        path("open-function/", open_function),
        path("open-coroutine/", open_coroutine),
        path("decorated-function/", decorated_function),
        path("closed/", Closed.as_view()),
        path("open/", Open.as_view()),
        path("open-async/", OpenAsync.as_view()),
        path("of-open/", OfOpen.as_view()),
        path("open-again/", OpenAgain.as_view()),
        path("with-as-view/", WithAsView.as_view()),
        path("as-view/", open_(Closed.as_view())),
        path("open-api/", OpenApi.as_view()),
        path("closed-again/", OpenApi.as_view(permission_classes=[IsAdminUser])),
        path("of-open-api/", OfOpenApi.as_view()),
        path("redundant/", Redundant.as_view()),
        path("one-method/", OneMethod.as_view()),
        path("overridden/", Overridden.as_view()),
        path("own-permissions/", OwnPermissions.as_view()),
        path("below/", below),
        path("above/", above),
        path("closed-api-function/", closed_api_function),
        path("async-api/", AsyncApi.as_view()),
        path("open-async-api/", OpenAsyncApi.as_view()),
        path("async-below/", async_below),
        path("async-above/", async_above),
        path("async-set/", AsyncSet.as_view({"get": "list", "post": "create"})),
        path("", include(router.urls)),
    ]


ANSWERS = {
    # Plain views get the redirect of LoginRequiredMiddleware, those of REST framework a 401.
    "get /closed-function/": 302,
    "get /open-function/": 200,
    "get /open-coroutine/": 200,
    "get /decorated-function/": 200,
    "get /closed/": 302,
    "get /open/": 200,
    "post /open/": 200,
    "get /open-async/": 200,
    "get /of-open/": 302,
    "get /open-again/": 200,
    "get /with-as-view/": 200,
    "get /as-view/": 200,
    "get /open-api/": 200,
    "post /open-api/": 200,
    "options /open-api/": 200,
    "get /closed-again/": 401,
    "get /of-open-api/": 401,
    "get /redundant/": 200,
    "get /one-method/": 200,
    "head /one-method/": 200,
    "post /one-method/": 401,
    "options /one-method/": 401,
    "put /one-method/": 401,
    "get /overridden/": 401,
    "head /overridden/": 401,
    "get /own-permissions/": 200,
    "delete /own-permissions/": 401,
    "get /below/": 200,
    "post /below/": 200,
    "get /above/": 200,
    "post /above/": 200,
    "get /closed-api-function/": 401,
    "get /async-api/": 200,
    "post /async-api/": 401,
    "get /open-async-api/": 200,
    "get /async-below/": 200,
    "get /async-above/": 200,
    # To LoginRequiredMiddleware the viewsets of adrf are plain views.
    "get /async-set/": 302,
    "post /async-set/": 302,
    "get /set/": 200,
    "head /set/": 200,
    "post /set/": 401,
    "delete /set/": 401,
    "options /set/": 401,
    "get /set/1/": 401,
    "get /set/above/": 200,
    "get /set/below/": 200,
    "get /set/closed/": 401,
    "post /set/closed/": 200,
    "get /set/decorated/": 200,
    "get /hidden/": 401,
    "post /hidden/": 401,
    "get /open-set/": 200,
    "post /open-set/": 200,
    "get /mixed/": 200,
    "post /mixed/": 401,
}
# Said, and not so: whoever asks the view itself finds that out.
SAID = {"get /hidden/", "get /async-set/"}


@pytest.fixture(autouse=True)
def _urls(settings: Any) -> None:
    # All by the one fixture: what is overridden within it has to end before it does.
    login_required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, login_required]
    settings.ROOT_URLCONF, settings.LOGIN_URL = Urls, "/login/"


@pytest.mark.parametrize("call", ANSWERS)
def test_what_is_marked_is_open_and_nothing_else(client: Client, call: str) -> None:
    method, where = call.split()
    assert getattr(client, method)(where).status_code == ANSWERS[call]


async def async_answer(call: str) -> int:
    method, where = call.split()
    return int((await getattr(AsyncClient(), method)(where)).status_code)


@pytest.mark.parametrize("call", ANSWERS)
def test_under_asgi_as_well(call: str) -> None:
    assert async_to_sync(async_answer)(call) == ANSWERS[call]


def test_without_the_middleware_an_async_viewset_is_as_any_other(
    client: Client, settings: Any
) -> None:
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    assert client.get("/async-set/").status_code == 200
    assert client.post("/async-set/").status_code == 401


@pytest.mark.django_db
def test_a_permission_of_the_view_still_admits_whom_it_admits(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    for where in ("/set/closed/", "/hidden/", "/set/1/", "/closed-again/"):
        assert client.get(where).status_code == 200


# -- The reason ----------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ANSWERS)
def test_the_reason_can_be_had_of_the_url(call: str) -> None:
    method, where = call.split()
    callback = resolve(where).func
    is_open = ANSWERS[call] == 200 or call in SAID
    assert public_reason(callback, method) == (WHY if is_open else None)


def test_the_reason_can_be_had_of_classes() -> None:
    assert public_reason(OpenApi) == public_reason(Open) == WHY
    assert public_reason(OfOpenApi) is public_reason(OfOpen) is public_reason(Set) is None
    assert public_reason(Set, "list") == public_reason(Set, "mapped") == WHY
    assert public_reason(Set, "create") is public_reason(Set, "none") is None
    assert public_reason(OneMethod, "head") == WHY
    assert public_reason(closed_function) is None


def test_marks_are_those_of_django() -> None:
    for view in (open_function, open_coroutine, Open.as_view(), above):
        assert view.login_required is False  # type: ignore[union-attr]
        assert view.public_reason == WHY  # type: ignore[union-attr]
    assert iscoroutinefunction(open_coroutine)
    assert not hasattr(View.dispatch, "login_required")


def test_permissions_are_those_of_rest_framework() -> None:
    view = Set(action_map={"get": "list"})  # type: ignore[call-arg]
    view.action = "list"
    (permission,) = view.get_permissions()
    assert isinstance(permission, AllowAny)
    assert permission.public_reason == WHY  # type: ignore[attr-defined]
    view.action = "create"
    assert [type(each) for each in view.get_permissions()] == [IsAdminUser]


def test_a_view_without_a_request_is_as_closed_as_its_class() -> None:
    """As generators of schemas make them."""
    assert [type(each) for each in OneMethod().get_permissions()] == [*OneMethod.permission_classes]


def test_both_modules_have_the_same_mark() -> None:
    assert public_of_drf is public


def test_methods_are_the_functions_that_they_were() -> None:
    assert Set.list.__qualname__ == "Set.list"
    assert iscoroutinefunction(AsyncApi.get)
    assert Set.above.kwargs == {"name": "Above", "description": None}  # type: ignore[attr-defined]


def test_a_method_outside_of_views_can_be_one() -> None:
    class Site:
        @open_
        def index(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("ok")

    assert Site().index.login_required is False  # type: ignore[attr-defined]
    assert public_reason(Site().index) == WHY


# -- Mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", " ", "\n", None, 1, b"x", open_function])
def test_a_reason_is_needed(reason: Any) -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        public(reason=reason)


def test_a_reason_is_named() -> None:
    with pytest.raises(TypeError):
        public(open_function)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        public()  # type: ignore[call-arg]


@pytest.mark.parametrize("what", [1, "path.to.view", None, [open_function]])
def test_only_views_are_marked(what: Any) -> None:
    with pytest.raises(TypeError, match="marks views"):
        open_(what)


def test_a_class_that_is_no_view_is_not_marked() -> None:
    with pytest.raises(TypeError, match="has no as_view"):

        @open_
        class Form:
            pass


def test_what_as_view_has_made_of_a_class_of_rest_framework_is_not_marked() -> None:
    class Api(APIView):
        get = answer

    with pytest.raises(TypeError, match="mark the class"):
        open_(Api.as_view())
    with pytest.raises(TypeError, match="mark the class"):
        open_(Set.as_view({"get": "list"}))


def test_what_is_closed_as_well_is_not_opened() -> None:
    with pytest.raises(TypeError, match="Api has permission_classes"):

        @open_
        class Api(APIView):
            permission_classes = [IsAdminUser]

    with pytest.raises(TypeError, match="permission_classes"):

        @open_
        class Composed(APIView):
            permission_classes = [AllowAny & IsAdminUser]

    with pytest.raises(TypeError, match="get_permissions"):

        @open_
        class Deciding(APIView):
            def get_permissions(self) -> Any:
                return [IsAdminUser()]


def test_functions_that_are_closed_as_well_are_not_opened() -> None:
    with pytest.raises(TypeError, match="permission_classes"):

        @api_view(["GET"])
        @open_
        @permission_classes([IsAdminUser])
        def inner(request: Request) -> Response:
            return Response("ok")

    with pytest.raises(TypeError, match="permission_classes"):

        @open_
        @api_view(["GET"])
        @permission_classes([IsAdminUser])
        def outer(request: Request) -> Response:
            return Response("ok")


def test_actions_that_are_closed_as_well_are_not_opened() -> None:
    with pytest.raises(AT_CLASS):

        class Actions(viewsets.ViewSet):
            @open_
            @action(detail=False, permission_classes=[IsAdminUser])
            def act(self, request: Request) -> Response:
                return Response("ok")


def test_a_method_of_a_plain_view_cannot_be_opened_alone() -> None:
    with pytest.raises(AT_CLASS):

        class Page(View):
            @open_
            def get(self, request: HttpRequest) -> HttpResponse:
                return HttpResponse("ok")


def test_a_class_may_be_marked_and_its_methods_as_well() -> None:
    @public(reason="all of it")
    class Api(APIView):
        @open_
        def get(self, request: Request) -> Response:
            return Response("ok")

    assert public_reason(Api, "get") == "all of it"
    assert public_reason(Api.as_view(), "post") == "all of it"


# -- Others --------------------------------------------------------------------------------------


def test_checks_know_what_still_relies_on_the_default() -> None:
    assert ApiView(OneMethod, {}).relies_on_default_permissions
    assert not ApiView(OpenApi, {}).relies_on_default_permissions
    assert ApiView(OfOpenApi, {}).relies_on_default_permissions
    assert not ApiView(OwnPermissions, {}).relies_on_default_permissions
    assert ApiView(OpenApi, {}).admits_anybody
    closed = ApiView(OpenApi, {"permission_classes": [IsAdminUser]})
    assert not closed.admits_anybody


def test_where_rest_framework_is_not_loaded_nothing_of_it_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "rest_framework")

    @open_
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")

    class Site:
        @open_
        def index(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("ok")

    assert not hasattr(view, "permission_classes")
    assert not hasattr(Site, "get_permissions")


def test_a_function_that_was_taken_out_of_a_class_is_a_view_all_the_same() -> None:
    class Site:
        @staticmethod
        def index(request: HttpRequest) -> HttpResponse:
            return HttpResponse("ok")

    view = open_(Site.index)
    assert view(HttpRequest()).content == b"ok"
    assert view.login_required is False  # type: ignore[attr-defined]
    assert public_reason(view) == WHY


PLAIN = """
import sys

class Nowhere:  # a finder for which the package is not installed
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "rest_framework":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Nowhere())
import django
from django.conf import settings
settings.configure()
django.setup()
from django.views import View
from django_hardened.public import public, public_reason

@public(reason="why")
def view(request): ...

@public(reason="why")
class Page(View): ...

class Site:
    @public(reason="why")
    def index(self, request): ...

assert view.login_required is Page.as_view().login_required is Site.index.login_required is False
assert public_reason(view) == public_reason(Page) == public_reason(Site, "index") == "why"
assert not hasattr(view, "permission_classes") and not hasattr(Site, "get_permissions")
"""


def test_rest_framework_is_not_needed() -> None:
    subprocess.run(
        [sys.executable, "-c", PLAIN],
        check=True,
        cwd=Path(django_hardened.__file__).resolve().parent.parent,
    )


def test_templates_are_marked_as_they_are_written_in_urls() -> None:
    view = open_(TemplateView.as_view(template_name="x.html"))
    assert view.login_required is False
