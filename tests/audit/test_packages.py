"""Views of packages that decide in ways of their own: Django Ninja, guardian, rules."""

from __future__ import annotations

from typing import Any

import pytest
from audit_support import audited, called
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_hardened.audit.endpoints import Access, Kind
from django_hardened.public import public

ninja = pytest.importorskip("ninja", reason="Django Ninja is not installed")
security = pytest.importorskip("ninja.security")


class Keyed(security.APIKeyHeader):
    param_name = "X-Key"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return key == "s3cret" or None


class Bearer(security.HttpBearer):
    async def authenticate(self, request: HttpRequest, token: str) -> Any:
        return token == "s3cret" or None


def make_api(**options: Any) -> Any:
    api = ninja.NinjaAPI(urls_namespace=str(object()), docs_url=None, openapi_url=None, **options)

    @api.get("/open")
    def open_(request: HttpRequest) -> str:
        return ""

    @api.post("/key/{int:number}", auth=Keyed())
    def key(request: HttpRequest, number: int) -> str:
        return ""

    @api.get("/user", auth=security.django_auth)
    def user(request: HttpRequest) -> str:
        return ""

    @api.get("/staff", auth=security.django_auth_is_staff)
    def staff(request: HttpRequest) -> str:
        return ""

    @api.get("/either", auth=[Keyed(), security.django_auth])
    def either(request: HttpRequest, needed: int) -> str:
        return ""

    @api.api_operation(["PUT", "PATCH"], "/async", auth=Bearer())
    async def asynchronous(request: HttpRequest) -> str:
        return ""

    @api.get("/async")
    async def asynchronous_open(request: HttpRequest) -> str:
        return ""

    @api.get("/public")
    @public(reason="The zoo is open to visitors.")
    def public_operation(request: HttpRequest) -> str:
        return ""

    @api.get("/decorated")
    @login_required
    def decorated(request: HttpRequest) -> str:
        return ""

    return api


TRUTH = {
    "GET /api/open": "anonymous",
    "POST /api/key/<int:number>": "permission",
    "GET /api/user": "authenticated",
    "GET /api/staff": "staff",
    "GET /api/either": "authenticated",
    "PUT /api/async": "permission",
    "PATCH /api/async": "permission",
    "GET /api/async": "anonymous",
    "GET /api/public": "anonymous",
    "GET /api/decorated": "authenticated",
}


def urls_of(api: Any) -> Any:
    return path("api/", include((api.urls[0], "api")))


def operations(found: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in found.items() if key in TRUTH}


def test_operations_of_ninja_are_asked() -> None:
    found = audited(urls_of(make_api()))
    assert {key: each.access.value for key, each in operations(found).items()} == TRUTH
    assert {each.kind for each in operations(found).values()} == {Kind.NINJA}
    assert found["GET /api/either"].authenticators == ("Keyed", "SessionAuth")
    assert found["GET /api/open"].view.endswith("make_api.<locals>.open_")
    assert found["GET /api/public"].public_reason == "The zoo is open to visitors."
    assert found["GET /api/open"].public_reason is None
    assert found["GET /api/open"].file == "tests/audit/test_packages.py"


@pytest.mark.django_db
def test_calling_them_agrees() -> None:
    found = operations(called(urls_of(make_api())))
    told = {key: (each.probed.access.value, each.probed.agrees) for key, each in found.items()}
    # Of a call that is refused for want of an argument nobody knows whether the door was open.
    assert told == {key: (access, True) for key, access in TRUTH.items()}


def test_what_the_whole_api_asks_for_holds_for_its_operations() -> None:
    found = audited(urls_of(make_api(auth=security.django_auth)))
    assert found["GET /api/open"].access is Access.AUTHENTICATED


def test_decorators_around_ninja_are_asked_as_well() -> None:
    (pattern,) = [each for each in make_api().urls[0] if str(each.pattern) == "open"]
    found = audited(path("closed/", login_required(pattern.callback)))
    assert found["GET"].access is Access.AUTHENTICATED


def test_limits_of_ninja_are_told_and_not_counted() -> None:
    throttling = pytest.importorskip("ninja.throttling")
    api = make_api(throttle=[throttling.AnonRateThrottle("1/h")])
    found = audited(urls_of(api))
    assert found["GET /api/open"].throttles == ("AnonRateThrottle: 1/h",)
    assert audited(urls_of(api))["GET /api/open"].access is Access.ANONYMOUS


def test_nothing_of_an_operation_is_left_changed() -> None:
    api = make_api()
    operation = api.urls[0][0].callback.__closure__[0].cell_contents.operations[0]
    before = dict(vars(operation))
    audited(urls_of(api))
    assert vars(operation) == before


def test_decorators_of_guardian_are_asked() -> None:
    guardian = pytest.importorskip("guardian.decorators")

    def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse()

    found = audited(
        path("a/", guardian.permission_required("auth.change_group")(view)),
        path(
            "b/<str:name>/",
            guardian.permission_required("auth.change_group", (Group, "name", "name"))(view),
        ),
    )
    assert found["GET /a/"].access is Access.PERMISSION
    assert found["GET /b/<str:name>/"].access in {Access.PERMISSION, Access.UNKNOWN}


def test_decorators_of_rules_are_asked() -> None:
    views = pytest.importorskip("rules.contrib.views")

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    found = audited(views.permission_required("auth.change_group")(view))
    assert found["GET"].access is Access.PERMISSION
