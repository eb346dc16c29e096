"""A zoo: every way to write a view, each with who may truly call it.

``TRUTH`` is the table. Truth is what a request finds out. ``UNREAD`` marks what only a call can
tell, because the view itself turns people away: there the audit has to say that it does not know.
"""

from __future__ import annotations

import functools
import hmac
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any, NamedTuple

from adrf.decorators import api_view as async_api_view
from adrf.views import APIView as AsyncAPIView
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import (
    login_not_required,
    login_required,
    permission_required,
    user_passes_test,
)
from django.contrib.auth.mixins import (
    LoginRequiredMixin,
    PermissionRequiredMixin,
    UserPassesTestMixin,
)
from django.contrib.auth.models import Group, User
from django.contrib.syndication.views import Feed
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseForbidden,
    JsonResponse,
)
from django.shortcuts import redirect
from django.urls import include, path, re_path
from django.utils.decorators import decorator_from_middleware, method_decorator
from django.views import View, i18n, static
from django.views.decorators.cache import cache_control, cache_page, never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_cookie
from django.views.generic import (
    CreateView,
    DeleteView,
    DetailView,
    ListView,
    RedirectView,
    TemplateView,
)
from django_ratelimit.decorators import ratelimit as peer_ratelimit
from rest_framework import generics, mixins, permissions, serializers, viewsets
from rest_framework.authentication import BaseAuthentication, TokenAuthentication
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.decorators import (
    action,
    api_view,
    authentication_classes,
    permission_classes,
    throttle_classes,
)
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework.views import APIView

from django_hardened.drf import permissions as hardened
from django_hardened.drf.authentication import APIKeyAuthentication, SessionAuthentication
from django_hardened.public import public
from django_hardened.ratelimit.decorators import ratelimit

ANYBODY, USER, STAFF, RIGHT = "anonymous", "authenticated", "staff", "permission"


class Truth(NamedTuple):
    """Who may call a path, by method; ``is_read`` where it can be known without a call."""

    path: str
    by_method: dict[str, str]
    is_read: bool = True


urlpatterns: list[Any] = []
TRUTH: list[Truth] = []
_names: set[str] = set()


def shows(
    view: Any, access: str, methods: str = "GET", *, is_read: bool = True, name: str = ""
) -> Any:
    """Put ``view`` into the zoo; ``access`` is the truth for each of ``methods``."""
    label = (name or getattr(view, "__name__", type(view).__name__)).strip("_")
    assert label not in _names, label
    _names.add(label)
    urlpatterns.append(path(f"{label}/", view, name=label))
    TRUTH.append(Truth(f"/{label}/", dict.fromkeys(methods.split(), access), is_read))
    return view


def zoo(access: str, methods: str = "GET", *, is_read: bool = True) -> Callable[[Any], Any]:
    """Put the decorated function or class into the zoo."""

    def decorator(view: Any) -> Any:
        callback = view.as_view() if isinstance(view, type) else view
        shows(callback, access, methods, is_read=is_read, name=getattr(view, "cls", view).__name__)
        return view

    return decorator


