"""Each rule about hosts, proxies, transport and cookies: a site that breaks it and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import lazystr
from site_support import (
    AUTHENTICATION,
    CSRF,
    MIDDLEWARE,
    PIN,
    PROXY,
    SECURITY,
    SESSION,
    codes,
    findings,
    without,
)
from site_support import UPDATE_CACHE as CACHE

from django_hardened.checks import (
    browser_headers,
    cookie_scope,
    cookies,
    csrf,
    host_settings,
    hosts,
    internal_ips,
    pinning,
    proxies,
    proxy_ssl_header,
    transport,
)
from django_hardened.checks.rules import Rule

MODULES = (
    *(hosts, host_settings, pinning, proxies, proxy_ssl_header, internal_ips),
    *(transport, browser_headers, cookies, cookie_scope, csrf),
)
RULES: tuple[Rule, ...] = tuple(rule for module in MODULES for rule in module.RULES)
PROTO = ("HTTP_X_FORWARDED_PROTO", "https")
COMMON = "django.middleware.common.CommonMiddleware"
SITES = "django.contrib.sites.middleware.CurrentSiteMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
REST = without("TrustedProxyMiddleware", "HostPinningMiddleware", "SecurityMiddleware")
BARE = without("TrustedProxyMiddleware", "HostPinningMiddleware")


def find_tenant(name: str) -> bool:
    return name == "t1.example.com"


class SecureSessionMiddleware(SessionMiddleware):
    """Stands for those of projects that mark the cookie as Secure where the request was."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        return super().process_response(request, response)


