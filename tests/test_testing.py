"""The test kit: what passes, and what each assertion says when it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import zoo_site
from audit_support import urls
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from rest_framework import permissions, throttling
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened.ratelimit import ratelimit
from django_hardened.testing import (
    assert_endpoints_closed,
    assert_secure_headers,
    assert_throttled,
    poison_host,
)


def message(assertion: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        assertion(*args, **kwargs)
    return str(raised.value)


# -- Endpoints -----------------------------------------------------------------------------------


def test_closed_endpoints_pass() -> None:
    with urls(path("a/", zoo_site.logged_in), path("admin/", zoo_site.site.urls)):
        assert_endpoints_closed(except_=["/admin/auth/group/forgotten/"])


def test_open_endpoints_are_named() -> None:
    patterns = [path("a/", zoo_site.form), path("b/", zoo_site.inside)]
    with urls(*patterns):
        told = message(assert_endpoints_closed, except_=["/a/"])
    assert told.splitlines() == [
        "These endpoints are not closed:",
        "  POST /a/: anybody (zoo_site.form)",
        "  GET /b/: cannot be known, its own code may turn people away (zoo_site.inside)",
    ]


def test_exceptions_are_about_paths_methods_or_both() -> None:
    with urls(path("a/b/", zoo_site.form)):
        assert_endpoints_closed(except_=["/a/*", "POST /a/b/"])
        told = message(assert_endpoints_closed, except_=["/a/*", "post /a/b/", "GET /c/"])
    assert told.endswith("except_ has GET /c/, which is not open")


def test_what_is_declared_may_be_open() -> None:
    entry = {"pattern": "/view/", "method": "GET", "reason": "It is news."}
    with urls(zoo_site.plain), override_settings(HARDENED_PUBLIC_ENDPOINTS=[entry]):
        assert_endpoints_closed()


def test_another_urlconf_can_be_named() -> None:
    assert "/form/" in message(assert_endpoints_closed, urlconf="zoo_site")


@pytest.mark.django_db
def test_calls_settle_what_is_unknown() -> None:
    with urls(zoo_site.inside):
        assert "cannot be known" in message(assert_endpoints_closed)
        assert_endpoints_closed(probe=True)


# -- Headers -------------------------------------------------------------------------------------

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'",
    "Strict-Transport-Security": "max-age=31536000",
}


def response(*, secure: bool = True, **changes: str | None) -> Any:
    headers = {**SAFE, **{name.replace("_", "-"): value for name, value in changes.items()}}
    made: Any = HttpResponse(headers={k: v for k, v in headers.items() if v is not None})
    made.wsgi_request = RequestFactory().get("/", secure=secure)
    return made


def test_a_response_of_the_hardened_settings_passes() -> None:
    assert_secure_headers(response())
    assert_secure_headers(response(secure=False, **{"Strict-Transport-Security": None}))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"X-Content-Type-Options": None}, "X-Content-Type-Options is not nosniff"),
        ({"X-Frame-Options": "ALLOW"}, "neither X-Frame-Options nor frame-ancestors"),
        ({"Referrer-Policy": "unsafe-url"}, "Referrer-Policy lets other sites"),
        ({"Referrer-Policy": None}, "Referrer-Policy lets other sites"),
        ({"Cross-Origin-Opener-Policy": "unsafe-none"}, "Cross-Origin-Opener-Policy is not"),
        ({"Strict-Transport-Security": None}, "Strict-Transport-Security is missing"),
        ({"Strict-Transport-Security": "max-age=0"}, "Strict-Transport-Security is missing"),
        ({"Content-Security-Policy": None}, "Content-Security-Policy is missing"),
        ({"Content-Security-Policy": "img-src *;"}, "says nothing of scripts"),
        ({"Content-Security-Policy": "script-src 'unsafe-inline'"}, "from 'unsafe-inline'"),
        ({"Content-Security-Policy": "default-src * 'unsafe-eval'"}, "from * 'unsafe-eval'"),
        (
            {"Content-Security-Policy": "script-src 'unsafe-eval'; script-src 'self'"},
            "from 'unsafe-eval'",
        ),
        (
            {"Content-Security-Policy": "script-src 'strict-dynamic' 'nonce-a' 'unsafe-eval'"},
            "from 'unsafe-eval'",
        ),
        ({"X-Powered-By": "Django"}, "X-Powered-By tells what runs here"),
    ],
)
def test_what_is_missing_or_weak_is_named(changes: dict[str, Any], told: str) -> None:
    weak = response(**changes)
    lines = message(assert_secure_headers, weak).splitlines()
    assert lines[0] == "The response is not protected:"
    assert len(lines) == 2
    assert told in lines[1]
    assert_secure_headers(weak, except_=[next(iter(changes)).lower()])


@pytest.mark.parametrize(
    "changes",
    [
        {
            "X-Frame-Options": None,
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        },
        {"Content-Security-Policy": "script-src 'nonce-abc' 'unsafe-inline'"},
        {"Content-Security-Policy": "script-src 'strict-dynamic' 'nonce-a' https: 'unsafe-inline'"},
        {"Referrer-Policy": "no-referrer, strict-origin-when-cross-origin"},
        {"Cross-Origin-Opener-Policy": 'same-origin; report-to="x"'},
        {"Strict-Transport-Security": 'includeSubDomains; max-age="60"'},
    ],
)
def test_what_is_as_good_passes(changes: dict[str, Any]) -> None:
    assert_secure_headers(response(**changes))


def test_cookies_are_looked_at() -> None:
    weak = response()
    weak.set_cookie("sessionid", "x")
    lines = message(assert_secure_headers, weak).splitlines()[1:]
    assert lines == [
        "  the cookie sessionid is sent over HTTP as well",
        "  the cookie sessionid has no SameSite",
        "  the cookie sessionid can be read by scripts",
    ]
    safe = response()
    safe.set_cookie("sessionid", "x", secure=True, httponly=True, samesite="Lax")
    safe.set_cookie("csrftoken", "x", secure=True, samesite="Lax")
    assert_secure_headers(safe)


# -- Limits --------------------------------------------------------------------------------------


@ratelimit(key="ip", rate="3/m")
def limited(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Three(throttling.AnonRateThrottle):
    rate = "3/min"


class Limited(APIView):
    permission_classes = [permissions.AllowAny]
    throttle_classes = [Three]

    def get(self, request: Any) -> Response:
        return Response()


def silent(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=429)


@pytest.mark.parametrize("view", [limited, Limited.as_view()])
def test_limits_are_exact_each_time_they_are_asked(client: Client, view: Any) -> None:
    cache.set("kept", 1)
    with urls(view):
        for _ in range(2):
            refused = assert_throttled(lambda: client.get("/view/"), after=3)
            assert int(refused.headers["Retry-After"]) > 0
        assert message(assert_throttled, lambda: client.get("/view/"), after=4) == (
            "Request 4 was refused, before 4 were answered."
        )
        assert message(assert_throttled, lambda: client.get("/view/"), after=2) == (
            "Request 3 was answered with 200, and not with 429."
        )
    assert cache.get("kept") == 1


def test_a_refusal_says_when_to_come_back(client: Client) -> None:
    with urls(silent):
        told = message(assert_throttled, lambda: client.get("/view/"), after=0)
    assert told == "The refusal does not say when to come back: no Retry-After."


# -- Hosts ---------------------------------------------------------------------------------------


def links(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.META.get("HTTP_X_FORWARDED_HOST", ""))


def redirects(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"https://{request.META.get('HTTP_X_HOST', 'ours')}/")


def streams(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b""]))


def absolute(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.build_absolute_uri("/reset/"))


def test_a_host_that_is_ours_only_passes(client: Client) -> None:
    for view in (absolute, streams):
        with urls(view):
            poison_host(client, "/view/")
            poison_host(client, "/view/", method="POST", data="{}", host="testserver")


def test_a_repeated_host_is_told_with_its_header(client: Client) -> None:
    with urls(links), override_settings(MIDDLEWARE=[]):
        told = message(poison_host, client, "/view/")
    assert told.startswith("GET /view/ with host: testserver, x-forwarded-host: ")
    assert told.endswith(".evil.example repeats the host in the body.")
    with urls(redirects):
        assert message(poison_host, client, "/view/").endswith("repeats the host in Location.")


def test_a_site_that_believes_any_host_is_caught(client: Client) -> None:
    with urls(absolute), override_settings(ALLOWED_HOSTS=["*"], MIDDLEWARE=[]):
        told = message(poison_host, client, "/view/", host="example.com")
    assert told.startswith("GET /view/ with host: ")


# -- As fixtures ---------------------------------------------------------------------------------


def test_the_plugin_has_fixtures_and_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_first():\n"
        "    assert 'django_hardened.testing' not in sys.modules\n"
        "    assert not [each for each in sys.modules if each.startswith('django_hardened.au')]\n"
        "def test_second(assert_endpoints_closed, assert_secure_headers, assert_throttled,\n"
        "                poison_host):\n"
        "    import django_hardened.testing as kit\n"
        "    assert assert_endpoints_closed is kit.assert_endpoints_closed\n"
        "    assert assert_secure_headers is kit.assert_secure_headers\n"
        "    assert assert_throttled is kit.assert_throttled\n"
        "    assert poison_host is kit.poison_host\n"
    )
    plugins = ["-p", "no:randomly", "-p", "no:cacheprovider"]
    if not entry_points(group="pytest11", name="django_hardened"):  # a checkout, not the wheel
        plugins += ["-p", "django_hardened.pytest_plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", tmp_path, *plugins, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": ":".join(sys.path),
            "DJANGO_SETTINGS_MODULE": "tests_settings",
        },
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