def answer(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("answer")


def fresh(name: str = "answer") -> Callable[..., HttpResponse]:
    def view(request: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(name)

    return view


# -- Functions -----------------------------------------------------------------------------------


@zoo(ANYBODY)
def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(ANYBODY, "GET POST")
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("name", ""))


@zoo(USER)
@login_required
def logged_in(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(USER)
@login_required(login_url="/elsewhere/")
def logged_in_elsewhere(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(RIGHT)
@permission_required("auth.change_user")
def with_right(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(RIGHT)
@login_required
@permission_required(["auth.change_user", "auth.add_user"], raise_exception=True)
def with_rights(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(STAFF)
@staff_member_required
def for_staff(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(STAFF)
@user_passes_test(lambda user: user.is_staff)
def passing_staff(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(ANYBODY)
@user_passes_test(lambda user: True)
def passing_everybody(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(RIGHT)
@user_passes_test(lambda user: user.groups.filter(name="editors").exists())
def passing_group(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(RIGHT)
@user_passes_test(lambda user: user.is_superuser)
def passing_superuser(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(USER)
@never_cache
@vary_on_cookie
@gzip_page
@login_required
@cache_control(private=True)
def deep(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(ANYBODY)
@cache_page(60)
def cached(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(ANYBODY)
@condition(etag_func=lambda request: '"1"')
def conditional(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(ANYBODY, "POST")
@csrf_exempt
@require_POST
def hook(request: HttpRequest) -> HttpResponse:
    return HttpResponse(len(request.body))


@zoo(USER, "GET PUT")
@require_http_methods(["GET", "PUT"])
@login_required
def put(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(USER, "GET")
@login_required
@require_GET
def get_below(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(ANYBODY)
@transaction.atomic
def atomic(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(USER)
@transaction.non_atomic_requests
@login_required
def not_atomic(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(ANYBODY)
@ratelimit(key="ip", rate="1000/m")
def limited(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(USER)
@ratelimit(key="ip", rate="1000/m")
@ratelimit(key="user", rate="1000/h")
@login_required
def limited_twice(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(USER)
@login_required
@peer_ratelimit(key="user", rate="1000/h")
def limited_by_peer(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(ANYBODY)
async def asynchronous(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(USER)
@login_required
async def asynchronous_closed(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(RIGHT)
@permission_required("auth.change_user", raise_exception=True)
async def asynchronous_right(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


# -- Decorators of the project -------------------------------------------------------------------


def key_required(view: Any) -> Any:
    @functools.wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.headers.get("X-Key") != "s3cret":
            return JsonResponse({}, status=401)
        return view(request, *args, **kwargs)

    return wrapper


def bare_login(view: Any) -> Any:
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # without wraps
        if not request.user.is_authenticated:
            return redirect("/accounts/login/")
        return view(request, *args, **kwargs)

    return wrapper


class ClassDecorator:
    def __init__(self, view: Any) -> None:
        functools.update_wrapper(self, view)
        self.view = view

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_authenticated:
            raise PermissionDenied
        return self.view(request, *args, **kwargs)


class Counting(ContextDecorator):
    def __enter__(self) -> None:
        pass

    def __exit__(self, *args: Any) -> None:
        pass


class HidingMiddleware:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def process_request(self, request: HttpRequest) -> None:
        if not request.user.is_staff:
            raise Http404


def logged(view: Any) -> Any:
    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


def with_role(role: str) -> Any:
    def decorator(view: Any) -> Any:
        @functools.wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not getattr(request.user, role, False):
                return HttpResponseForbidden()
            return view(request, *args, **kwargs)

        return wrapper

    return decorator


def letting_in(view: Any) -> Any:
    """A decorator that logs everybody in: the hole that no list of classes shows."""

    @functools.wraps(view)
    def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
        request.user = User(pk=1, username="guest")
        return view(request, *args, **kwargs)

    return wrapper


shows(key_required(fresh()), RIGHT, name="own_key")
shows(bare_login(fresh()), USER, name="own_bare")
shows(ClassDecorator(fresh()), USER, name="own_class")
shows(Counting()(fresh()), ANYBODY, name="own_context")
shows(login_required(Counting()(fresh())), USER, name="own_context_closed")
shows(decorator_from_middleware(HidingMiddleware)(fresh()), STAFF, name="own_middleware")
shows(logged(fresh()), ANYBODY, name="own_logged")
shows(logged(login_required(logged(fresh()))), USER, name="own_logged_closed")
shows(with_role("is_staff")(fresh()), STAFF, name="own_role")
shows(letting_in(login_required(fresh())), ANYBODY, name="own_hole")
shows(functools.partial(answer, page="home"), ANYBODY, name="partial")
shows(functools.partial(login_required(answer), page="home"), USER, name="partial_closed")
shows(login_required(functools.partial(answer, page="home")), USER, name="closed_partial")
shows(lambda request: HttpResponse(), ANYBODY, name="lambda")
shows(csrf_protect(fresh()), ANYBODY, name="protected")


class CallableView:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    def method(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    @method_decorator(login_required)
    def closed(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


shows(CallableView(), ANYBODY, name="instance")
shows(CallableView().method, ANYBODY, name="bound_method")
shows(CallableView().closed, USER, name="bound_method_closed")


# -- Functions that decide themselves ------------------------------------------------------------


@zoo(USER, is_read=False)
def inside(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("/accounts/login/")
    return HttpResponse()


@zoo(STAFF, is_read=False)
def inside_staff(request: HttpRequest) -> HttpResponse:
    if not request.user.is_staff:
        raise PermissionDenied
    return HttpResponse()


def _demand_user(request: HttpRequest) -> None:
    if request.user.is_anonymous:
        raise PermissionDenied


@zoo(USER, is_read=False)
def inside_helper(request: HttpRequest) -> HttpResponse:
    _demand_user(request)
    return HttpResponse()


@zoo(RIGHT, is_read=False)
def inside_signed(request: HttpRequest) -> HttpResponse:
    if not hmac.compare_digest(request.headers.get("X-Signature", ""), "signed"):
        return HttpResponse(status=401)
    return HttpResponse()


@zoo(USER, is_read=False)
def inside_delegating(request: HttpRequest) -> HttpResponse:
    return logged_in(request)


@zoo(USER, is_read=False)
def inside_expression(request: HttpRequest) -> HttpResponse:
    user = request.user
    return HttpResponse() if user.is_authenticated else redirect("/accounts/login/")


@zoo(ANYBODY)
def greeting(request: HttpRequest) -> HttpResponse:
    name = "you"
    if request.user.is_authenticated:
        name = str(request.user)
    return HttpResponse(name)


@zoo(ANYBODY, "GET POST")
def validating(request: HttpRequest) -> HttpResponse:
    if "name" not in request.POST:
        return HttpResponseBadRequest()
    return HttpResponse()


# -- Classes -------------------------------------------------------------------------------------


@zoo(ANYBODY, "GET POST")
class Plain(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


@zoo(USER, "GET POST")
class LoggedIn(LoginRequiredMixin, Plain):
    pass


@zoo(USER, "GET POST")
class LoggedInRaising(LoginRequiredMixin, Plain):
    raise_exception = True


@zoo(ANYBODY, "GET POST")
class MixinTooLate(Plain, LoginRequiredMixin):
    """The mixin comes after the view: but both call super(), and it still holds? It does not."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return View.dispatch(self, request, *args, **kwargs)


@zoo(RIGHT, "GET POST")
class WithRight(PermissionRequiredMixin, Plain):
    permission_required = "auth.change_user"


@zoo(RIGHT, "GET POST")
class WithComputedRight(PermissionRequiredMixin, Plain):
    def get_permission_required(self) -> tuple[str, ...]:
        return ("auth.change_user", "auth.delete_user")


@zoo(STAFF, "GET POST")
class PassingTest(UserPassesTestMixin, Plain):
    def test_func(self) -> bool:
        return bool(self.request.user.is_staff)


@zoo(ANYBODY, "GET POST")
class PassingAnybody(UserPassesTestMixin, Plain):
    def test_func(self) -> bool:
        return True


@zoo(USER, "GET POST")
@method_decorator(login_required, name="dispatch")
class DecoratedDispatch(Plain):
    pass


@zoo(USER, "GET POST")
@method_decorator([never_cache, cache_page(60), login_required], name="dispatch")
class DecoratedByMany(Plain):
    pass


class _OneMethodClosed(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    @method_decorator(login_required)
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    @method_decorator(permission_required("auth.delete_user", raise_exception=True))
    def delete(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


shows(_OneMethodClosed.as_view(), ANYBODY, name="OneMethodClosed")
TRUTH[-1].by_method.update(POST=USER, DELETE=RIGHT)


@zoo(USER, "GET POST")
class OwnDispatch(Plain):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_authenticated:
            return self.http_method_not_allowed(request) if False else HttpResponseForbidden()
        return super().dispatch(request, *args, **kwargs)


@zoo(USER, "GET POST")
class OwnSetup(Plain):
    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_anonymous:
            raise PermissionDenied


@zoo(USER, "GET POST", is_read=False)
class OwnDispatchLooksUp(Plain):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.group = Group.objects.first()
        if not request.user.is_authenticated:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


@zoo(USER, "GET POST", is_read=False)
class AllInDispatch(View):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return HttpResponse() if request.user.is_authenticated else HttpResponseForbidden()


@zoo(USER, "GET", is_read=False)
class InHandler(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            raise Http404
        return HttpResponse()


@zoo(RIGHT, "GET", is_read=False)
class InGetQueryset(ListView):
    model = Group
    template_name = "zoo.html"

    def get_queryset(self) -> Any:
        if not self.request.user.has_perm("auth.view_group"):
            raise PermissionDenied
        return super().get_queryset()


class AsyncPlain(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class AsyncClosed(LoginRequiredMixin, AsyncPlain):
    raise_exception = True


shows(AsyncPlain.as_view(), ANYBODY, name="AsyncPlain")
shows(login_required(AsyncPlain.as_view()), USER, name="AsyncDecorated")
shows(login_required(Plain.as_view()), USER, "GET POST", name="DecoratedView")
shows(csrf_exempt(never_cache(LoggedIn.as_view())), USER, "GET POST", name="DecoratedLoggedIn")
shows(key_required(Plain.as_view()), RIGHT, "GET POST", name="KeyedView")
shows(Plain.as_view(http_method_names=["get"]), ANYBODY, name="OnlyGet")
shows(require_GET(LoggedIn.as_view()), USER, name="RequireGet")


class ClosedAsView(Plain):
    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:  # type: ignore[override]
        return login_required(super().as_view(**initkwargs))


shows(ClosedAsView.as_view(), USER, "GET POST", name="ClosedAsView")
shows(TemplateView.as_view(template_name="zoo.html"), ANYBODY, name="Template")
shows(RedirectView.as_view(url="/plain/"), ANYBODY, name="Redirecting")
shows(ListView.as_view(model=Group, template_name="zoo.html"), ANYBODY, name="Listing")


class Details(DetailView):
    model = Group
    template_name = "zoo.html"


class Creating(PermissionRequiredMixin, CreateView):
    model = Group
    fields = ("name",)
    template_name = "zoo.html"
    permission_required = "auth.add_group"


class Deleting(LoginRequiredMixin, DeleteView):
    model = Group
    template_name = "zoo.html"
    success_url = "/"


def at(
    route: str, view: Any, by_method: dict[str, str], *, shown: str = "", is_read: bool = True
) -> None:
    urlpatterns.append(view if not callable(view) else path(route, view))
    TRUTH.append(Truth(f"/{shown or route}", by_method, is_read))


at("details/<int:pk>/", Details.as_view(), {"GET": ANYBODY})
at("creating/", Creating.as_view(), dict.fromkeys(("GET", "POST", "PUT"), RIGHT))
at(
    "deleting/<slug:slug>/",
    Deleting.as_view(slug_field="name"),
    dict.fromkeys(("GET", "POST", "DELETE"), USER),
)
at(
    "",
    re_path(r"^regex/(?P<year>[0-9]{4})/(?:page-(?P<page>\d+)/)?$", login_required(answer)),
    {"GET": USER},
    shown="regex/<year>/",
)
at(
    "",
    re_path(r"^unnamed/(\w+)-(a|b)/$", fresh_positional := lambda request, *args: HttpResponse()),
    {"GET": ANYBODY},
    shown="unnamed/<var>-<var>/",
)
at("uuid/<uuid:key>/<path:rest>", login_required(answer), {"GET": USER})


class Atom(Feed):
    title, link, description = "t", "/", "d"

    def items(self) -> list[Any]:
        return []


shows(Atom(), ANYBODY, name="Atom")
shows(login_required(Atom()), USER, name="AtomClosed")
shows(i18n.JavaScriptCatalog.as_view(), ANYBODY, name="Catalog")
shows(i18n.set_language, ANYBODY, "POST", name="set_language")
TRUTH[-1] = Truth("/set_language/", {"GET": ANYBODY, "POST": ANYBODY})
at("files/<path:path>", functools.partial(static.serve, document_root="/nowhere"), {"GET": ANYBODY})


# -- Django's own logins -------------------------------------------------------------------------

_AUTH = {
    "login": (auth_views.LoginView, ANYBODY, "GET POST PUT"),
    "logout": (auth_views.LogoutView, ANYBODY, "POST"),
    "password_change": (auth_views.PasswordChangeView, USER, "GET POST PUT"),
    "password_change_done": (auth_views.PasswordChangeDoneView, USER, "GET"),
    "password_reset": (auth_views.PasswordResetView, ANYBODY, "GET POST PUT"),
    "password_reset_done": (auth_views.PasswordResetDoneView, ANYBODY, "GET"),
    "password_reset_complete": (auth_views.PasswordResetCompleteView, ANYBODY, "GET"),
}
for _name, (_view, _access, _methods) in _AUTH.items():
    shows(_view.as_view(template_name="zoo.html"), _access, _methods, name=_name)
at(
    "reset/<uidb64>/<token>/",
    auth_views.PasswordResetConfirmView.as_view(template_name="zoo.html"),
    dict.fromkeys(("GET", "POST", "PUT"), ANYBODY),
)


# -- REST framework ------------------------------------------------------------------------------


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ("id", "name")


@zoo(USER, "GET POST")
class Api(APIView):
    def get(self, request: Request) -> Response:
        return Response({})

    def post(self, request: Request) -> Response:
        return Response({})


@zoo(ANYBODY, "GET POST")
class ApiOpen(Api):
    permission_classes = [permissions.AllowAny]


@zoo(ANYBODY, "GET POST")
class ApiEmptied(Api):
    permission_classes: list[Any] = []


@zoo(STAFF, "GET POST")
class ApiStaff(Api):
    permission_classes = [permissions.IsAdminUser]


class IsReader(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.method == "GET"


class AnybodyPasses(permissions.BasePermission):
    """Named like a lock, and open: IsAuthenticated with the return forgotten."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return True


class IsEditor(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        user = request.user
        return bool(user.is_authenticated and user.groups.filter(name="editors").exists())


class HasKey(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.headers.get("X-Key") == "s3cret"


class Fails(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        if settings.DEBUG:
            return True
        return bool(Group.objects.filter(name="open").exists())


def api(access: str, *classes: Any, name: str, is_read: bool = True) -> None:
    shows(
        Api.as_view(permission_classes=list(classes)),
        access,
        "GET POST",
        name=name,
        is_read=is_read,
    )


api(ANYBODY, permissions.AllowAny, name="ApiInitkwargsOpen")
api(USER, permissions.IsAuthenticated, name="ApiInitkwargsClosed")
api(ANYBODY, AnybodyPasses, name="ApiForgotten")
api(RIGHT, IsEditor, name="ApiEditor")
api(RIGHT, HasKey, name="ApiKeyed")
api(RIGHT, Fails, name="ApiLooksUp", is_read=False)
api(ANYBODY, permissions.IsAuthenticated | permissions.AllowAny, name="ApiOr")
api(USER, permissions.IsAuthenticated & permissions.AllowAny, name="ApiAnd")
api(ANYBODY, ~permissions.IsAdminUser, name="ApiNot")
api(USER, permissions.IsAuthenticated & ~permissions.IsAdminUser, name="ApiAndNot")
api(STAFF, (permissions.IsAuthenticated & permissions.IsAdminUser) | HasKey, name="ApiNested")
shows(
    Api.as_view(permission_classes=[permissions.IsAuthenticatedOrReadOnly]),
    ANYBODY,
    name="ApiReadOnly",
)
TRUTH[-1].by_method.update(POST=USER)
shows(
    Api.as_view(permission_classes=[IsReader | permissions.IsAdminUser]), ANYBODY, name="ApiReader"
)
TRUTH[-1].by_method.update(POST=STAFF)


class _ApiDeciding(Api):
    def get_permissions(self) -> list[Any]:
        if self.request.method == "POST":
            return [permissions.IsAdminUser()]
        return []


shows(_ApiDeciding.as_view(), ANYBODY, name="ApiDeciding")
TRUTH[-1].by_method.update(POST=STAFF)


@zoo(USER, "GET POST")
class ApiChecking(ApiOpen):
    def check_permissions(self, request: Any) -> None:
        if not request.user.is_authenticated:
            raise NotAuthenticated
        super().check_permissions(request)


@zoo(USER, "GET POST")
class ApiInitial(ApiOpen):
    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.user.is_anonymous:
            self.permission_denied(request)


@zoo(USER, "GET POST")
class ApiMixed(LoginRequiredMixin, ApiOpen):
    """Django's mixin in front of a view of DRF."""


class _ApiOneMethod(ApiOpen):
    @method_decorator(cache_page(60))
    def get(self, request: Request) -> Response:
        return super().get(request)


shows(_ApiOneMethod.as_view(), ANYBODY, "GET POST", name="ApiOneMethod")
shows(login_required(ApiOpen.as_view()), USER, "GET POST", name="ApiDecorated")


class Guest(BaseAuthentication):
    """Logs everybody in as a guest."""

    def authenticate(self, request: Any) -> Any:
        return User(pk=1, username="guest", is_staff=True), None


shows(Api.as_view(authentication_classes=[Guest]), ANYBODY, "GET POST", name="ApiGuest")
shows(Api.as_view(authentication_classes=[TokenAuthentication]), USER, "GET POST", name="ApiToken")
shows(ObtainAuthToken.as_view(), ANYBODY, "POST", name="ObtainToken")


@zoo(USER)
@api_view(["GET"])
def api_function(request: Request) -> Response:
    return Response({})


@zoo(ANYBODY, "GET POST")
@api_view(["GET", "POST"])
@permission_classes([permissions.AllowAny])
@authentication_classes([])
@throttle_classes([])
def api_function_open(request: Request) -> Response:
    return Response({"name": request.data.get("name")})


@zoo(STAFF)
@api_view(["GET"])
@permission_classes([permissions.IsAdminUser])
def api_function_staff(request: Request) -> Response:
    return Response({})


@zoo(USER, is_read=False)
@api_view(["GET"])
@permission_classes([permissions.AllowAny])
def api_function_inside(request: Request) -> Response:
    if not request.user.is_authenticated:
        return Response({}, status=403)
    return Response({})


class GroupList(generics.ListCreateAPIView):
    queryset = Group.objects.all()
    serializer_class = GroupSerializer
    permission_classes = [permissions.DjangoModelPermissionsOrAnonReadOnly]


class GroupDetail(generics.RetrieveUpdateDestroyAPIView):
    queryset = Group.objects.all()
    serializer_class = GroupSerializer
    permission_classes = [permissions.DjangoModelPermissions]


at("api/groups/", GroupList.as_view(), {"GET": ANYBODY, "POST": RIGHT})
at(
    "api/groups/<int:pk>/",
    GroupDetail.as_view(),
    {"GET": USER, "PUT": RIGHT, "PATCH": RIGHT, "DELETE": RIGHT},
)


class Groups(viewsets.ModelViewSet):
    """The hole that only asking finds: DELETE for strangers, under a closed default."""

    queryset = Group.objects.all()
    serializer_class = GroupSerializer
    lookup_value_regex = "[0-9]+"

    def get_permissions(self) -> list[Any]:
        if self.action == "destroy":
            return []
        return super().get_permissions()

    @action(detail=False, permission_classes=[permissions.AllowAny])
    def recent(self, request: Request) -> Response:
        return Response([])

    @public(reason="The zoo is open to visitors.")
    @action(detail=False, methods=["get", "post"])
    def visitors(self, request: Request) -> Response:
        return Response([])

    @action(detail=True, methods=["post"], permission_classes=[permissions.IsAdminUser])
    def archive(self, request: Request, pk: str) -> Response:
        return Response({})

    @archive.mapping.delete
    def unarchive(self, request: Request, pk: str) -> Response:
        return Response({})

    @action(detail=False, methods=["post"], url_path=r"named/(?P<word>\w+)")
    def named(self, request: Request, word: str) -> Response:
        return Response({})


class ReadGroups(mixins.ListModelMixin, viewsets.GenericViewSet):
    queryset = Group.objects.all()
    serializer_class = GroupSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]


class Bare(viewsets.ViewSet):
    permission_classes = [permissions.IsAdminUser]

    def list(self, request: Request) -> Response:
        return Response([])

    @method_decorator(never_cache)
    def create(self, request: Request) -> Response:
        return Response({})


router = DefaultRouter()
router.register("groups", Groups, basename="group")
nested = SimpleRouter(trailing_slash=False)
nested.register("reads", ReadGroups, basename="read")
nested.register("bare", Bare, basename="bare")
urlpatterns += [
    path("router/", include(router.urls)),
    path("<int:tenant>/v1/", include((nested.urls, "nested"), namespace="inner")),
]
for _suffix in ("/", ".<format>"):
    TRUTH += [
        Truth(f"/router/groups{_suffix}", {"GET": USER, "POST": USER}),
        Truth(f"/router/groups/recent{_suffix}", {"GET": ANYBODY}),
        Truth(f"/router/groups/named/<word>{_suffix}", {"POST": USER}),
        Truth(f"/router/groups/visitors{_suffix}", {"GET": ANYBODY, "POST": ANYBODY}),
        Truth(
            f"/router/groups/<pk>{_suffix}",
            {"GET": USER, "PUT": USER, "PATCH": USER, "DELETE": ANYBODY},
        ),
        Truth(f"/router/groups/<pk>/archive{_suffix}", {"POST": STAFF, "DELETE": STAFF}),
    ]
TRUTH += [
    Truth("/router/", {"GET": USER}),
    Truth("/router/<drf_format_suffix:format>", {"GET": USER}),
    Truth("/<int:tenant>/v1/reads", {"GET": ANYBODY}),
    Truth("/<int:tenant>/v1/bare", {"GET": STAFF, "POST": STAFF}),
]


# -- Async REST framework ------------------------------------------------------------------------


@zoo(USER)
class AsyncApi(AsyncAPIView):
    async def get(self, request: Any) -> Response:
        return Response({})


@zoo(ANYBODY)
class AsyncApiOpen(AsyncApi):
    permission_classes = [permissions.AllowAny]


class AsyncPermission(permissions.BasePermission):
    async def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user and request.user.is_staff)


@zoo(STAFF)
class AsyncApiStaff(AsyncApi):
    permission_classes = [AsyncPermission]


@zoo(USER)
@async_api_view(["GET"])
async def async_api_function(request: Any) -> Response:
    return Response({})


# -- The admin -----------------------------------------------------------------------------------


class GroupAdmin(admin.ModelAdmin):
    def get_urls(self) -> list[Any]:
        return [
            path("report/", self.admin_site.admin_view(self.report)),
            path("forgotten/", self.report),
            *super().get_urls(),
        ]

    def report(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class ShownToAll(admin.ModelAdmin):
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


site = admin.AdminSite(name="zoo-admin")
site.register(Group, GroupAdmin)
site.register(User, ShownToAll)
urlpatterns.append(path("admin/", site.urls))
TRUTH += [
    Truth("/admin/", {"GET": STAFF}),
    Truth("/admin/login/", {"GET": ANYBODY, "POST": ANYBODY}),
    Truth("/admin/password_change/", {"GET": STAFF}),
    Truth("/admin/password_change/done/", {"GET": STAFF}),
    Truth("/admin/auth/group/report/", {"GET": STAFF}),
    Truth("/admin/auth/group/forgotten/", {"GET": ANYBODY}),
    Truth("/admin/auth/group/", {"GET": RIGHT, "POST": RIGHT}),
    Truth("/admin/auth/group/add/", {"GET": RIGHT, "POST": RIGHT}),
    Truth("/admin/auth/group/<path:object_id>/change/", {"GET": RIGHT, "POST": RIGHT}),
    Truth("/admin/auth/group/<path:object_id>/delete/", {"GET": RIGHT, "POST": RIGHT}),
    Truth("/admin/auth/user/", {"GET": STAFF, "POST": STAFF}),
]
shows(login_not_required(fresh()), ANYBODY, name="marked_public")


# -- What this package brings --------------------------------------------------------------------


api(RIGHT, hardened.DenyByDefault, name="DeniedByDefault")
api(USER, hardened.IsAuthenticated, name="HardenedAuthenticated")
api(RIGHT, hardened.HasScope, name="ScopeUndeclared")


@zoo(RIGHT)
class Scoped(generics.ListAPIView):
    authentication_classes = [APIKeyAuthentication]
    permission_classes = [hardened.HasScope]
    required_scopes = ["groups:read"]
    queryset = Group.objects.order_by("pk")
    serializer_class = GroupSerializer


@zoo(USER)
class PeopleOrScoped(Scoped):
    authentication_classes = [APIKeyAuthentication, SessionAuthentication]
    permission_classes = [hardened.SessionOrHasScope]


@zoo(RIGHT)
class ScopedWithoutSessions(Scoped):
    permission_classes = [hardened.SessionOrHasScope]


class CameBySession(permissions.BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.successful_authenticator, SessionAuthentication)


@zoo(USER)
class BySessionOnly(Scoped):
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [CameBySession]


@zoo(USER)
class ByToken(Scoped):
    authentication_classes = [TokenAuthentication]
    permission_classes = [permissions.IsAuthenticated]


@zoo(RIGHT)
class GuardsReading(Scoped):
    authentication_classes = [SessionAuthentication]
    permission_classes = [hardened.DjangoModelPermissions]


@zoo(ANYBODY)
@public(reason="The zoo is open to visitors.")
def public_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@zoo(ANYBODY, "GET POST")
@public(reason="The zoo is open to visitors.")
class PublicApi(Api):
    pass


@zoo(ANYBODY)
class PublicMethod(Api):
    @public(reason="The zoo is open to visitors.")
    def get(self, request: Request) -> Response:
        return Response({})


TRUTH[-1].by_method.update(POST=USER)
