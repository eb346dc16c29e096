from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import RequestFactory, override_settings
from django.utils.crypto import constant_time_compare
from django.utils.functional import lazystr
from site_support import AUTHENTICATION, MIDDLEWARE, SESSION, codes, findings, without

from django_hardened.checks import csrf


class OwnCsrf(CsrfViewMiddleware):
    pass


class Relaxed(CsrfViewMiddleware):
    def process_view(self, request: Any, *args: Any) -> Any:
        if request.path == "/hook/":
            return None
        return super().process_view(request, *args)


class Idle(CsrfViewMiddleware):
    def process_view(self, *args: Any) -> None:
        """Check nothing."""


class IdleCsrfViewMiddleware(CsrfViewMiddleware):
    def process_view(self, request: Any, *args: Any) -> None:
        request.csrf_processing_done = True


class InheritedIdle(Idle):
    pass


class IdleCsrfMiddleware:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)


class WrappingCsrfMiddleware(IdleCsrfMiddleware):
    def __init__(self, get_response: Any) -> None:
        self.get_response = CsrfViewMiddleware(get_response)


class ComparingCsrfMiddleware(IdleCsrfMiddleware):
    @staticmethod
    def process_view(request: Any, *args: Any) -> Any:
        def verdict() -> bool:
            return constant_time_compare(request.POST["token"], request.session["token"])

        return None if verdict() else 403


def refusingCsrfMiddleware(get_response: Any) -> Any:  # noqa: N802
    def middleware(request: Any) -> Any:
        return get_response(request) if "x-token" in request.headers else HttpResponse(status=403)

    return middleware


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://example.com", []),
        ("https://www.example.com:8443", []),
        ("https://*.example.com", []),
        ("https://mine.herokuapp.com", []),
        ("https://[2001:db8::1]", []),
        ("https://*.internal", []),
        ("chrome-extension://abcdef", []),
        ("capacitor://localhost", []),
        (lazystr("https://example.com"), []),
        ("example.com", []),  # 4_0.E001
        ("*", []),  # 4_0.E001
        ("https://*", ["E240"]),
        ("https://*.*", ["E240"]),
        ("https://*:8000", ["E240"]),
        ("https://*.", ["E240"]),
        ("http://*", ["E240"]),
        ("https://*.com", ["E240"]),
        ("https://*.herokuapp.com", ["E240"]),
        ("https://*.HEROKUAPP.com", ["E240"]),
        ("http://*.ngrok-free.app", ["E240"]),
        ("https://*.co.uk", ["E240"]),
        ("http://example.com", ["E241"]),
        ("HTTP://Example.com", ["E241"]),
        ("http://*.example.com", ["E241"]),
        ("http://example.com:8000", ["E241"]),
        ("http://203.0.114.7", ["E241"]),
        ("http://user@example.com", ["E241"]),
        ("http://localhost", ["W242"]),
        ("http://localhost:3000", ["W242"]),
        ("http://127.0.0.1:8000", ["W242"]),
        ("http://[::1]", ["W242"]),
        ("http://[::1]:8000", ["W242"]),
        ("http://[2606:4700::1111]:80", ["E241"]),
        ("http://192.168.1.5:8000", ["W242"]),
        ("http://web:8000", ["W242"]),
        ("http://nas.local", ["W242"]),
        ("https://example.com/", ["W243"]),
        ("https://example.com/shop", ["W243"]),
        ("https://example.com?x", ["W243"]),
        ("https://example.com#x", ["W243"]),
        ("https://Example.com", ["W243"]),
        ("https://example.com ", ["W243"]),
        ("https://example.com:443", ["W243"]),
        ("https://*example.com", ["W243"]),
        ("https://a.*.com", ["W243"]),
        ("https://*.*.com", ["W243"]),
        ("https://[::1", ["W243"]),
    ],
)
def test_origins(origin: Any, expected: list[str]) -> None:
    found = findings(csrf, CSRF_TRUSTED_ORIGINS=[origin])
    assert [str(m.id)[-4:] for m in found] == expected
    shown = str(origin).replace("user@", "***@")
    assert all(m.subject == shown for m in found)  # type: ignore[attr-defined]  # our Finding


