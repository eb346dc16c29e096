"""``CrossSiteMiddleware``: another site's page gets nowhere, and nobody else is in its way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from site_support import MIDDLEWARE

from django_hardened.cross_site import CrossSiteRules, _make, cross_site_rules, is_api
from django_hardened.decorators import cross_site
from django_hardened.log_window import LogWindow
from django_hardened.middleware import CrossSiteMiddleware
from django_hardened.middleware import cross_site as module

NOBODY = CrossSiteRules()
OTHER = "https://evil.example"
OURS = "https://shop.example.com"


class Api(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    def get(self, request: Request) -> Response:
        return Response({})

    post = get


@csrf_exempt
def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("seen")


@csrf_exempt
async def aview(request: HttpRequest) -> HttpResponse:
    return HttpResponse("seen")


urlpatterns = [
    path("view/", view),
    path("aview/", aview),
    path("declared/", cross_site(csrf_exempt(lambda request: HttpResponse("seen")))),
    path("hooks/bank/", view),
    path("api/", Api.as_view()),
]


@pytest.fixture(autouse=True)
def _site(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_window", LogWindow())
    with override_settings(ROOT_URLCONF=__name__):
        yield


def _meta(
    site: str | None, mode: str = "", dest: str = "", origin: str | None = None, **more: str
) -> dict[str, str]:
    said = {
        "HTTP_SEC_FETCH_SITE": site,
        "HTTP_SEC_FETCH_MODE": mode or None,
        "HTTP_SEC_FETCH_DEST": dest or None,
        "HTTP_ORIGIN": origin,
        **more,
    }
    return {name: value for name, value in said.items() if value is not None}


# -- The decision --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "meta", "page", "api"),
    [
        # Not a browser, or an old one; the visitor; the site itself.
        ("POST", _meta(None), False, False),
        ("POST", _meta(None, origin=OTHER), False, False),
        ("POST", _meta("none", "navigate"), False, False),
        ("DELETE", _meta("same-origin", "cors"), False, False),
        # Links.
        ("GET", _meta("cross-site", "navigate", "document"), False, False),
        ("HEAD", _meta("cross-site", "navigate", "iframe"), False, False),
        # Forms of others.
        ("POST", _meta("cross-site", "navigate", "document", OTHER), True, True),
        ("POST", _meta("same-site", "navigate", "document", "https://x.example.com"), True, True),
        ("POST", _meta("cross-site", "navigate", "document", "null"), True, True),
        # Scripts of others.
        ("POST", _meta("cross-site", "no-cors", "empty", OTHER), True, True),
        ("PUT", _meta("cross-site", "cors", "empty", OTHER), True, True),
        ("PATCH", _meta("a new word", "cors", "empty", OTHER), True, True),
        ("BREW", _meta("cross-site", "cors"), True, True),
        # What others embed: a page is a picture, or a font; an API is none.
        ("GET", _meta("cross-site", "no-cors", "image"), False, True),
        ("GET", _meta("cross-site", "no-cors", "script"), False, True),
        ("GET", _meta("same-site", "cors", "empty", OTHER), False, True),
        ("GET", _meta("cross-site", "navigate", "object"), False, True),
        ("GET", _meta("cross-site", "navigate", "embed"), False, True),
        # CORS asks first.
        (
            "OPTIONS",
            _meta("cross-site", "cors", origin=OTHER, HTTP_ACCESS_CONTROL_REQUEST_METHOD="PUT"),
            False,
            False,
        ),
        ("OPTIONS", _meta("cross-site", "cors", origin=OTHER), False, True),
    ],
)
def test_what_is_refused(method: str, meta: dict[str, str], page: bool, api: bool) -> None:
    assert NOBODY.refuses(method, "/x", meta, is_api=False) is page
    assert NOBODY.refuses(method, "/x", meta, is_api=True) is api


@given(st.text(), st.text(), st.text(), st.text(), st.sampled_from(["POST", "PUT", "DELETE", "X"]))
def test_whatever_another_site_sends_changes_nothing(
    site: str, mode: str, dest: str, origin: str, method: str
) -> None:
    meta = _meta(site, mode, dest, origin)
    expected = site not in ("same-origin", "none")
    assert NOBODY.refuses(method, "/x", meta, is_api=False) is expected


RULES = {
    "CSRF_TRUSTED_ORIGINS": [OURS, "https://*.example.org"],
    "CORS_ALLOWED_ORIGINS": ["https://app.example.net"],
    "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://\d\.example\.net", re.compile("https://z")],
    "MIDDLEWARE": ["corsheaders.middleware.CorsMiddleware"],
}


@pytest.mark.parametrize(
    ("origin", "form", "script"),
    [
        (OURS, True, True),
        ("https://example.org", True, True),
        ("https://a.b.example.org", True, True),
        ("https://evilexample.org", False, False),
        ("http://a.example.org", False, False),
        ("https://a.example.org.evil.example", False, False),
        ("https://app.example.net", False, True),
        ("https://7.example.net", False, True),
        ("https://7.example.net.evil.example", False, False),
        ("https://appXexample.net", False, False),
        ("https://z", False, True),
        (OTHER, False, False),
        ("null", False, False),
        (None, False, False),
    ],
)
def test_whom_the_settings_trust(origin: str | None, form: bool, script: bool) -> None:
    with override_settings(**RULES):
        refuses = _make().refuses
    posted = _meta("cross-site", "navigate", "document", origin)
    assert refuses("POST", "/", posted, is_api=False) is not form
    called = _meta("cross-site", "cors", "empty", origin)
    assert refuses("POST", "/", called, is_api=True) is not script


def test_all_origins_of_cors_are_not_all_forms() -> None:
    with override_settings(CORS_ALLOW_ALL_ORIGINS=True, MIDDLEWARE=RULES["MIDDLEWARE"]):
        refuses = _make().refuses
    assert not refuses("POST", "/", _meta("cross-site", "cors", "", OTHER), is_api=True)
    assert refuses("POST", "/", _meta("cross-site", "no-cors", "", OTHER), is_api=True)
    with override_settings(CORS_ALLOW_ALL_ORIGINS=True, MIDDLEWARE=[]):  # which nothing reads
        refuses = _make().refuses
    assert refuses("POST", "/", _meta("cross-site", "cors", "", OTHER), is_api=True)


@pytest.mark.parametrize("pattern", [r"^/api/", re.compile(r"^/api/")], ids=["text", "compiled"])
def test_cors_is_for_the_paths_that_it_is_about(pattern: Any) -> None:
    with override_settings(
        CORS_ALLOW_ALL_ORIGINS=True,
        CORS_URLS_REGEX=pattern,
        MIDDLEWARE=RULES["MIDDLEWARE"],
    ):
        refuses = _make().refuses
    called = _meta("same-site", "cors", "", OTHER)
    assert not refuses("POST", "/api/x", called, is_api=True)
    assert refuses("POST", "/hook", called, is_api=False)


@pytest.mark.parametrize(
    ("paths", "path", "refused"),
    [
        (["/hooks"], "/hooks", False),
        (["/hooks"], "/hooks/bank", False),
        (["/hooks"], "/hooks2", True),
        (["/hooks/"], "/hooks/bank", False),
        (["/hooks/"], "/hooks", True),
        ([], "/hooks", True),
    ],
)
def test_declared_paths(paths: list[str], path: str, refused: bool) -> None:
    with override_settings(HARDENED_CROSS_SITE_PATHS=paths):
        refuses = _make().refuses
    assert refuses("POST", path, _meta("cross-site"), is_api=False) is refused


@pytest.mark.parametrize("paths", ["/hooks/", ["hooks/"], [""]])
def test_what_is_no_path_stops_the_start(paths: Any) -> None:
    with (
        override_settings(HARDENED_CROSS_SITE_PATHS=paths),
        pytest.raises(ImproperlyConfigured, match="HARDENED_CROSS_SITE_PATHS"),
    ):
        CrossSiteMiddleware(lambda request: HttpResponse())


def test_settings_are_read_once_and_seen_when_they_change() -> None:
    rules = cross_site_rules()
    assert cross_site_rules() is rules
    with override_settings(HARDENED_CROSS_SITE_PATHS=["/x"]):
        assert cross_site_rules().paths == ("/x",)


def test_an_api_is_known_by_its_class() -> None:
    assert is_api(Api.as_view())
    assert not is_api(view)


# -- The middleware ------------------------------------------------------------------------------

FOREIGN = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")]


def _send(send: Any, path: str, method: str = "POST", headers: Any = FOREIGN) -> Any:
    return send.get(path, method, host="testserver", headers=headers)


@pytest.mark.parametrize("path", ["/view/", "/aview/", "/api/"])
def test_another_site_is_refused(send: Any, path: str, caplog: Any) -> None:
    _send(send, path)
    response = _send(send, path)
    assert response.status_code == 403
    assert response.content == b"Forbidden\n"
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors")
    lines = [r.message for r in caplog.records if r.name == "django.security.CrossSite"]
    assert lines == [f"Refused with 403: 'POST' of {path!r} from a page of another site."]


@pytest.mark.parametrize("path", ["/view/", "/aview/", "/api/"])
@pytest.mark.parametrize("headers", [[], [("Sec-Fetch-Site", "same-origin")]])
def test_others_are_not(send: Any, path: str, headers: Any) -> None:
    assert _send(send, path, headers=headers).status_code == 200


def test_reading_is_for_everybody_but_of_an_api(send: Any) -> None:
    assert _send(send, "/view/", "GET").status_code == 200
    assert _send(send, "/api/", "GET").status_code == 403


@override_settings(HARDENED_CROSS_SITE_PATHS=["/hooks/"])
@pytest.mark.parametrize("path", ["/declared/", "/hooks/bank/"])
def test_what_is_declared_is_let_in(send: Any, path: str) -> None:
    assert _send(send, path).status_code == 200


def test_a_declaration_is_of_one_path_only(send: Any) -> None:
    patterns = [
        path("closed/", view),
        path("open/", cross_site(view)),
        path("aopen/", cross_site(aview)),
    ]
    with override_settings(ROOT_URLCONF=tuple(patterns)):
        assert _send(send, "/closed/").status_code == 403
        assert _send(send, "/open/").status_code == 200
        assert _send(send, "/aopen/").status_code == 200


def test_a_class_is_declared_by_what_as_view_makes() -> None:
    with pytest.raises(TypeError, match=r"decorate Api.as_view\(\)"):
        cross_site(Api)


def test_it_runs_on_no_thread_of_its_own() -> None:
    from asgiref.sync import iscoroutinefunction

    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(CrossSiteMiddleware(handler).process_view)
    assert "django_hardened.middleware.CrossSiteMiddleware" in MIDDLEWARE