# Code, what breaks the rule (with what it breaks besides), and a near miss that breaks nothing.
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("E101", {"ALLOWED_HOSTS": []}, {"ALLOWED_HOSTS": ["a.example"]}),
    ("E102", {"ALLOWED_HOSTS": ["*"]}, {"ALLOWED_HOSTS": ["www.example.com"]}),
    ("E103", {"ALLOWED_HOSTS": [".herokuapp.com"]}, {"ALLOWED_HOSTS": ["mine.herokuapp.com"]}),
    ("E104", {"ALLOWED_HOSTS": ["https://a.example"]}, {"ALLOWED_HOSTS": ["a.example"]}),
    ("W105", {"ALLOWED_HOSTS": ["localhost"]}, {"ALLOWED_HOSTS": ["localhost", "a.example"]}),
    (
        "E130",
        {"HARDENED_HOST_ALIASES": {"www.example.com:80": "example.com"}},
        {"HARDENED_HOST_ALIASES": {"old.example.com": "example.com"}},
    ),
    (
        "E130",
        {"HARDENED_CANONICAL_ORIGIN": "https://example.com/shop"},
        {"HARDENED_CANONICAL_ORIGIN": "https://example.com:8443"},
    ),
    (
        "E130",
        {"HARDENED_TENANT_RESOLVER": "site.tenants.not_there"},
        {"HARDENED_TENANT_RESOLVER": f"{__name__}.find_tenant"},
    ),
    (
        "E131",
        {"HARDENED_HOST_ALIASES": {"old.example.com": "gone.example.com"}},
        {"HARDENED_HOST_ALIASES": {"old.example.com": "WWW.example.com."}},
    ),
    (
        "E131",
        {"HARDENED_HOST_ALIASES": {"a.example": "b.example", "b.example": "example.com"}},
        {"HARDENED_HOST_ALIASES": {"a.example": "example.com", "b.example": "example.com"}},
    ),
    (
        "E132",
        {"HARDENED_CANONICAL_ORIGIN": "https://gone.example.com"},
        {"HARDENED_CANONICAL_ORIGIN": "https://www.example.com"},
    ),
    (
        "W133",
        {"HARDENED_CANONICAL_ORIGIN": "http://example.com"},
        {"HARDENED_CANONICAL_ORIGIN": None},
    ),
    ("W134", {"HARDENED_HEALTH_PATHS": ["healthz"]}, {"HARDENED_HEALTH_PATHS": ["/healthz"]}),
    ("W134", {"HARDENED_HEALTH_PATHS": ["/"]}, {"HARDENED_HEALTH_PATHS": ["/livez", "/readyz"]}),
    (
        "W114",
        {
            "ALLOWED_HOSTS": ["*"],
            "MIDDLEWARE": [*MIDDLEWARE, "django_tenants.middleware.main.TenantMainMiddleware"],
        },
        {"ALLOWED_HOSTS": ["*"], "HARDENED_TENANT_RESOLVER": find_tenant},
    ),
    (
        "W113",
        {"ALLOWED_HOSTS": ["a.example", "a.example:80"]},
        {"ALLOWED_HOSTS": ["a.example", "b.example"]},
    ),
    (
        "W106",
        {"ALLOWED_HOSTS": [".example.com"]},
        {"ALLOWED_HOSTS": [".example.com"], "HARDENED_TENANT_RESOLVER": find_tenant},
    ),
    (
        "I107",
        {"MIDDLEWARE": without("HostPinningMiddleware")},
        {"MIDDLEWARE": MIDDLEWARE},
    ),
    (
        "E108",
        {"MIDDLEWARE": [PROXY, SECURITY, PIN, *REST]},
        {"MIDDLEWARE": [PROXY, PIN, SECURITY, *REST]},
    ),
    (
        "E109",
        {"MIDDLEWARE": [PIN, PROXY, SECURITY, *REST]},
        {"MIDDLEWARE": [PIN, SECURITY, *REST]},
    ),
    (
        "W110",
        {"MIDDLEWARE": [PROXY, CACHE, PIN, SECURITY, *REST]},
        {"MIDDLEWARE": [PROXY, PIN, SECURITY, CACHE, *REST]},
    ),
    (
        "W110",
        {"MIDDLEWARE": [PROXY, FETCH, PIN, SECURITY, *REST]},
        {"MIDDLEWARE": [PROXY, PIN, SECURITY, CACHE, *REST, FETCH]},
    ),
    (
        "W136",
        {"MIDDLEWARE": [PROXY, COMMON, PIN, SECURITY, *REST]},
        {"MIDDLEWARE": [PROXY, "django.middleware.gzip.GZipMiddleware", PIN, SECURITY, *REST]},
    ),
    (
        "W136",
        {"MIDDLEWARE": [PROXY, SITES, PIN, SECURITY, *REST]},
        {"MIDDLEWARE": [PROXY, PIN, SECURITY, SITES, *REST]},
    ),
    (
        "E111",
        {"SECURE_SSL_HOST": "secure.example.com"},
        {"SECURE_SSL_HOST": "WWW.example.com:8443"},
    ),
    (
        "E112",
        {
            "MIDDLEWARE": [*MIDDLEWARE, "allow_cidr.middleware.AllowCIDRMiddleware"],
            "ALLOWED_CIDR_NETS": ["10.0.0.0/8"],
        },
        {"MIDDLEWARE": [*MIDDLEWARE, "allow_cidr.middleware.AllowCIDRMiddleware"]},
    ),
    (
        "W118",
        {"SECURE_PROXY_SSL_HEADER": PROTO},
        {"SECURE_PROXY_SSL_HEADER": PROTO, "HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8", "unix"]},
    ),
    (
        "W218",
        {
            "SESSION_COOKIE_SECURE": False,
            "MIDDLEWARE": [
                f"{__name__}.SecureSessionMiddleware" if entry == SESSION else entry
                for entry in MIDDLEWARE
            ],
        },
        {"MIDDLEWARE": MIDDLEWARE},
    ),
    (
        "E119",
        {"SECURE_PROXY_SSL_HEADER": ("X-Forwarded-Proto", "https")},
        {"SECURE_PROXY_SSL_HEADER": None},
    ),
    (
        "E120",
        {"HARDENED_TRUSTED_PROXIES": ["10.0.0.1/8"]},
        {"HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8"]},
    ),
    (
        "E121",
        {"HARDENED_TRUSTED_PROXIES": ["0.0.0.0/0"]},
        {"HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8"]},
    ),
    (
        "E122",
        {
            "HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8"],
            "MIDDLEWARE": without("TrustedProxyMiddleware"),
        },
        {"HARDENED_TRUSTED_PROXIES": [], "MIDDLEWARE": without("TrustedProxyMiddleware")},
    ),
    (
        "W123",
        {
            "SECURE_PROXY_SSL_HEADER": ("HTTP_X_SCHEME", "https"),
            "HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8"],
        },
        {"SECURE_PROXY_SSL_HEADER": PROTO, "HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8"]},
    ),
    ("W124", {"INTERNAL_IPS": ["0.0.0.0/0"]}, {"INTERNAL_IPS": ["127.0.0.1", "10.0.0.1/32"]}),
    (
        "E128",
        {"HARDENED_FORWARDED_HEADER": "forwarded"},
        {"HARDENED_FORWARDED_HEADER": "Forwarded"},
    ),
    (
        "I129",
        {"HARDENED_TRUSTED_PROXIES": [2]},
        {"HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8", 2]},
    ),
    ("W201", {"SECURE_SSL_REDIRECT": False}, {"SECURE_SSL_REDIRECT": True}),
    ("W202", {"SECURE_HSTS_SECONDS": 0}, {"SECURE_HSTS_SECONDS": 31_536_000}),
    ("W203", {"SECURE_HSTS_SECONDS": 3600}, {"SECURE_HSTS_SECONDS": "63072000"}),
    ("W204", {"SECURE_HSTS_SECONDS": 86_400}, {"SECURE_HSTS_SECONDS": 31_536_000}),
    (
        "W205",
        {"SECURE_HSTS_PRELOAD": True},
        {"SECURE_HSTS_PRELOAD": True, "SECURE_HSTS_INCLUDE_SUBDOMAINS": True},
    ),
    (
        "E206",
        {"SECURE_REDIRECT_EXEMPT": [r".*"]},
        {"SECURE_REDIRECT_EXEMPT": [r"^healthz$", r"^\.well-known/.*"]},
    ),
    (
        "E207",
        {"SECURE_REDIRECT_EXEMPT": ["*.html"]},
        {"SECURE_REDIRECT_EXEMPT": [r".*\.html$"]},
    ),
    (
        "E208",
        {"MIDDLEWARE": without("SecurityMiddleware")},
        {
            "MIDDLEWARE": without("SecurityMiddleware"),
            "HARDENED_EDGE": {"ssl_redirect", "hsts", "headers"},
        },
    ),
    (
        "E210",
        {"SECURE_CONTENT_TYPE_NOSNIFF": False},
        {"SECURE_CONTENT_TYPE_NOSNIFF": False, "HARDENED_EDGE": {"headers"}},
    ),
    (
        "W211",
        {"SECURE_REFERRER_POLICY": None},
        {"SECURE_REFERRER_POLICY": None, "HARDENED_EDGE": {"headers"}},
    ),
    (
        "E212",
        {"SECURE_REFERRER_POLICY": "unsafe-url"},
        {"SECURE_REFERRER_POLICY": "unsafe-url, same-origin"},
    ),
    (
        "W213",
        {"SECURE_REFERRER_POLICY": ["same-origin", "no-referrer-when-downgrade"]},
        {"SECURE_REFERRER_POLICY": "strict-origin-when-cross-origin"},
    ),
    (
        "W214",
        {"SECURE_CROSS_ORIGIN_OPENER_POLICY": "unsafe-none"},
        {"SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin-allow-popups"},
    ),
    (
        "W215",
        {"MIDDLEWARE": without("XFrameOptionsMiddleware", "HeadersMiddleware")},
        {
            "MIDDLEWARE": without("XFrameOptionsMiddleware", "HeadersMiddleware"),
            "HARDENED_EDGE": {"headers"},
        },
    ),
    ("E216", {"X_FRAME_OPTIONS": "ALLOWALL"}, {"X_FRAME_OPTIONS": "deny"}),
    ("I217", {"X_FRAME_OPTIONS": "sameorigin"}, {"X_FRAME_OPTIONS": "DENY"}),
    (
        "E220",
        {"SESSION_COOKIE_SECURE": False},
        {
            "SESSION_COOKIE_SECURE": False,
            "MIDDLEWARE": without("SessionMiddleware", "enticationMiddleware"),
        },
    ),
    ("E221", {"SESSION_COOKIE_HTTPONLY": False}, {"SESSION_COOKIE_HTTPONLY": True}),
    (
        "E222",
        {"CSRF_COOKIE_SECURE": False},
        {"CSRF_COOKIE_SECURE": False, "CSRF_USE_SESSIONS": True},
    ),
    ("E223", {"SESSION_COOKIE_SAMESITE": None}, {"SESSION_COOKIE_SAMESITE": "Strict"}),
    ("E224", {"SESSION_COOKIE_SAMESITE": "None"}, {"SESSION_COOKIE_SAMESITE": "lax"}),
    (
        "W225",
        {"CSRF_COOKIE_SAMESITE": False},
        {"CSRF_COOKIE_SAMESITE": False, "CSRF_USE_SESSIONS": True},
    ),
    ("E226", {"SESSION_COOKIE_DOMAIN": ".co.uk"}, {"SESSION_COOKIE_DOMAIN": None}),
    ("W227", {"CSRF_COOKIE_DOMAIN": ".example.com"}, {"CSRF_COOKIE_DOMAIN": ""}),
    (
        "E228",
        {"SESSION_COOKIE_NAME": "__Host-sessionid", "SESSION_COOKIE_DOMAIN": "example.com"},
        {"SESSION_COOKIE_NAME": "__Host-sessionid", "SESSION_COOKIE_PATH": "/"},
    ),
    (
        "E229",
        {"CSRF_COOKIE_NAME": "__Secure-csrftoken", "CSRF_COOKIE_SECURE": False},
        {"CSRF_COOKIE_NAME": "__Secure-csrftoken", "CSRF_COOKIE_PATH": "/shop"},
    ),
    (
        "E240",
        {"CSRF_TRUSTED_ORIGINS": ["https://*"]},
        {"CSRF_TRUSTED_ORIGINS": ["https://*.example.com"]},
    ),
    (
        "E241",
        {"CSRF_TRUSTED_ORIGINS": ["http://*.example.com"]},
        {"CSRF_TRUSTED_ORIGINS": ["https://*.example.com:8443"]},
    ),
    (
        "W242",
        {"CSRF_TRUSTED_ORIGINS": ["http://localhost:8000"]},
        {"CSRF_TRUSTED_ORIGINS": ["https://localhost:8000"]},
    ),
    (
        "W243",
        {"CSRF_TRUSTED_ORIGINS": ["https://example.com/"]},
        {"CSRF_TRUSTED_ORIGINS": ["https://example.com"]},
    ),
    (
        "E244",
        {"MIDDLEWARE": without("CsrfViewMiddleware")},
        {"MIDDLEWARE": without("CsrfViewMiddleware", "SessionMiddleware", "enticationMiddleware")},
    ),
    (
        "W245",
        {"MIDDLEWARE": [*MIDDLEWARE, "site.middleware.DisableCSRFMiddleware"]},
        {"MIDDLEWARE": [*MIDDLEWARE, "site.middleware.CsrfTokenHeaderMiddleware"]},
    ),
]
# Rules that another one goes with: without the pin, or where another setting is wrong as well.
COMPANIONS: list[tuple[list[str], dict[str, Any]]] = [
    (
        ["W106", "I107", "E115"],
        {"USE_X_FORWARDED_HOST": True, "ALLOWED_HOSTS": [".example.com"], "MIDDLEWARE": BARE},
    ),
    (["I107", "I116"], {"USE_X_FORWARDED_HOST": True, "MIDDLEWARE": BARE}),
    (["I107", "I125"], {"SECURE_PROXY_SSL_HEADER": PROTO, "MIDDLEWARE": BARE}),
    (
        ["W201", "W202", "W219"],
        {
            "SECURE_SSL_REDIRECT": False,
            "SECURE_HSTS_SECONDS": 0,
            "SESSION_COOKIE_SECURE": False,
        },
    ),
    (
        ["W135", "W106", "I107"],
        {
            "HARDENED_TENANT_RESOLVER": find_tenant,
            "ALLOWED_HOSTS": [".example.com"],
            "MIDDLEWARE": without("HostPinningMiddleware"),
        },
    ),
    (["I107", "W117"], {"USE_X_FORWARDED_PORT": True, "MIDDLEWARE": BARE}),
]


