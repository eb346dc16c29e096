"""What the audit says of an endpoint, beside who may call it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import audit_support
import pytest
import zoo_site
from audit_support import audited
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.test import override_settings
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy, override
from django.views import View
from django.views.decorators.cache import cache_control, cache_page, never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from rest_framework import permissions, throttling
from rest_framework.authentication import TokenAuthentication
from rest_framework.views import APIView

from django_hardened.audit import inference
from django_hardened.audit.endpoints import Access, Kind
from django_hardened.ratelimit.decorators import ratelimit

HERE = Path(__file__)


def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse()


class Closed(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class Api(APIView):
    def get(self, request: Any) -> None:
        """Answers nothing."""


# -- Paths ---------------------------------------------------------------------------------------


def test_paths_and_names_are_those_that_people_write() -> None:
    inner = [
        path("<int:pk>/", view, name="one"),
        re_path(r"^(?P<year>[0-9]{4})/(?:page-(?P<page>[0-9]+)/)?$", view),
        re_path(r"^\d+/$", view),
    ]
    found = audited(path("api/", include((inner, "app"), namespace="v1")), path("", view))
    assert {each.path: each.name for each in found.values()} == {
        "/api/<int:pk>/": "v1:one",
        "/api/<year>/": None,
        "/api/1/": None,
        "/": None,
    }


def test_the_language_of_a_path_is_the_active_one() -> None:
    patterns = i18n_patterns(path(gettext_lazy("news/"), view))
    languages = [("de", "German"), ("en", "English")]
    with override_settings(LANGUAGES=languages), override("de"):
        found = audited(*patterns)
    assert found["GET"].path == "/de/news/"
    assert found["GET"].access is Access.ANONYMOUS


def test_arguments_of_the_urlconf_reach_the_decorators() -> None:
    def gate(function: Any) -> Any:
        def wrapper(request: Any, *args: Any, public: bool = False, **kwargs: Any) -> Any:
            if not public and not request.user.is_authenticated:
                raise PermissionDenied
            return function(request, *args, **kwargs)

        return wrapper

    gated = gate(view)
    inner = [path("a/", gated), path("b/", gated, {"public": False})]
    found = audited(path("open/", include(inner), {"public": True}), path("closed/", gated))
    assert {key: each.access.value for key, each in found.items()} == {
        "GET /open/a/": "anonymous",
        "GET /open/b/": "authenticated",
        "GET /closed/": "authenticated",
    }


def test_a_pattern_of_another_make_is_shown_as_it_is() -> None:
    class Broken:
        regex = None
        name = None
        converters: dict[str, Any] = {}

        def __str__(self) -> str:
            return "odd("

    assert inference.Subject(_route(Broken())).route.path == "/odd("


def _route(pattern: Any) -> Any:
    from django_hardened.audit.urlconf import Route

    return Route((pattern,), view, None)


# -- Where it is written -------------------------------------------------------------------------


def test_the_place_is_the_function_the_method_or_the_class() -> None:
    class Child(Closed):
        def post(self, request: HttpRequest) -> HttpResponse:
            return super().post(request)

    lines = HERE.read_text().splitlines()
    found = audited(path("f/", login_required(view)), path("c/", Child.as_view()))
    told = {
        key: (each.file, lines[(each.line or 0) - 1].split("(")[0]) for key, each in found.items()
    }
    assert told == {
        "GET /f/": ("tests/audit/test_inventory.py", "def view"),
        "GET /c/": ("tests/audit/test_inventory.py", "    class Child"),
        "POST /c/": ("tests/audit/test_inventory.py", "        def post"),
    }


def test_views_of_packages_are_told_from_those_of_the_project() -> None:
    found = audited(path("login/", auth_views.LoginView.as_view()), path("own/", view))
    assert found["GET /login/"].is_third_party
    assert not found["GET /own/"].is_third_party
    assert found["GET /login/"].file == "django/contrib/auth/views.py"


def test_a_view_of_the_admin_is_named_by_its_model_admin() -> None:
    found = audited(path("admin/", zoo_site.site.urls))
    changelist = found["GET /admin/auth/group/"]
    assert changelist.view == "zoo_site.GroupAdmin.changelist_view"
    assert changelist.kind is Kind.ADMIN
    assert not changelist.is_third_party
    assert changelist.permissions == ("auth.view_group", "auth.change_group")


# -- Permissions, authenticators, limits ---------------------------------------------------------


def test_permissions_of_django_are_told_by_name() -> None:
    class Mixed(PermissionRequiredMixin, Closed):
        permission_required = ("auth.view_user",)

    decorated = permission_required(("auth.add_user", "auth.view_user"))(login_required(view))
    assert audited(decorated)["GET"].permissions == (
        "auth.add_user",
        "auth.view_user",
        "login_required",
    )
    assert audited(Mixed.as_view())["GET"].permissions == ("auth.view_user",)


def test_permissions_of_rest_framework_are_told_as_they_are_composed() -> None:
    composed = (permissions.IsAuthenticated & ~permissions.IsAdminUser) | permissions.AllowAny
    found = audited(Api.as_view(permission_classes=[composed, permissions.IsAdminUser]))
    assert found["GET"].permissions == (
        "((IsAuthenticated & ~IsAdminUser) | AllowAny)",
        "IsAdminUser",
    )


def test_permissions_that_fail_are_unknown_and_named_no_more() -> None:
    class Failing(Api):
        def get_permissions(self) -> Any:
            raise RuntimeError

    endpoint = audited(Failing.as_view())["GET"]
    assert (endpoint.access, endpoint.permissions) == (Access.UNKNOWN, ())
    assert endpoint.note == "RuntimeError when asked"


def test_mixins_that_cannot_name_their_permissions_still_keep_out() -> None:
    class Mixed(PermissionRequiredMixin, Closed):
        def has_permission(self) -> bool:
            return False

    endpoint = audited(Mixed.as_view())["GET"]
    assert (endpoint.access, endpoint.permissions) == (
        Access.PERMISSION,
        ("get_permission_required",),
    )


def test_authenticators_and_limits_of_rest_framework_are_told() -> None:
    class Burst(throttling.UserRateThrottle):
        rate = "7/min"

    class Off(throttling.AnonRateThrottle):
        THROTTLE_RATES = {"anon": None}

    class Own(throttling.BaseThrottle):
        """Counts as it likes."""

    classes = [Burst, Off, Own, throttling.ScopedRateThrottle]
    found = audited(
        Api.as_view(throttle_classes=classes, authentication_classes=[TokenAuthentication])
    )
    assert found["GET"].authenticators == ("TokenAuthentication",)
    assert found["GET"].throttles == ("Burst: 7/min", "Own: ?")


@pytest.mark.django_db
@pytest.mark.parametrize("ask", [audited, audit_support.called])
def test_without_django_s_middleware_nobody_has_come_by_a_session(ask: Any) -> None:
    view = zoo_site.PeopleOrScoped.as_view()
    middleware = ["django.contrib.sessions.middleware.SessionMiddleware"]
    assert ask(view)["GET"].access is Access.AUTHENTICATED
    assert ask(view, MIDDLEWARE=middleware)["GET"].access is Access.PERMISSION
    told = ask(zoo_site.ByToken.as_view(), MIDDLEWARE=middleware)["GET"]
    assert told.access is Access.AUTHENTICATED


def test_a_scoped_limit_is_told_with_the_rate_of_its_scope() -> None:
    class Scoped(throttling.ScopedRateThrottle):
        THROTTLE_RATES = {"uploads": "3/h"}

    class Uploads(Api):
        throttle_scope = "uploads"

    found = audited(Uploads.as_view(throttle_classes=[Scoped]))
    assert found["GET"].throttles == ("Scoped: 3/h",)


def test_limits_of_decorators_are_told() -> None:
    limited = ratelimit(key="ip", rate="5/m")(ratelimit(key="user", rate="9/h")(view))
    assert audited(limited)["GET"].throttles == ("ratelimit: 5/m", "ratelimit: 9/h")
    assert audited(ratelimit(key="ip")(view))["GET"].throttles == ()
    peer = zoo_site.peer_ratelimit(key="ip", rate="4/m")(view)
    assert audited(peer)["GET"].throttles == ("ratelimit: 4/m",)


# -- Marks ---------------------------------------------------------------------------------------

CSRF = "django.middleware.csrf.CsrfViewMiddleware"


@pytest.mark.parametrize(
    ("decorated", "middleware", "is_exempt"),
    [
        (view, [CSRF], False),
        (csrf_exempt(view), [CSRF], True),
        (view, [], True),
        (csrf_protect(view), [], False),
        (login_required(csrf_protect(view)), [], False),
        (Api.as_view(), [CSRF], False),
        (Api.as_view(authentication_classes=[TokenAuthentication]), [CSRF], True),
    ],
)
def test_what_takes_forms_from_any_site_is_told(
    decorated: Any, middleware: list[str], is_exempt: bool
) -> None:
    assert audited(decorated, MIDDLEWARE=middleware)["GET"].csrf_exempt is is_exempt


@pytest.mark.parametrize(
    ("decorator", "told"),
    [
        (lambda each: each, None),
        (never_cache, "never_cache"),
        (cache_page(60), "cache_page 60 s"),
        (cache_control(private=True, max_age=9), "cache_control private, max-age=9"),
        (lambda each: never_cache(cache_page(1)(each)), "never_cache, cache_page 1 s"),
    ],
)
def test_what_caches_are_told_is_told(decorator: Any, told: str | None) -> None:
    assert audited(decorator(view))["GET"].cache == told


def test_a_mark_says_why_a_view_is_public() -> None:
    def public(each: Any, reason: str = "News.") -> Any:
        each.public_reason = reason
        return each

    class OneMethod(Closed):
        post = public(lambda self, request: HttpResponse(), "Mail.")

    class Actions(zoo_site.ReadGroups):
        list = public(lambda self, request: HttpResponse(), "A list.")

    marked = public(lambda request: HttpResponse())
    assert audited(never_cache(marked))["GET"].public_reason == "News."
    assert audited(public(never_cache(view)))["GET"].public_reason == "News."
    assert audited(public(type("Marked", (Closed,), {})).as_view())["GET"].public_reason == "News."
    found = audited(OneMethod.as_view())
    assert (found["GET"].public_reason, found["POST"].public_reason) == (None, "Mail.")
    assert audited(Actions.as_view({"get": "list"}))["GET"].public_reason == "A list."


def test_a_mark_that_is_no_text_is_none() -> None:
    def marked(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    marked.public_reason = True  # type: ignore[attr-defined]
    assert audited(marked)["GET"].public_reason is None


# -- Middleware ----------------------------------------------------------------------------------

LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


class Gate:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if not request.user.is_authenticated and not request.path.startswith("/open/"):
            return JsonResponse({}, status=401)
        return self.get_response(request)


class ViewGate(Gate):
    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(self, request: Any, function: Any, args: Any, kwargs: Any) -> Any:
        return None if request.user.is_staff else HttpResponse(status=403)


class Demanding(Gate):
    def __call__(self, request: Any) -> Any:
        return self.get_response(request.what_another_middleware_adds)


def broken(get_response: Any) -> Any:
    raise RuntimeError


def test_django_asks_for_a_login_but_where_a_mark_says_not() -> None:
    found = audited(
        path("a/", view),
        path("b/", zoo_site.login_not_required(zoo_site.fresh())),
        path("c/", Api.as_view(permission_classes=[permissions.AllowAny])),
        MIDDLEWARE=[LOGIN_REQUIRED],
    )
    assert {key: each.access.value for key, each in found.items()} == {
        "GET /a/": "authenticated",
        "GET /b/": "anonymous",
        "GET /c/": "anonymous",
    }
    assert found["GET /a/"].permissions == ("LoginRequiredMiddleware",)


def test_a_middleware_of_the_project_is_asked_for_each_path() -> None:
    found = audited(path("a/", view), path("open/", view), MIDDLEWARE=[f"{__name__}.Gate"])
    assert {key: each.access.value for key, each in found.items()} == {
        "GET /a/": "authenticated",
        "GET /open/": "anonymous",
    }


def test_a_middleware_may_look_at_the_view() -> None:
    endpoint = audited(view, MIDDLEWARE=[f"{__name__}.ViewGate"])["GET"]
    assert (endpoint.access, endpoint.permissions) == (Access.STAFF, ("ViewGate",))


def test_a_middleware_that_cannot_be_asked_keeps_nobody_out() -> None:
    names = [f"{__name__}.{each}" for each in ("Demanding", "broken", "missing")]
    assert audited(view, MIDDLEWARE=names)["GET"].access is Access.ANONYMOUS


# -- What cannot be known ------------------------------------------------------------------------


def test_a_class_that_cannot_be_instantiated_is_unknown() -> None:
    class Odd(Closed):
        def __init__(self, **kwargs: Any) -> None:
            raise RuntimeError

    found = audited(Odd.as_view())
    assert {each.access for each in found.values()} == {Access.UNKNOWN}
    assert found["GET"].note == "its class cannot be instantiated"


def test_a_decorator_that_hides_its_view_is_unknown() -> None:
    def hiding(function: Any) -> Any:
        kept = SimpleNamespace(inner=function)

        def wrapper(request: HttpRequest) -> Any:
            return kept.inner(request)

        wrapper.__wrapped__ = function  # type: ignore[attr-defined]
        return wrapper

    endpoint = audited(hiding(lambda request: HttpResponse()))["GET"]
    assert endpoint.access is Access.UNKNOWN
    assert "hiding" in endpoint.note


def test_an_answer_in_the_place_of_the_view_is_unknown() -> None:
    @zoo_site.logged
    def inner(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    def answering(function: Any) -> Any:
        def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
            return function(request) if request.user.is_authenticated else HttpResponse("hello")

        return wrapper

    def replacing(function: Any) -> Any:
        def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
            return function(request) if request.method == "PURGE" else None

        return wrapper

    assert audited(answering(inner))["GET"].note == "a decorator answers 200 in its place"
    endpoint = audited(replacing(inner))["GET"]
    assert (endpoint.access, endpoint.note) == (Access.UNKNOWN, "it answers with no response")


def test_a_path_that_answers_404_to_everybody_may_answer_another_otherwise() -> None:
    class Hidden(Closed):
        def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            raise Http404

    found = audited(path("a/", Hidden.as_view()), path("b/<slug:name>/", Hidden.as_view()))
    assert found["GET /a/"].access is Access.PERMISSION
    assert found["GET /b/<slug:name>/"].access is Access.UNKNOWN


def test_a_method_that_the_view_denies_to_have_is_not_listed() -> None:
    class Denying(Closed):
        def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method == "POST":
                return self.http_method_not_allowed(request)
            return super().dispatch(request, *args, **kwargs)

    assert set(audited(Denying.as_view())) == {"GET"}


def test_no_database_and_no_cache_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.cache import cache
    from django.db.backends.base.base import BaseDatabaseWrapper

    asked: list[object] = []
    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", asked.append)
    cache.set("audit", "before")
    audited(path("a/", cache_page(60)(view)), path("b/", zoo_site.passing_group))
    assert asked == []
    assert cache.get("audit") == "before"


def test_progress_is_told_by_pattern() -> None:
    told: list[tuple[int, int]] = []
    from django_hardened.audit.inventory import inventory

    with audit_support.urls(path("a/", view), path("b/", view)):
        inventory(progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