def test_each_origin_is_judged() -> None:
    origins = ["https://*", "http://*.example.com", "https://example.com", "https://*"]
    assert codes(csrf, CSRF_TRUSTED_ORIGINS=tuple(origins)) == ["E240", "E241", "E240"]
    assert codes(csrf, CSRF_TRUSTED_ORIGINS="http://example.com") == ["E241"]
    assert codes(csrf, CSRF_TRUSTED_ORIGINS=None) == []


@pytest.mark.parametrize(
    ("entry", "origin", "is_trusted"),
    [
        ("https://*", "https://evil.example", False),
        ("https://*.herokuapp.com", "https://evil.herokuapp.com", True),
        ("https://example.com/", "https://example.com", False),
        ("https://Example.com", "https://example.com", False),
        ("https://example.com:443", "https://example.com", False),
        ("https://*example.com", "https://www.example.com", False),
        ("https://a.*.com", "https://a.b.com", False),
    ],
)
def test_what_is_said_of_an_origin_is_true_of_django(
    entry: str, origin: str, is_trusted: bool
) -> None:
    with override_settings(CSRF_TRUSTED_ORIGINS=[entry]):
        middleware = CsrfViewMiddleware(lambda request: None)  # type: ignore[arg-type]
        request = RequestFactory().post("/", headers={"origin": origin})
        assert middleware._origin_verified(request) is is_trusted  # type: ignore[attr-defined]


BARE = without("CsrfViewMiddleware")


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        (BARE, ["E244"]),
        ([SESSION], ["E244"]),
        ([AUTHENTICATION], ["E244"]),
        (["not_installed.OurSessionMiddleware"], ["E244"]),
        ([], []),
        (without("CsrfViewMiddleware", "SessionMiddleware", "AuthenticationMiddleware"), []),
        ([*BARE, f"{__name__}.OwnCsrf"], []),
        ([*BARE, f"{__name__}.Relaxed"], []),
        ([*BARE, f"{__name__}.WrappingCsrfMiddleware"], []),
        ([*BARE, f"{__name__}.ComparingCsrfMiddleware"], []),
        ([*BARE, f"{__name__}.refusingCsrfMiddleware"], []),
        ([*BARE, f"{__name__}.Idle"], ["E244"]),
        ([*BARE, f"{__name__}.InheritedIdle"], ["E244"]),
        ([*BARE, f"{__name__}.IdleCsrfViewMiddleware"], ["E244"]),
        ([*BARE, f"{__name__}.IdleCsrfMiddleware"], ["E244"]),
        ([*MIDDLEWARE, f"{__name__}.Idle", f"{__name__}.IdleCsrfMiddleware"], []),
        ([f"{__name__}.Idle"], []),
        ([*BARE, "not_installed.OurCsrfViewMiddleware"], []),
        ([*BARE, "session_csrf.CsrfMiddleware"], []),
        ([*BARE, "site.middleware.DisableCsrfMiddleware"], ["E244"]),
        ([*MIDDLEWARE, "site.middleware.DisableCSRF"], ["W245"]),
        ([*MIDDLEWARE, "site.middleware.disable_csrf"], ["W245"]),
        ([*MIDDLEWARE, "site.CsrfExemptMiddleware", "site.NoCsrf"], ["W245", "W245"]),
        ([*MIDDLEWARE, "site.middleware.ApiSkipsCsrf"], ["W245"]),
        ([*MIDDLEWARE, "skip.csrf.Piano"], []),
        ([*MIDDLEWARE, "site.PianoCsrfMiddleware", "site.CsrfCookieMiddleware"], []),
    ],
)
def test_middleware(middleware: list[str], expected: list[str]) -> None:
    assert codes(csrf, MIDDLEWARE=middleware) == expected


def test_the_middleware_that_checks_nothing_is_named() -> None:
    [message] = findings(csrf, MIDDLEWARE=[*BARE, f"{__name__}.Idle"])
    assert message.msg.startswith(f"{__name__}.Idle, which is in MIDDLEWARE, checks no CSRF token")