@pytest.mark.parametrize(
    ("code", "wrong", "right"),
    CASES,
    ids=[f"{code}-{number}" for number, (code, _, _) in enumerate(CASES)],
)
def test_a_rule_alone(code: str, wrong: dict[str, Any], right: dict[str, Any]) -> None:
    [message] = findings(*MODULES, **wrong)
    assert message.id == f"django_hardened.{code}"
    assert message.setting  # type: ignore[attr-defined]  # of our Finding
    assert codes(*MODULES, **right) == []


@pytest.mark.parametrize(
    ("expected", "changes"),
    COMPANIONS,
    ids=["-".join(codes) for codes, _ in COMPANIONS],
)
def test_rules_that_come_together(expected: list[str], changes: dict[str, Any]) -> None:
    assert codes(*MODULES, **changes) == expected


def test_every_rule_is_tried() -> None:
    tried = {code for code, _, _ in CASES} | {code for codes_, _ in COMPANIONS for code in codes_}
    # For two of these no SECURE_* setting may be written down: see test_transport. The third is
    # about a variable of the environment.
    assert {rule.code for rule in RULES} - tried == {"W209", "I230", "W138"}


@pytest.mark.parametrize(
    ("believed", "found"),
    [
        ("*", ["W138"]),
        ("127.0.0.1, *", ["W138"]),
        ("127.0.0.1,10.0.0.0/8", []),
        ("", []),
    ],
)
def test_whom_the_server_believes(
    believed: str, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", believed)
    assert codes(*MODULES) == found


def test_the_site_is_right() -> None:
    assert codes(*MODULES) == []


# -- What must not be called an Error ------------------------------------------------------------

IDIOMS: dict[str, dict[str, Any]] = {
    "hosts of many kinds": {
        "ALLOWED_HOSTS": ("a.example", "[2001:db8::1]", "xn--bcher-kva.example", "web", "10.0.0.5")
    },
    "loopback beside real names": {"ALLOWED_HOSTS": ["a.example", "localhost", "127.0.0.1"]},
    "redirect and HSTS at the edge": {
        "SECURE_SSL_REDIRECT": False,
        "SECURE_HSTS_SECONDS": 0,
        "HARDENED_EDGE": {"ssl_redirect", "hsts"},
    },
    "redirect and HSTS nowhere": {"SECURE_SSL_REDIRECT": False, "SECURE_HSTS_SECONDS": 0},
    "a month of HSTS": {"SECURE_HSTS_SECONDS": 30 * 86_400},
    "a proxy header with proxies": {
        "SECURE_PROXY_SSL_HEADER": PROTO,
        "HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8"],
    },
    "a proxy header without": {"SECURE_PROXY_SSL_HEADER": PROTO, "MIDDLEWARE": BARE},
    "a forwarded host, exact names": {"USE_X_FORWARDED_HOST": True, "MIDDLEWARE": BARE},
    "no subdomains, no preload": {
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": False,
        "SECURE_HSTS_PRELOAD": False,
    },
    "frames of the same host": {"X_FRAME_OPTIONS": "SAMEORIGIN"},
    "a CSRF cookie for scripts": {"CSRF_COOKIE_HTTPONLY": False},
    "a cookie for all subdomains": {
        "SESSION_COOKIE_DOMAIN": "example.com",
        "CSRF_COOKIE_DOMAIN": ".example.com",
    },
    "a token-only API": {
        "MIDDLEWARE": [PROXY, PIN, SECURITY],
        "SESSION_COOKIE_SECURE": False,
        "SESSION_COOKIE_HTTPONLY": False,
        "SESSION_COOKIE_SAMESITE": None,
        "CSRF_COOKIE_SECURE": False,
    },
    "CSRF in the session": {"CSRF_USE_SESSIONS": True, "CSRF_COOKIE_SECURE": False},
    "lazy strings and tuples": {
        "ALLOWED_HOSTS": (lazystr("a.example"),),
        "SECURE_REFERRER_POLICY": lazystr("same-origin"),
        "SESSION_COOKIE_SAMESITE": lazystr("Lax"),
        "CSRF_TRUSTED_ORIGINS": (lazystr("https://a.example"),),
        "SECURE_REDIRECT_EXEMPT": (lazystr("^healthz$"),),
        "MIDDLEWARE": tuple(map(lazystr, MIDDLEWARE)),
    },
    "subclasses and wrappers": {
        "MIDDLEWARE": [
            PROXY,
            PIN,
            "not_installed.middleware.SecurityMiddleware",
            "not_installed.OurSessionMiddleware",
            "not_installed.OurCsrfViewMiddleware",
            AUTHENTICATION,
            "not_installed.XFrameOptionsMiddleware",
        ]
    },
}


