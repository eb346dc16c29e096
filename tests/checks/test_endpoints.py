"""What is open and undeclared, before a deploy."""

from __future__ import annotations

from typing import Any

import pytest
from catalogue_support import codes, findings
from checks_api_support import plain_view, public_function
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from findings_support import subjects
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.decorators import api_view
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened.audit.inventory import audit
from django_hardened.checks import api, endpoints, rest_framework
from django_hardened.public import public


class Writes(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        return Response()


class Closed(Writes):
    permission_classes = [IsAuthenticated]


class Decides(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response(status=200 if request.headers.get("X") else 403)


@public(reason="News are there to be read.")
def marked(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _urls(*views: Any) -> tuple[Any, ...]:
    return tuple(path(f"{number}/", view) for number, view in enumerate(views))


def test_an_open_api_view_is_an_error_and_a_page_a_warning() -> None:
    found = findings(endpoints, ROOT_URLCONF=_urls(public_function, Writes.as_view(), plain_view))
    assert subjects(found) == [
        f"{__name__}.Writes",
        "checks_api_support.public_function",
        "checks_api_support.plain_view",
    ]
    assert [str(each.id)[-4:] for each in found] == ["E480", "E480", "W482"]
    assert "POST /1/" in found[0].msg
    assert "audit_endpoints --write" in str(found[0].hint)


def test_what_cannot_be_known_is_an_error_of_an_api() -> None:
    [found] = findings(endpoints, ROOT_URLCONF=_urls(Decides.as_view()))
    assert found.id == "django_hardened.E481"
    assert "its own code may turn people away" in found.msg


@pytest.mark.parametrize(
    "view",
    [Closed.as_view(), LoginView.as_view(), marked, APIView.as_view()],
    ids=["closed", "login", "marked", "empty"],
)
def test_what_is_closed_declared_or_of_django_is_not_found(view: Any) -> None:
    assert codes(endpoints, ROOT_URLCONF=_urls(view)) == []


def test_a_declaration_closes_a_finding_and_may_be_stale_or_malformed() -> None:
    entry = {"pattern": "/0/", "method": "GET", "reason": "News are there to be read."}
    urls = _urls(public_function)
    assert codes(endpoints, ROOT_URLCONF=urls, HARDENED_PUBLIC_ENDPOINTS=[entry]) == []
    gone = {**entry, "pattern": "/gone/"}
    assert codes(endpoints, ROOT_URLCONF=urls, HARDENED_PUBLIC_ENDPOINTS=[entry, gone, {}]) == [
        "W483",
        "W484",
    ]


def test_many_are_counted() -> None:
    def view(number: int) -> Any:
        attributes = {"permission_classes": [AllowAny], "post": Writes.post}
        cls: Any = type(f"V{number:02}", (APIView,), attributes)
        return cls.as_view()

    found = findings(endpoints, ROOT_URLCONF=_urls(*map(view, range(13))))
    assert len(found) == 11
    assert "3 more views" in found[-1].msg


@pytest.mark.parametrize("urlconf", ["no.such.module", None, ()], ids=["broken", "none", "empty"])
def test_without_a_urlconf_it_is_silent(urlconf: Any) -> None:
    assert codes(endpoints, ROOT_URLCONF=urlconf) == []


def _declared(pattern: str, method: str = "GET") -> dict[str, str]:
    return {"pattern": pattern, "method": method, "reason": "It is there to be read by anybody."}


_DEFAULT_OPEN = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}


def _rules(*views: Any, declared: list[Any]) -> list[str]:
    found = [
        each
        for module in (endpoints, rest_framework)
        for each in findings(
            module,
            ROOT_URLCONF=_urls(*views),
            REST_FRAMEWORK=_DEFAULT_OPEN,
            HARDENED_PUBLIC_ENDPOINTS=declared,
        )
    ]
    codes_found = {str(each.id)[-4:] for each in found}
    return sorted(codes_found & {"E401", "W402", "E480", "E481", "W482", "W483"})


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A view that relies on the default of REST framework, which admits anybody."""
    monkeypatch.setattr(APIView, "permission_classes", [AllowAny])

    @api_view()
    def inner(request: Request) -> Response:
        return Response()

    return inner


def test_what_relies_on_an_open_default_is_named_once_unless_it_is_declared(silent: Any) -> None:
    assert _rules(silent, declared=[]) == ["E401"]
    assert _rules(silent, Closed.as_view(), declared=[_declared("/0/")]) == ["W402"]


@pytest.mark.parametrize(
    "entry",
    [_declared("/1/"), _declared("/0/", "POST"), {**_declared("/0/"), "reason": ""}],
    ids=["path", "method", "reason"],
)
def test_a_declaration_of_something_else_takes_nothing_away(silent: Any, entry: Any) -> None:
    assert "E401" in _rules(silent, declared=[entry])


def test_a_view_under_two_paths_is_declared_when_both_are(silent: Any) -> None:
    assert _rules(silent, silent, declared=[_declared("/0/")]) == ["E401"]
    assert _rules(silent, silent, declared=[_declared("/0/"), _declared("/1/")]) == ["W402"]


def test_a_function_in_a_function_has_one_name(silent: Any) -> None:
    with override_settings(ROOT_URLCONF=_urls(silent)):
        [view] = api.views()
        [endpoint] = audit()
    assert view.name == endpoint.view
    assert view.name.endswith("silent.<locals>.inner")


def test_declarations_that_declare_nothing_are_counted() -> None:
    found = findings(endpoints, ROOT_URLCONF=_urls(marked), HARDENED_PUBLIC_ENDPOINTS=[{}] * 12)
    assert len(found) == 11
    assert "2 more entries" in found[-1].msg
    found = findings(endpoints, ROOT_URLCONF=_urls(marked), HARDENED_PUBLIC_ENDPOINTS=[{}] * 11)
    assert "1 more entry" in found[-1].msg


# -- What is close to a finding, and is none -----------------------------------------------------


class DecidesOnData(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response(status=200 if request.query_params.get("page") else 400)


class DecidesBehindALogin(Decides):
    permission_classes = [IsAuthenticated]


@pytest.mark.parametrize(
    ("view", "found"),
    [(DecidesOnData.as_view(), ["E480"]), (DecidesBehindALogin.as_view(), [])],
    ids=["open", "closed"],
)
def test_what_looks_at_the_request_can_be_known_all_the_same(view: Any, found: list[str]) -> None:
    assert codes(endpoints, ROOT_URLCONF=_urls(view)) == found


@pytest.mark.parametrize("method", ["GET", "*", ["GET", "POST"]])
def test_what_may_turn_people_away_by_itself_can_be_declared(method: Any) -> None:
    entry = _declared("/0/", method)
    urls = _urls(Decides.as_view())
    assert codes(endpoints, ROOT_URLCONF=urls, HARDENED_PUBLIC_ENDPOINTS=[entry]) == []


def test_a_page_behind_a_login_is_not_found() -> None:
    assert codes(endpoints, ROOT_URLCONF=_urls(login_required(plain_view))) == []
    required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    assert codes(endpoints, ROOT_URLCONF=_urls(plain_view), MIDDLEWARE=[required]) == []


def test_a_page_that_may_turn_people_away_by_itself_is_left_to_the_audit() -> None:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200 if request.user.is_authenticated else 403)

    with override_settings(ROOT_URLCONF=_urls(page)):
        assert [each.access.value for each in audit()] == ["unknown"]
    assert codes(endpoints, ROOT_URLCONF=_urls(page)) == []


@pytest.mark.parametrize("pattern", ["/0/", "/*0/", "/1/"])
@pytest.mark.parametrize("method", ["GET", "*"])
def test_a_declaration_that_something_open_needs_is_not_stale(pattern: str, method: str) -> None:
    views = [public_function, Closed.as_view()] if "0" in pattern else [plain_view] * 2
    found = codes(
        endpoints,
        ROOT_URLCONF=_urls(*views),
        HARDENED_PUBLIC_ENDPOINTS=[_declared(pattern, method)],
    )
    assert "W483" not in found


def test_a_view_of_a_package_is_named_as_one() -> None:
    [found] = findings(endpoints, ROOT_URLCONF=_urls(obtain_auth_token))
    assert "authtoken.views.ObtainAuthToken, which a package brings along" in found.msg
    assert "by the settings of its package" in str(found.hint)
    assert "public(reason=" not in str(found.hint)


def test_without_rest_framework_pages_are_judged_all_the_same() -> None:
    apps = ["django.contrib.auth", "django.contrib.contenttypes"]
    assert codes(endpoints, ROOT_URLCONF=_urls(plain_view), INSTALLED_APPS=apps) == ["W482"]
