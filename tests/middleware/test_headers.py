"""``HeadersMiddleware``: every response has its header, whoever made it and whatever it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import django
import pytest
from asgiref.sync import async_to_sync
from cached_site_support import FETCH, UPDATE, login_cookie
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import AsyncClient, Client, override_settings
from headers_site_support import NAME, NO_NONCE_TEMPLATES, TEMPLATES, made
from middleware_support import body_of
from site_support import MIDDLEWARE

from django_hardened import csp, header_settings, response_headers, response_policies
from django_hardened.browser_headers import TABLE
from django_hardened.log_once import LogOnce
from django_hardened.middleware import HeadersMiddleware

POLICY = "Content-Security-Policy"
REPORT_ONLY = "Content-Security-Policy-Report-Only"
API = "default-src 'none'; frame-ancestors 'none'"
PLAIN = csp.Compiled.of(
    {k: v for k, v in csp.read(csp.STRICT).items() if k != "upgrade-insecure-requests"}
).plain
FIELDS = {name: row.value for name, row in TABLE.items() if row.value and row.when == "always"}
NEVER = "max-age=0, no-cache, no-store, must-revalidate, private"  # as never_cache() says it
EVERYTHING = [
    *("plain", "aplain", "page", "late", "json", "problem", "text", "image", "untyped"),
    *("redirect", "denied", "missing", "unmodified", "rude", "stream", "astream", "file"),
]
# Under Django's own cache_page.
CACHED = ["cached-page", "cached-late", "cached-api-page", "cached-api-late"]
has_nonces = pytest.mark.skipif(
    django.VERSION < (6, 0) and find_spec("csp") is None,
    reason="Django has nonces since 6.0, and django-csp is not installed",
)


@pytest.fixture(autouse=True)
def _site(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made.clear()
    monkeypatch.setattr(response_policies, "_replaced", LogOnce())
    monkeypatch.setattr(response_policies, "_wrong", LogOnce())
    monkeypatch.setattr(response_headers, "_raised", LogOnce())
    with override_settings(
        ROOT_URLCONF="headers_site_support",
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        HARDENED_CSP=None,
        TEMPLATES=NO_NONCE_TEMPLATES,
    ):
        cache.clear()
        yield
        cache.clear()


@pytest.fixture
def nonces() -> Iterator[None]:
    with override_settings(TEMPLATES=TEMPLATES):
        yield


def _get(send: Any, name: str, **sent: Any) -> Any:
    return send.get(f"/{name}/", host="testserver", **sent)


def _nonce(response: Any) -> str:
    found = re.search(r"'nonce-([\w-]+)'", response[POLICY])
    return found[1] if found else ""


# -- Every response ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_kind_of_response_has_each_field(send: Any, name: str) -> None:
    response = _get(send, name)
    assert {field: response.get(field) for field in FIELDS} == FIELDS
    assert (POLICY in response) is (name != "unmodified")
    assert REPORT_ONLY not in response
    assert not {"Server", "X-Powered-By"} & {*response.headers}


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        *[(name, PLAIN) for name in ("plain", "redirect", "image", "untyped", "missing", "denied")],
        *[(name, API) for name in ("json", "problem", "text")],
    ],
)
def test_pages_and_data_have_policies_of_their_own(send: Any, name: str, policy: str) -> None:
    assert _get(send, name)[POLICY] == policy


def test_a_failure_has_its_header_too(send: Any) -> None:
    def failing(get_response: Any) -> Any:
        from django.core.handlers.exception import convert_exception_to_response

        def fail(request: HttpRequest) -> HttpResponse:
            raise RuntimeError

        async def afail(request: HttpRequest) -> HttpResponse:
            raise RuntimeError

        return convert_exception_to_response(afail if send.is_async else fail)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.signals.got_request_exception.send", lambda **_: None)
        patch.setattr("django.core.handlers.exception.log_response", lambda *_, **__: None)
        response = send.through(HeadersMiddleware, failing).response
    assert response.status_code == 500
    assert response[POLICY] == PLAIN
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_view_that_fails_has_its_header_too() -> None:
    response = Client(raise_request_exception=False).get("/broken/")
    assert response.status_code == 500
    assert response[POLICY] == PLAIN


def test_what_earlier_middleware_refuses_has_it(send: Any) -> None:
    with override_settings(MIDDLEWARE=MIDDLEWARE, ALLOWED_HOSTS=["www.example.com"]):
        response = _get(send, "plain")
    assert response.status_code == 421
    assert response[POLICY] == API
    assert response["X-Content-Type-Options"] == "nosniff"


def test_no_host_is_read(send: Any) -> None:
    exchange = send.through(HeadersMiddleware, host="evil.example:99999")
    assert exchange.response.status_code == 200
    assert "_current_scheme_host" not in vars(exchange.request)


@override_settings(SECURE_HSTS_SECONDS=60, SECURE_HSTS_PRELOAD=True)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_hsts_on_what_no_security_middleware_has_seen(send: Any, scheme: str) -> None:
    response = send.through(HeadersMiddleware, scheme=scheme).response
    expected = "max-age=60; preload" if scheme == "https" else None
    assert response.get("Strict-Transport-Security") == expected


@override_settings(
    SECURE_HSTS_SECONDS=60,
    SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
    SECURE_REFERRER_POLICY=["origin", "strict-origin-when-cross-origin"],
    SECURE_CROSS_ORIGIN_OPENER_POLICY="same-origin-allow-popups",
    X_FRAME_OPTIONS="sameorigin",
    SECURE_SSL_REDIRECT=False,
)
def test_the_same_values_as_django_s_own_middleware(send: Any) -> None:
    names = ["Strict-Transport-Security", "Referrer-Policy", "Cross-Origin-Opener-Policy"]
    django_s = send.through(SecurityMiddleware, scheme="https").response
    ours = send.through(HeadersMiddleware, scheme="https").response
    both = send.through(HeadersMiddleware, SecurityMiddleware, scheme="https").response
    for name in [*names, "X-Content-Type-Options"]:
        assert ours[name] == django_s[name] == both[name]


def test_what_django_is_told_not_to_send_is_not_sent(send: Any) -> None:
    with override_settings(
        SECURE_CONTENT_TYPE_NOSNIFF=False,
        SECURE_REFERRER_POLICY=None,
        SECURE_CROSS_ORIGIN_OPENER_POLICY=None,
    ):
        response = send.through(HeadersMiddleware).response
    names = ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy")
    assert not [name for name in names if name in response]


# -- Fields by name ------------------------------------------------------------------------------


def test_a_project_changes_fields_by_name(send: Any) -> None:
    changes = {
        "permissions-policy": "camera=(self)",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Referrer-Policy": None,
        "X-Frame-Options": None,
        "X-DNS-Prefetch-Control": "off",
    }
    with override_settings(HARDENED_HEADERS=changes):
        response = _get(send, "plain")
    assert response["Permissions-Policy"] == "camera=(self)"
    assert response["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert response["X-DNS-Prefetch-Control"] == "off"
    assert "Referrer-Policy" not in response  # although SecurityMiddleware sets it
    assert "X-Frame-Options" not in response


def test_a_view_changes_fields_by_name(send: Any) -> None:
    response = _get(send, "fields")
    assert response["Permissions-Policy"] == "camera=(self)"
    assert response["X-New"] == "1"
    assert "Cross-Origin-Opener-Policy" not in response


def test_a_view_changes_nothing_by_accident(send: Any, caplog: Any) -> None:
    response = _get(send, "rude")
    assert {field: response.get(field) for field in FIELDS} == FIELDS
    assert response[POLICY] == PLAIN
    assert response["X-Own"] == "kept"
    names = sorted(record.args[0] for record in caplog.records if record.name.endswith("headers"))
    assert names == [POLICY, "Cross-Origin-Resource-Policy", "Referrer-Policy"]
    _get(send, "rude")
    assert len([r for r in caplog.records if r.name.endswith("headers")]) == 3


@override_settings(HARDENED_CSP={})
def test_nor_where_no_policy_is_sent(send: Any, caplog: Any) -> None:
    assert POLICY not in _get(send, "rude")
    assert POLICY in caplog.text


@override_settings(HARDENED_EDGE={"headers", "csp"})
def test_what_a_proxy_sends_is_left_to_it(send: Any) -> None:
    response = _get(send, "plain")
    assert not {POLICY, "Cross-Origin-Resource-Policy", "Permissions-Policy"} & {*response.headers}
    assert response["X-Frame-Options"] == "DENY"  # of Django's own middleware


@pytest.mark.parametrize("name", ["log-out", "api-log-out"])
@pytest.mark.parametrize("secure", [True, False])
def test_log_out_clears_what_the_browser_keeps(send: Any, name: str, secure: bool) -> None:
    """Over http, browsers ignore the field, and say so on their consoles."""
    backend = {"AUTHENTICATION_BACKENDS": ["cached_site_support.Backend"]}
    with override_settings(SESSION_COOKIE_SECURE=secure, **backend):
        client: Any = AsyncClient() if send.is_async else Client()
        get: Any = async_to_sync(client.get) if send.is_async else client.get
        client.cookies[settings.SESSION_COOKIE_NAME] = login_cookie()
        assert "Clear-Site-Data" not in get("/plain/", secure=secure)
        response = get(f"/{name}/", secure=secure)
        assert response.get("Clear-Site-Data") == ('"cache", "storage"' if secure else None)
        assert "Clear-Site-Data" not in get(f"/{name}/", secure=secure)  # nobody logs out


# -- Frames --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "option", "ancestors"),
    [
        ("plain", "DENY", "frame-ancestors 'none'"),
        ("same-origin-frame", "SAMEORIGIN", "frame-ancestors 'self'"),
        ("framed", None, None),
        ("partner", None, "frame-ancestors https://partner.example"),
        ("rude", "DENY", "frame-ancestors 'none'"),
    ],
)
def test_both_fields_about_frames_agree(
    send: Any, name: str, option: str | None, ancestors: str | None
) -> None:
    response = _get(send, name)
    assert response.get("X-Frame-Options") == option
    parts = response[POLICY].split("; ")
    assert [part for part in parts if part.startswith("frame-ancestors")] == (
        [ancestors] if ancestors else []
    )


@override_settings(HARDENED_CSP={})
@pytest.mark.parametrize(
    ("name", "option"),
    [("plain", "DENY"), ("same-origin-frame", "SAMEORIGIN"), ("framed", None), ("rude", "DENY")],
)
def test_the_old_field_alone(send: Any, name: str, option: str | None) -> None:
    response = _get(send, name)
    assert response.get("X-Frame-Options") == option
    assert POLICY not in response


@override_settings(X_FRAME_OPTIONS="ALLOWALL")
def test_an_option_that_browsers_do_not_know_is_deny(send: Any) -> None:
    assert send.through(HeadersMiddleware).response["X-Frame-Options"] == "DENY"


# -- The policy ----------------------------------------------------------------------------------


def test_report_only_is_one_word(send: Any) -> None:
    with override_settings(HARDENED_CSP_MODE="report-only"):
        response = _get(send, "plain")
        assert response[REPORT_ONLY] == PLAIN
        assert POLICY not in response
        assert _get(send, "json")[POLICY] == API  # which breaks nothing
        assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("values", "enforced", "reported"),
    [
        ({"HARDENED_CSP": {"img-src": ["'none'"]}}, "img-src 'none'", None),
        ({"HARDENED_CSP": {}}, None, None),
        ({"SECURE_CSP": {"img-src": "'self'"}}, "img-src 'self'", None),
        (
            {"SECURE_CSP_REPORT_ONLY": {"img-src": ["'self'"]}},
            PLAIN,
            "img-src 'self'",
        ),
        (
            {"SECURE_CSP": {"img-src": ["'self'"]}, "HARDENED_CSP_MODE": "report-only"},
            "img-src 'self'",
            PLAIN,
        ),
        (
            {
                "SECURE_CSP_REPORT_ONLY": {"img-src": ["'self'"], "sandbox": ""},
                "HARDENED_CSP": {},
                "HARDENED_CSP_MODE": "report-only",
            },
            None,
            "img-src 'self'",
        ),
    ],
)
def test_whose_policy_it_is(send: Any, values: Any, enforced: Any, reported: Any) -> None:
    with override_settings(**values):
        response = _get(send, "plain")
    assert response.get(POLICY) == enforced
    assert response.get(REPORT_ONLY) == reported


@pytest.mark.parametrize("setting", ["SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE"])
def test_requests_are_upgraded_where_the_site_is_https(send: Any, setting: str) -> None:
    assert "upgrade-insecure-requests" not in _get(send, "plain")[POLICY]
    with override_settings(**{setting: True}):
        response = _get(send, "plain", scheme="https")
        assert response[POLICY].endswith("; upgrade-insecure-requests")
        with override_settings(HARDENED_CSP_MODE="report-only"):
            assert "upgrade" not in _get(send, "plain", scheme="https")[REPORT_ONLY]


@override_settings(HARDENED_CSP_REPORT_URI="/csp-reports/")
def test_browsers_are_told_where_to_report(send: Any) -> None:
    response = _get(send, "plain")
    assert response["Reporting-Endpoints"] == 'csp="/csp-reports/"'
    assert "report-uri /csp-reports/; report-to csp" in response[POLICY]
    assert "report-uri" in _get(send, "json")[POLICY]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"HARDENED_CSP": {"img-scr": ["'self'"]}}, "HARDENED_CSP has the directive 'img-scr'"),
        ({"HARDENED_CSP": [1]}, "HARDENED_CSP is a list"),
        ({"SECURE_CSP": {"img-src": ["self"]}}, "SECURE_CSP has self without its quotes"),
        ({"HARDENED_CSP_MODE": "report"}, "HARDENED_CSP_MODE is neither"),
        ({"HARDENED_CSP_SCOPES": {"/x/": {"y": []}}}, r"HARDENED_CSP_SCOPES\['/x/'\] has the dir"),
        ({"HARDENED_CSP_SCOPES": {"/x/": 7}}, r"HARDENED_CSP_SCOPES\['/x/'\]"),
        ({"HARDENED_CSP_SCOPES": ["/x/"]}, "HARDENED_CSP_SCOPES is no dictionary"),
        ({"HARDENED_CSP_REPORT_URI": "csp"}, "HARDENED_CSP_REPORT_URI is neither"),
        ({"HARDENED_CSP_REPORT_URI": "/a;b"}, "HARDENED_CSP_REPORT_URI is neither a path"),
        (
            {"HARDENED_CSP_REPORT_URI": "/a\r\nSet-Cookie: b=1"},
            "HARDENED_CSP_REPORT_URI is neither",
        ),
        ({"HARDENED_CSP_REPORT_URI": "/a\n"}, "HARDENED_CSP_REPORT_URI is neither a path"),
        ({"HARDENED_CSP_REPORT_URI": '/a"b'}, "HARDENED_CSP_REPORT_URI is neither a path"),
        ({"HARDENED_HEADERS": {"Vary": "Origin"}}, "HARDENED_HEADERS has Vary, which each"),
        ({"HARDENED_HEADERS": {"content-length": "1"}}, "HARDENED_HEADERS has content-length"),
        (
            {"HARDENED_HEADERS": {"Cache-Control": "public, max-age=600"}},
            "HARDENED_HEADERS has a Cache-Control that",
        ),
        (
            {"HARDENED_HEADERS": {"Cache-Control": 'private="Set-Cookie", max-age=600'}},
            "HARDENED_HEADERS has a Cache-Control that",
        ),
        ({"HARDENED_HEADERS": {"Referer-Policy": "x"}}, "did you mean Referrer-Policy"),
        ({"HARDENED_COOKIES": {"a": {"samesit": "Lax"}}}, "HARDENED_COOKIES has 'samesit'"),
    ],
)
def test_what_cannot_be_used_stops_the_start(values: dict[str, Any], problem: str) -> None:
    with override_settings(**values), pytest.raises(ImproperlyConfigured, match=problem):
        HeadersMiddleware(lambda request: HttpResponse())


@has_nonces
@pytest.mark.usefixtures("nonces")
def test_no_cache_in_front_keeps_a_page_with_a_nonce(send: Any) -> None:
    response = _get(send, "shared")
    assert _nonce(response)
    words = {word.strip() for word in response["Cache-Control"].split(",")}
    assert words == {"private", "max-age=60"}
    assert "CDN-Cache-Control" not in response
    with override_settings(TEMPLATES=NO_NONCE_TEMPLATES):
        assert _get(send, "json").get("Cache-Control") is None


@pytest.mark.parametrize(
    ("name", "said", "sent"),
    [
        ("plain", "private", "private"),
        ("said-nothing", "private", "private"),
        ("json", "no-store, max-age=0", "no-store, max-age=0"),
        # A view that says that others may store it means it.
        ("public-plain", "no-store", "public, max-age=60"),
        ("public-plain", "private", "public, max-age=60"),
        ("stored-plain", "no-store", "no-store"),
        ("stored-plain", "private", "max-age=60, private"),
        ("stored-plain", "Private, No-Cache, max-age=5", "max-age=60, no-cache, private"),
        ("private-plain", "no-cache", "max-age=60, private, s-maxage=0, no-cache"),
        ("private-plain", "private", "max-age=60, private, s-maxage=0"),
        ("private-plain", "no-store", "no-store"),
        # What may not be stored may be told so in the words of the site, and in none that say less.
        ("never-plain", "no-store, max-age=0", "no-store, max-age=0"),
        ("never-plain", "Max-Age=0 , No-Store", "Max-Age=0 , No-Store"),
        ("never-plain", "private", NEVER),
        ("never-plain", "no-cache", NEVER),
    ],
)
def test_what_the_site_says_of_storing(send: Any, name: str, said: str, sent: str) -> None:
    with override_settings(HARDENED_HEADERS={"Cache-Control": said}):
        assert _get(send, name)["Cache-Control"] == sent


@pytest.mark.parametrize(("name", "lines"), [("stored-plain", 1), ("never-plain", 0), ("plain", 0)])
@override_settings(HARDENED_HEADERS={"Cache-Control": "no-store"})
def test_what_may_no_longer_be_stored_is_logged_once(
    send: Any, name: str, lines: int, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(response_policies, "_replaced", LogOnce())
    for _ in range(2):
        _get(send, name)
    assert caplog.text.count("The Cache-Control that a view has set is replaced") == lines


@has_nonces
@pytest.mark.usefixtures("nonces")
@pytest.mark.parametrize(
    ("said", "sent"),
    [("no-store", "no-store"), ("no-cache", "max-age=60, private, no-cache")],
)
def test_a_page_with_a_nonce_is_for_nobody_else(send: Any, said: str, sent: str) -> None:
    with override_settings(HARDENED_HEADERS={"Cache-Control": said}):
        response = _get(send, "public-page")
    assert _nonce(response)
    assert response["Cache-Control"] == sent


def test_decorators_work_on_classes_with_async_methods(send: Any) -> None:
    response = _get(send, "of-class")
    assert response["X-New"] == "1"
    assert "font-src 'none'" in response[POLICY]


def test_an_app_may_be_called_api(send: Any) -> None:
    with override_settings(HARDENED_CSP_SCOPES={"api": {"img-src": ["https://tiles.example.com"]}}):
        assert "img-src https://tiles.example.com;" in _get(send, "of-api/x")[POLICY]


@override_settings(SECURE_HSTS_SECONDS=600, SECURE_HSTS_INCLUDE_SUBDOMAINS=False)
def test_no_view_ends_strict_transport_security(send: Any) -> None:
    for name in ("plain", "hsts"):
        response = send.get(f"/{name}/", host="testserver", scheme="https")
        assert response["Strict-Transport-Security"] == "max-age=600"


# -- Scopes --------------------------------------------------------------------------------------

TYPED = {**csp.STRICT, "require-trusted-types-for": ["'script'"]}


@pytest.mark.parametrize(
    ("path", "is_typed"),
    [
        ("plain", True),
        ("typed-not", True),
        ("typed", False),
        ("typed/below", False),
        ("backstage/x", False),  # the admin, wherever it is
        ("elsewhere/x", True),
        ("backstage/missing", True),
    ],
)
def test_a_scope_is_a_path_or_an_app(send: Any, path: str, is_typed: bool) -> None:
    with override_settings(HARDENED_CSP=TYPED, HARDENED_CSP_SCOPES={"/typed": csp.REDOC}):
        policy = _get(send, path)[POLICY]
    assert ("require-trusted-types-for" in policy) is is_typed
    assert ("blob:" in policy) is (path in ("typed", "typed/below"))


def test_the_longest_path_decides(send: Any) -> None:
    scopes = {"/typed/": {"img-src": ["'none'"]}, "/typed/below/": {"font-src": ["'none'"]}}
    with override_settings(HARDENED_CSP_SCOPES=scopes):
        assert "img-src 'none'" in _get(send, "typed")[POLICY]
        below = _get(send, "typed/below")[POLICY]
    assert "font-src 'none'" in below
    assert "img-src 'self'" in below


def test_the_pages_of_rest_framework_are_known_by_their_renderer(send: Any) -> None:
    class Renderer:
        format = "api"

    def browsable(get_response: Any) -> Any:
        def answer(request: HttpRequest) -> HttpResponse:
            response = HttpResponse("<p/>")
            response.accepted_renderer = Renderer()  # type: ignore[attr-defined]
            return response

        async def aanswer(request: HttpRequest) -> HttpResponse:
            return answer(request)

        return aanswer if send.is_async else answer

    response = send.through(HeadersMiddleware, browsable).response
    assert "style-src 'self' 'unsafe-inline'" in response[POLICY]
    assert "script-src 'self';" in response[POLICY]
    assert "script-src-attr 'unsafe-hashes' 'sha256-" in response[POLICY]


# -- What views say ------------------------------------------------------------------------------


def test_a_view_adds_sources(send: Any) -> None:
    policy = _get(send, "adds")[POLICY]
    assert "img-src 'self' data: https://tiles.example.com https://b.example;" in policy
    assert "media-src 'self' https://m.example;" in policy


def test_a_view_changes_directives(send: Any) -> None:
    policy = _get(send, "changes")[POLICY]
    assert "img-src" not in policy
    assert "font-src 'none'" in policy
    assert "font-src 'none'" in _get(send, "achanges")[POLICY]


def test_it_does_so_in_report_only_mode(send: Any) -> None:
    with override_settings(HARDENED_CSP_MODE="report-only"):
        assert "https://b.example" in _get(send, "adds")[REPORT_ONLY]
        assert "font-src 'none'" in _get(send, "changes")[REPORT_ONLY]


@pytest.mark.parametrize(
    ("name", "enforced", "reported"),
    [
        ("override", "default-src 'self'", None),
        ("switched-off", None, None),
        ("exempt", None, None),
        ("report-too", PLAIN, "script-src 'self'"),
    ],
)
def test_the_decorators_of_django_and_of_django_csp(
    send: Any, name: str, enforced: str | None, reported: str | None
) -> None:
    response = _get(send, name)
    assert response.get(POLICY) == enforced
    assert response.get(REPORT_ONLY) == reported


def test_a_policy_that_cannot_be_read_changes_nothing(send: Any, caplog: Any) -> None:
    for _ in range(2):
        assert _get(send, "wrong")[POLICY] == PLAIN
    assert caplog.text.count("'img-scr', which no browser knows") == 1


# -- Nonces --------------------------------------------------------------------------------------


@has_nonces
@pytest.mark.usefixtures("nonces")
@pytest.mark.parametrize("name", ["page", "late", "stream", "astream"])
def test_the_nonce_of_the_page_is_that_of_its_header(send: Any, name: str) -> None:
    found = set()
    for _ in range(3):
        response = _get(send, name)
        nonce = _nonce(response)
        assert body_of(response) == f"nonce={nonce}."
        assert f"script-src 'nonce-{nonce}' 'strict-dynamic';" in response[POLICY]
        assert response["Cache-Control"] == "private"
        assert len(nonce) >= 22
        found.add(nonce)
    assert len(found) == 3


@pytest.mark.usefixtures("nonces")
@pytest.mark.parametrize("name", ["plain", "redirect", "missing", "denied", "file"])
def test_what_renders_no_nonce_has_no_bare_strict_dynamic(send: Any, name: str) -> None:
    response = _get(send, name)
    assert response[POLICY] == PLAIN
    assert "Cache-Control" not in response


def test_without_the_context_processor_there_are_no_nonces(send: Any) -> None:
    response = _get(send, "page")
    assert body_of(response) == "nonce=."
    assert response[POLICY] == PLAIN
    assert _get(send, "stream")[POLICY] == PLAIN
    assert not hasattr(response.wsgi_request if not send.is_async else response, "_csp_nonce")


@has_nonces
@pytest.mark.usefixtures("nonces")
@pytest.mark.parametrize("name", ["page", "late", *CACHED])
def test_a_page_with_a_nonce_is_in_no_cache(send: Any, name: str) -> None:
    with override_settings(MIDDLEWARE=[MIDDLEWARE[0], UPDATE, *MIDDLEWARE[1:], FETCH]):
        nonces = set()
        for _ in range(2):
            response = _get(send, name)
            assert body_of(response) == f"nonce={_nonce(response)}."
            nonces.add(_nonce(response))
    assert len(nonces) == len(made) == 2
    assert not getattr(cache, "_cache")  # noqa: B009  # of LocMemCache


@has_nonces
@pytest.mark.usefixtures("nonces")
@pytest.mark.parametrize("name", CACHED)
def test_nor_if_something_has_asked_for_it_before(name: str) -> None:
    """``cache_page`` begins after that, and says that it wants the response."""

    with override_settings(MIDDLEWARE=[MIDDLEWARE[0], "headers_site_support.early"]):
        bodies = {Client().get(f"/{name}/").content for _ in range(2)}
    assert len(bodies) == 2
    assert not getattr(cache, "_cache")  # noqa: B009


@pytest.mark.usefixtures("nonces")
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            "django.middleware.csp.ContentSecurityPolicyMiddleware",
            marks=pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has it since 6.0"),
        ),
        pytest.param(
            "csp.middleware.CSPMiddleware",
            marks=pytest.mark.skipif(not find_spec("csp"), reason="django-csp is not installed"),
        ),
    ],
)
@pytest.mark.parametrize("name", ["page", "late", *CACHED])
def test_nor_one_with_the_nonce_of_another_middleware(other: str, name: str) -> None:
    around = [UPDATE, MIDDLEWARE[0], other, *MIDDLEWARE[1:], FETCH]
    with override_settings(MIDDLEWARE=around):
        responses = [Client().get(f"/{name}/") for _ in range(2)]
    assert len({response.content for response in responses}) == 2
    assert not getattr(cache, "_cache")  # noqa: B009
    if (NAME == "csp_nonce") is other.startswith("django."):  # whose the template has
        assert [body_of(it) for it in responses] == [f"nonce={_nonce(it)}." for it in responses]


@has_nonces
@pytest.mark.usefixtures("nonces")
@pytest.mark.parametrize("name", ["cached-plain", "cached-api-plain"])
def test_a_page_without_one_is_cached_as_before(send: Any, name: str) -> None:
    _get(send, name)
    response = _get(send, name)
    assert response[POLICY] == PLAIN
    assert response["Cache-Control"] == "max-age=60"
    assert getattr(cache, "_cache")  # noqa: B009


@has_nonces
@pytest.mark.usefixtures("nonces")
def test_no_cache_in_front_keeps_it_either(send: Any) -> None:
    response = _get(send, "public-page")
    assert set(response["Cache-Control"].split(", ")) == {"private", "max-age=60"}


@has_nonces
@pytest.mark.usefixtures("nonces")
@pytest.mark.parametrize("value", ["no-store, max-age=0", "NO-STORE"])
def test_where_nothing_is_stored_nothing_is_said_twice(send: Any, value: str) -> None:
    with override_settings(HARDENED_HEADERS={"Cache-Control": value}):
        response = _get(send, "page")
    assert "nonce=" in body_of(response)
    assert _nonce(response)
    assert response["Cache-Control"] == value


@has_nonces
@pytest.mark.usefixtures("nonces")
def test_a_view_s_own_policy_may_have_the_nonce(send: Any) -> None:
    response = _get(send, "report-too")
    nonce = _nonce(response)
    assert body_of(response) == f"nonce={nonce}."
    assert response[REPORT_ONLY] == f"script-src 'nonce-{nonce}'"


@has_nonces
@pytest.mark.usefixtures("nonces")
@override_settings(HARDENED_CSP={"default-src": ["'self'"]})
def test_a_policy_without_a_place_for_it_has_none(send: Any) -> None:
    response = _get(send, "page")
    assert response[POLICY] == "default-src 'self'"
    assert "Cache-Control" not in response


# -- Development ---------------------------------------------------------------------------------


@override_settings(DEBUG=True)
@pytest.mark.parametrize("path", ["/missing/", "/broken/"])
def test_the_technical_pages_of_django_are_whole(path: str) -> None:
    response = Client(raise_request_exception=False).get(path)
    assert b"<style" in response.content
    assert POLICY not in response
    assert response["X-Content-Type-Options"] == "nosniff"


@override_settings(DEBUG=True)
def test_pages_of_the_site_have_the_policy_in_development_too(send: Any) -> None:
    assert _get(send, "plain")[POLICY] == PLAIN


# -- Settings that change ------------------------------------------------------------------------


def test_a_change_of_settings_is_seen(send: Any) -> None:
    for value in ("a=()", "b=()"):
        with override_settings(HARDENED_HEADERS={"Permissions-Policy": value}):
            assert _get(send, "plain")["Permissions-Policy"] == value
    assert _get(send, "plain")["Permissions-Policy"] == FIELDS["Permissions-Policy"]


def test_it_is_made_once(send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    original = header_settings._make

    def make() -> Any:
        calls.append(1)
        return original()

    monkeypatch.setattr(header_settings, "_make", make)
    header_settings.forget()
    for _ in range(5):
        _get(send, "plain")
    assert len(calls) == 1


# -- Cookies -------------------------------------------------------------------------------------


def _attributes(response: Any, name: str) -> tuple[bool, bool, str]:
    morsel = response.cookies[name]
    return bool(morsel["secure"]), bool(morsel["httponly"]), morsel["samesite"]


@override_settings(SECURE_SSL_REDIRECT=True, HARDENED_COOKIES={"theme": {"httponly": False}})
def test_every_cookie_is_raised(send: Any, caplog: Any) -> None:
    response = _get(send, "cookies", scheme="https")
    assert _attributes(response, "plain") == (True, True, "Lax")
    assert _attributes(response, "theme") == (True, False, "Lax")
    assert _attributes(response, "embed") == (True, True, "Lax")
    assert _attributes(response, "strict") == (True, True, "Strict")
    assert _attributes(response, "__Host-id") == (True, True, "Lax")
    assert (response.cookies["__Host-id"]["path"], response.cookies["__Host-id"]["domain"]) == (
        "/",
        "",
    )
    named = [record.args[0] for record in caplog.records if record.name.endswith("cookies")]
    assert named == ["plain", "theme", "embed", "__Host-id"]
    _get(send, "cookies", scheme="https")
    assert len([r for r in caplog.records if r.name.endswith("cookies")]) == 4


def test_on_http_they_are_not_secure(send: Any) -> None:
    response = _get(send, "cookies")
    assert _attributes(response, "plain") == (False, True, "Lax")
    assert _attributes(response, "strict") == (True, True, "Strict")
    assert _attributes(response, "__Host-id") == (True, True, "Lax")


@override_settings(SECURE_SSL_REDIRECT=True)
def test_one_that_is_written_as_a_field_is_raised(send: Any, caplog: Any) -> None:
    response = _get(send, "written-cookie", scheme="https")
    assert response["Set-Cookie"] == ("raw=1; Max-Age=60; Secure; HttpOnly; SameSite=Lax; Path=/x")
    assert "'raw'" in caplog.text


@pytest.mark.parametrize("hidden", [True, False])
def test_scripts_read_the_csrf_cookie_unless_told_otherwise(send: Any, hidden: bool) -> None:
    with override_settings(CSRF_COOKIE_HTTPONLY=hidden, CSRF_COOKIE_NAME="plain"):
        assert _attributes(_get(send, "cookies"), "plain") == (False, hidden, "Lax")


def test_a_setting_of_django_s_declares_its_cookie(send: Any) -> None:
    with override_settings(LANGUAGE_COOKIE_NAME="embed", LANGUAGE_COOKIE_SAMESITE="None"):
        assert _attributes(_get(send, "cookies"), "embed") == (False, True, "None")