@pytest.mark.parametrize("changes", IDIOMS.values(), ids=IDIOMS)
def test_an_idiom_is_no_error(changes: dict[str, Any]) -> None:
    assert [code for code in codes(*MODULES, **changes) if code.startswith("E")] == []


# -- What a check must survive -------------------------------------------------------------------

ODD: list[Any] = [None, 5, 1.5, True, "", "x", lazystr("y"), b"x", {"a"}, {"a": 1}, [None], [[1]]]
ODD_IN_LISTS = [[None], [5, b"x"], (lazystr(" "),), {"a"}, [["a"]], [{"a": 1}], "text", None]


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize(
    "name",
    [
        "SECURE_SSL_REDIRECT",
        "SECURE_SSL_HOST",
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_PRELOAD",
        "SECURE_CONTENT_TYPE_NOSNIFF",
        "SECURE_REFERRER_POLICY",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY",
        "SECURE_PROXY_SSL_HEADER",
        "SECURE_CSP",
        "CONTENT_SECURITY_POLICY",
        "USE_X_FORWARDED_HOST",
        "X_FRAME_OPTIONS",
        "INTERNAL_IPS",
        "HARDENED_TRUSTED_PROXIES",
        "HARDENED_TENANT_RESOLVER",
        "ALLOWED_CIDR_NETS",
        *(
            f"{cookie}_COOKIE_{attribute}"
            for cookie in ("SESSION", "CSRF")
            for attribute in ("SECURE", "SAMESITE", "DOMAIN", "PATH", "NAME")
        ),
    ],
)
def test_no_value_makes_a_check_raise(name: str, value: Any) -> None:
    assert isinstance(codes(*MODULES, **{name: value}), list)


@pytest.mark.parametrize("value", ODD_IN_LISTS, ids=repr)
@pytest.mark.parametrize(
    "name", ["ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SECURE_REDIRECT_EXEMPT", "INTERNAL_IPS"]
)
def test_no_entry_makes_a_check_raise(name: str, value: Any) -> None:
    assert isinstance(codes(*MODULES, **{name: value}), list)


@pytest.mark.parametrize("middleware", [[], (), [CSRF, SESSION], ["no_such.Thing", None, 5]])
def test_no_middleware_makes_a_check_raise(middleware: Any) -> None:
    assert isinstance(codes(*MODULES, MIDDLEWARE=middleware), list)
