"""Who asks for problem details gets a refusal as such, and everything else as ever."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from ratelimit_support import AskedStore
from rest_framework.exceptions import NotFound, Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from django_hardened.drf.problems import exception_handler
from django_hardened.drf.throttling import BurstRateThrottle, SustainedRateThrottle

PROBLEM = "application/problem+json"


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, settings: Any) -> AskedStore:
    settings.RATELIMIT_ENABLE = True
    store = AskedStore()
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: store)
    return store


class Limited(APIView):
    permission_classes = [AllowAny]
    throttle_classes = [BurstRateThrottle, SustainedRateThrottle]

    def get(self, request: Request) -> Response:
        if "missing" in request.GET:
            raise NotFound
        if "broken" in request.GET:
            raise ZeroDivisionError
        return Response({"ok": True})


def get(accept: str = "", path: str = "/") -> Any:
    handler = "django_hardened.drf.problems.exception_handler"
    rates = {"DEFAULT_THROTTLE_RATES": {"burst": "1/min", "sustained": "5/day"}}
    framework = django_settings.REST_FRAMEWORK | rates | {"EXCEPTION_HANDLER": handler}
    with override_settings(REST_FRAMEWORK=framework):
        headers = {"accept": accept} if accept else {}
        return Limited.as_view()(APIRequestFactory().get(path, headers=headers)).render()


@pytest.mark.parametrize(
    "accept", [f"{PROBLEM}, application/json", f"application/json;q=0.9, {PROBLEM.upper()}"]
)
def test_who_asks_for_problem_details_gets_them(accept: str) -> None:
    get()
    response = get(accept)
    assert response.status_code == 429
    assert response["Content-Type"] == PROBLEM
    assert response["Retry-After"] == "61"
    assert response["Cache-Control"] == "no-store"
    assert response.data == {
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Request was throttled. Expected available in 61 seconds.",
        "violated-policies": ["burst"],
    }


def test_others_get_what_they_always_got() -> None:
    get()
    response = get("application/json")
    assert response["Content-Type"] == "application/json"
    assert response.data == {"detail": "Request was throttled. Expected available in 61 seconds."}
    assert response["Cache-Control"] == "no-store"


def test_what_is_no_refusal_is_left_alone() -> None:
    response = get(f"{PROBLEM}, application/json", "/?missing")
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    assert "Cache-Control" not in response


def test_what_the_framework_does_not_handle_is_not_handled() -> None:
    with pytest.raises(ZeroDivisionError):
        get(PROBLEM + ", */*", "/?broken")


def test_without_a_request_there_is_nobody_to_ask() -> None:
    response = exception_handler(Throttled(7), {})
    assert response is not None
    assert response.data["detail"].endswith("in 7 seconds.")
