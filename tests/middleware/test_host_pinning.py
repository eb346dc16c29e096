"""``HostPinningMiddleware``: one spelling of each host, and strangers end here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.cache import cache, caches
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.test import override_settings
from django.urls import path
from django.utils.cache import get_cache_key
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.cache import cache_page
from hypothesis import example, given, settings
from hypothesis import strategies as st
from middleware_support import Exchange, Sender

from django_hardened.middleware import HostPinningMiddleware

PIN = "django_hardened.middleware.HostPinningMiddleware"
PRODUCTION = {
    "HARDENED_ENVIRONMENT": "production",
    "ALLOWED_HOSTS": ["example.com", ".tenants.example", "127.0.0.1", "[::1]"],
}
EVIL_FIELDS = [
    ("X-Forwarded-Host", "evil.test"),
    ("X-Forwarded-Host", "example.com:1234"),
    ("X-Forwarded-Port", "1234"),
    ("X-Forwarded-Server", "evil.test"),
    ("X-Host", "evil.test"),
    ("X-Original-Host", "evil.test"),
    ("Forwarded", "host=evil.test;proto=https"),
]
MALFORMED = [
    *("", "a_b", "exam ple.com", "example.com,evil.test", "example.com/x", "user@example.com"),
    *("example.com:0", "example.com:99999", "example.com:", "127.1", "2130706433", "[::1", "::1"),
    *("example.com..", ".example.com", "example.com%2eevil.test", "example.com\r\nX: y", "\x00"),
    *("ex\xe4mple.com", "a" * 64 + ".example.com", "b" * 100_000, "*", "http://example.com"),
]
STRANGERS = [
    *("evil.test", "evil.test:80", "www.example.com", "example.com.evil.test", "evilexample.com"),
    *(
        "localhost",
        "127.0.0.2",
        "[::2]",
        "testserver",
        "tenants.example.evil.test",
        "xtenants.example",
    ),
]


@pytest.fixture
def production() -> Iterator[None]:
    with override_settings(**PRODUCTION):
        yield


# -- The pin -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("field", [None, *EVIL_FIELDS], ids=str)
@pytest.mark.parametrize(
    ("host", "pinned"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.Com", "example.com"),
        ("example.com.", "example.com"),
        ("example.com:80", "example.com"),
        ("Example.COM.:65535", "example.com"),
        ("Shop.Tenants.Example.:8000", "shop.tenants.example"),
        ("tenants.example", "tenants.example"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[0:0:0::0:1]:8000", "[::1]"),
    ],
)
@pytest.mark.parametrize("forwarded", [False, True])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_everything_that_names_the_host_names_the_pinned_one(
    send: Any, host: str, pinned: str, field: tuple[str, str] | None, forwarded: bool, scheme: str
) -> None:
    with override_settings(USE_X_FORWARDED_HOST=forwarded, USE_X_FORWARDED_PORT=forwarded):
        exchange = send.through(
            HostPinningMiddleware,
            host=host,
            headers=[field] if field else [],
            scheme=scheme,
            server=("10.0.0.5", "8001"),
        )
        request = exchange.request
        assert exchange.response.content == b"from the view"
        assert request.get_host() == pinned
        assert request.get_port() == {"http": "80", "https": "443"}[scheme]
        assert request.build_absolute_uri() == f"{scheme}://{pinned}/"
        assert request.build_absolute_uri("/x") == f"{scheme}://{pinned}/x"
        assert request.headers["Host"] == pinned
        assert request.META["HTTP_HOST"] == pinned
        assert request.META["SERVER_NAME"] == pinned
        assert request.META["SERVER_PORT"] == {"http": "80", "https": "443"}[scheme]


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("field", EVIL_FIELDS, ids=str)
def test_no_other_source_of_a_host_is_left(send: Any, field: tuple[str, str]) -> None:
    """Also without TrustedProxyMiddleware in front: each of the two is usable alone."""
    request = send.through(HostPinningMiddleware, host="example.com", headers=[field]).request
    assert field[0] not in request.headers
    assert field[1] not in list(request.META.values())


@pytest.mark.parametrize("environment", ["production", "build", "development", "test"])
@pytest.mark.parametrize(
    ("host", "name", "port"),
    [("Localhost.:8000", "localhost", "8000"), ("[::0:1]:8443", "[::1]", "8443")],
)
def test_the_port_stays_in_development_and_in_tests_only(
    send: Any, environment: str, host: str, name: str, port: str
) -> None:
    """Without it the Origin of a form on http://localhost:8000 would not match."""
    with override_settings(HARDENED_ENVIRONMENT=environment, ALLOWED_HOSTS=["localhost", "[::1]"]):
        request = send.through(HostPinningMiddleware, host=host).request
        keeps = environment in ("development", "test")
        assert request.get_host() == (f"{name}:{port}" if keeps else name)
        assert request.get_port() == (port if keeps else "80")
        assert request.META["SERVER_NAME"] == name


def test_a_wildcard_is_honoured_in_development_only(send: Any) -> None:
    for environment, status in [("development", 200), ("test", 421), ("production", 421)]:
        with override_settings(HARDENED_ENVIRONMENT=environment, ALLOWED_HOSTS=["*"]):
            exchange = send.through(HostPinningMiddleware, host="any.test:8000")
            assert exchange.response.status_code == status


def test_with_debug_and_no_hosts_only_this_machine_is_served(send: Any) -> None:
    with override_settings(HARDENED_ENVIRONMENT="development", DEBUG=True, ALLOWED_HOSTS=[]):
        exchange = send.through(HostPinningMiddleware, host="a.LOCALHOST:8000")
        assert exchange.request.get_host() == "a.localhost:8000"
        exchange = send.through(HostPinningMiddleware, host="example.com")
        assert exchange.response.status_code == 421


@pytest.mark.usefixtures("production")
def test_without_a_host_header_the_name_of_the_server_counts(send: Any) -> None:
    request = send.through(HostPinningMiddleware, server=("Example.com", "8001")).request
    assert request.get_host() == "example.com"
    assert request.headers["Host"] == "example.com"
    assert request.get_port() == "80"
    exchange = send.through(HostPinningMiddleware, server=("10.0.0.5", "80"))
    assert (exchange.response.status_code, exchange.arrived) == (421, [])
    exchange = send.through(HostPinningMiddleware, server=("/run/site.sock", ""))
    assert (exchange.response.status_code, exchange.arrived) == (400, [])


@pytest.mark.usefixtures("production")
def test_a_request_that_names_no_host_at_all_is_malformed(send: Any) -> None:
    request = send.request()
    del request.META["SERVER_NAME"]
    exchange = send.on(request, HostPinningMiddleware)
    assert (exchange.response.status_code, exchange.arrived) == (400, [])


@pytest.mark.usefixtures("production")
def test_two_host_fields_are_one_too_many(send: Any) -> None:
    exchange = send.through(
        HostPinningMiddleware, host="example.com", headers=[("Host", "example.com")]
    )
    assert (exchange.response.status_code, exchange.arrived) == (400, [])


@pytest.mark.usefixtures("production")
def test_what_was_read_and_cached_before_the_pin_is_forgotten(send: Any) -> None:
    request = send.request(host="EXAMPLE.com:8000")
    assert request.headers["Host"] == "EXAMPLE.com:8000"
    assert request.build_absolute_uri() == "http://EXAMPLE.com:8000/"
    assert send.on(request, HostPinningMiddleware).request is request
    assert request.headers["Host"] == "example.com"
    assert request.build_absolute_uri() == "http://example.com/"


hosts_sent = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.text(alphabet="exampl.com:80[]1_,@ \r\nEXAMPL", max_size=20),
    st.tuples(
        st.sampled_from(["example.com", "EXAMPLE.COM", "a.tenants.example", "127.0.0.1", "[::1]"]),
        st.sampled_from(["", ".", "..", " ", "\t", "\n", ",", "@x", "/"]),
        st.sampled_from(["", ":", ":80", ":080", ":0", ":65535", ":65536", ":80\n", ": 80", ":x"]),
    ).map("".join),
)


@settings(max_examples=100, deadline=None)
@given(hosts_sent, st.sampled_from(["production", "test"]))
@example("example.com.:80", "production")
def test_every_request_is_pinned_or_refused(send: Any, host: str, environment: str) -> None:
    with override_settings(**PRODUCTION | {"HARDENED_ENVIRONMENT": environment}):
        exchange = send.through(HostPinningMiddleware, host=host)
        if not exchange.arrived:
            assert exchange.response.status_code in (400, 421)
            return
        name, port = split_domain_port(exchange.request.get_host())
        assert name == exchange.request.META["SERVER_NAME"]
        assert name == name.lower().rstrip(".")
        assert validate_host(name, PRODUCTION["ALLOWED_HOSTS"])
        assert not port or environment == "test"


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("environment", ["production", "test"])
@pytest.mark.parametrize("host", ["EXAMPLE.com.:8000", "[::0:1]:8000", "Shop.tenants.example"])
def test_pinning_twice_is_pinning_once(send: Any, host: str, environment: str) -> None:
    with override_settings(HARDENED_ENVIRONMENT=environment):
        once = send.through(HostPinningMiddleware, host=host).request
        twice = send.through(HostPinningMiddleware, HostPinningMiddleware, host=host).request
        assert twice.build_absolute_uri() == once.build_absolute_uri()
        for name in ("HTTP_HOST", "SERVER_NAME", "SERVER_PORT"):
            assert twice.META[name] == once.META[name]


def test_whatever_is_pinned_django_accepts(send: Any) -> None:
    """Django compares ALLOWED_HOSTS as text: a second opinion must not contradict the first."""
    for entry in ("[0:0:0:0:0:0:0:1]", "[2001:DB8::1]", "[::ffff:1.2.3.4]", "[::ffff:102:304]"):
        with override_settings(**PRODUCTION | {"ALLOWED_HOSTS": [entry]}):
            exchange = send.through(HostPinningMiddleware, host=entry)
            assert exchange.response.status_code == 421 or exchange.request.get_host()


# -- Aliases, the canonical origin, tenants, health checks ---------------------------------------


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("redirect", [False, True])
@pytest.mark.parametrize("ssl_redirect", [False, True])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_alias(send: Any, redirect: bool, ssl_redirect: bool, method: str) -> None:
    with override_settings(
        HARDENED_HOST_ALIASES={"www.example.com": "example.com"},
        HARDENED_REDIRECT_HOST_ALIASES=redirect,
        SECURE_SSL_REDIRECT=ssl_redirect,
        ROOT_URLCONF=Urls,
        MIDDLEWARE=[PIN],
    ):
        response = send.get("/echo/", method, host="WWW.example.com:81")
        if not redirect:
            assert response.content.decode() == "example.com http://example.com/next"
            return
        assert (response.status_code, response.content) == (308, b"")
        assert response["Cache-Control"] == "no-store"
        scheme = "https" if ssl_redirect else "http"
        assert response["Location"] == f"{scheme}://example.com/echo/"
        assert send.get("/echo/", method, host="example.com").status_code == 200


PROTO = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("ssl_redirect", [False, True])
@pytest.mark.parametrize("header", [None, PROTO])
@pytest.mark.parametrize(
    ("host", "text"),
    [("EXAMPLE.com", "example.com:8443"), ("a.tenants.example:1", "a.tenants.example")],
)
def test_links_have_the_declared_scheme_and_port(
    send: Any, host: str, text: str, scheme: str, ssl_redirect: bool, header: Any
) -> None:
    with override_settings(
        HARDENED_CANONICAL_ORIGIN="https://example.com:8443",
        SECURE_SSL_REDIRECT=ssl_redirect,
        SECURE_PROXY_SSL_HEADER=header,
    ):
        fields = [("X-Forwarded-Proto", scheme)] if header else []
        exchange = send.through(HostPinningMiddleware, host=host, headers=fields, scheme=scheme)
        request = exchange.request
        assert request.get_host() == text
        assert request.build_absolute_uri() == f"https://{text}/"
        # What SecurityMiddleware must redirect, it must be able to see.
        assert request.is_secure() == (scheme == "https" or not ssl_redirect)


@pytest.mark.usefixtures("production")
def test_a_declared_plain_origin_makes_no_request_insecure(send: Any) -> None:
    with override_settings(HARDENED_CANONICAL_ORIGIN="http://example.com"):
        request = send.through(HostPinningMiddleware, host="example.com", scheme="https").request
        assert request.build_absolute_uri() == "http://example.com/"
        assert request.is_secure()


TENANTS = dict.fromkeys(("t1.tenants.example", "t2.tenants.example"), "t1.tenants.example")


def find_tenant(name: str) -> str | None:
    if name == "down.tenants.example":
        raise LookupError
    return {
        "t1.tenants.example": "t1.tenants.example",
        "t2.tenants.example": "t1.tenants.example",
    }.get(name)


async def afind_tenant(name: str) -> str | None:
    return find_tenant(name)


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("resolver", [find_tenant, afind_tenant])
def test_only_known_tenants_are_served(send: Any, resolver: Any) -> None:
    with override_settings(HARDENED_TENANT_RESOLVER=resolver):
        for sent, pinned in [
            ("T1.tenants.example:80", "t1.tenants.example"),
            ("t2.tenants.example", "t1.tenants.example"),
            ("example.com", "example.com"),
        ]:
            request = send.through(HostPinningMiddleware, host=sent).request
            assert request.get_host() == pinned
        for sent, status in [("t3.tenants.example", 421), ("down.tenants.example", 503)]:
            exchange = send.through(HostPinningMiddleware, host=sent)
            assert_refused(exchange.response, status)
            assert exchange.arrived == []


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("host", ["10.0.0.7:8000", "evil.test", "a_b", "example.com"])
def test_a_health_check_is_answered_whatever_the_host(
    send: Any, log: list[logging.LogRecord], host: str
) -> None:
    with override_settings(HARDENED_HEALTH_PATHS=["/healthz"], SECURE_SSL_REDIRECT=True):
        for method in ("GET", "HEAD"):
            response = send.get("/healthz", method, host=host)
            assert response.status_code == 200
            assert dict(response.items()) == {
                "Content-Type": "text/plain; charset=utf-8",
                "Cache-Control": "no-store",
            }
        assert send.get("/healthz", host=host).content == b"ok\n"
        assert ran == []
        assert log == []
        # Nothing else is opened by it.
        if host != "example.com":
            assert send.get("/healthz", "POST", host=host).status_code in (400, 421)
            assert send.get("/healthz/", host=host).status_code in (400, 421)


# -- What else may name a host -------------------------------------------------------------------


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("page", ["/x/../cached/", "/./cached/", "//evil.test/", "/cached/.."])
def test_a_path_that_would_become_another_url_is_refused(
    send: Any, log: list[logging.LogRecord], page: str
) -> None:
    response = send.get(page, host="example.com")
    assert_refused(response, 400)
    assert (ran, entries()) == ([], 0)
    assert log[0].getMessage().startswith(f"Refused with 400: the path {page!r} ")


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("variable", ["RAW_URI", "REQUEST_URI"])
def test_a_target_with_a_host_of_its_own(variable: str) -> None:
    """As gunicorn and uWSGI tell it. The path of the request is that of the target already."""
    send = Sender(is_async=False)
    request = send.request(host="example.com")
    request.META[variable] = "http://evil.test/"
    assert_refused(send.on(request, HostPinningMiddleware).response, 400)
    request = send.request(host="example.com")
    request.META[variable] = "http://EXAMPLE.com./"
    assert send.on(request, HostPinningMiddleware).request.get_host() == "example.com"


@pytest.mark.usefixtures("production")
def test_an_asgi_server_that_leaves_the_target_in_the_path() -> None:
    send = Sender(is_async=True)
    request = send.request(host="example.com")
    request.path = "http://example.com/page"
    assert_refused(send.on(request, HostPinningMiddleware).response, 400)


@pytest.mark.usefixtures("production")
def test_the_scope_says_the_same() -> None:
    """A consumer of ``request.scope`` sees no other host; the dictionary of the server is left."""
    send = Sender(is_async=True)
    request: Any = send.request(
        host="EXAMPLE.com:81", headers=[*EVIL_FIELDS, ("X-Custom", "kept"), ("X_Host", "evil.test")]
    )
    before = request.scope
    original = list(before["headers"])
    with override_settings(HARDENED_CANONICAL_ORIGIN="https://example.com"):
        scope = send.on(request, HostPinningMiddleware).request.scope
    fields = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
    assert fields == [(b"host", b"example.com"), (b"x-custom", b"kept")]
    assert scope["scheme"] == "https"
    assert (before["headers"], before["scheme"]) == (original, "http")


# -- The refusal ---------------------------------------------------------------------------------


def assert_refused(response: Any, status: int) -> None:
    text = {
        400: b"Bad Request\n",
        421: b"Misdirected Request\n",
        503: b"Service Unavailable\n",
    }[status]
    assert response.status_code == status
    assert response.content == text
    assert dict(response.items()) == {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
    }
    assert not response.cookies


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("host", MALFORMED, ids=lambda host: repr(host[:30]))
def test_a_malformed_host_gets_400_before_the_view(send: Any, host: str) -> None:
    exchange = send.through(HostPinningMiddleware, host=host)
    assert_refused(exchange.response, 400)
    assert exchange.arrived == []


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("host", STRANGERS)
def test_a_host_that_is_not_ours_gets_421_before_the_view(send: Any, host: str) -> None:
    exchange = send.through(HostPinningMiddleware, host=host)
    assert_refused(exchange.response, 421)
    assert exchange.response.reason_phrase == "Misdirected Request"
    assert exchange.arrived == []


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("field", EVIL_FIELDS, ids=str)
def test_no_other_field_makes_a_stranger_ours(send: Any, field: tuple[str, str]) -> None:
    ours = (field[0], field[1].replace("evil.test", "example.com"))
    with override_settings(USE_X_FORWARDED_HOST=True, USE_X_FORWARDED_PORT=True):
        exchange = send.through(HostPinningMiddleware, host="evil.test", headers=[ours])
    assert_refused(exchange.response, 421)


def test_nothing_is_ours_when_no_host_is_allowed(send: Any) -> None:
    for hosts in ([], ["*"], ["http://example.com", "example.com:80", ""]):
        with override_settings(HARDENED_ENVIRONMENT="production", ALLOWED_HOSTS=hosts):
            exchange = send.through(HostPinningMiddleware, host="example.com")
            assert_refused(exchange.response, 421)


# -- The log -------------------------------------------------------------------------------------


class Records(logging.Handler):
    """Keeps records. The hardened LOGGING ends at django.security, where caplog sees nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def log() -> Iterator[list[logging.LogRecord]]:
    handler = Records()
    loggers = [logging.getLogger(name) for name in ("django", "django.security")]
    for logger in loggers:
        logger.addHandler(handler)
    yield handler.records
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("evil.test", "Refused with 421: the Host header 'evil.test' is not in ALLOWED_HOSTS."),
        ("a_b", "Refused with 400: the Host header 'a_b' is not a host name."),
        ("", "Refused with 400: the Host header '' is blank."),
        (
            "x\r\nWARNING forged\x1b[2J\x00\xa0\xad",
            "Refused with 400: the Host header 'x\\r\\nWARNING forged\\x1b[2J\\x00\\xa0\\xad' "
            "is not ASCII.",
        ),
        (
            "a" * 5000,
            f"Refused with 400: the Host header '{'a' * 100}' is longer than 253 octets.",
        ),
    ],
    ids=["stranger", "malformed", "blank", "injection", "long"],
)
def test_a_refusal_is_logged_in_one_short_line(
    send: Any, log: list[logging.LogRecord], host: str, message: str
) -> None:
    send.through(HostPinningMiddleware, host=host)
    (record,) = log
    assert record.name == "django.security.DisallowedHost"
    assert record.levelno == logging.WARNING
    assert record.getMessage() == message
    assert record.exc_info is None


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("character", ["\n", "\x00", "\xff", "'", "\\", "%s"])
def test_no_host_makes_a_long_record(
    send: Any, log: list[logging.LogRecord], character: str
) -> None:
    send.through(HostPinningMiddleware, host=character * 10_000)
    message = log[0].getMessage()
    assert len(message) < 500
    assert message.isprintable()


@pytest.mark.usefixtures("production")
def test_a_flood_of_refusals_is_one_line(send: Any, log: list[logging.LogRecord]) -> None:
    exchange = Exchange()
    pin = HostPinningMiddleware(send.handler(exchange))
    for number in range(100):
        send.call(pin, send.request(host=f"evil{number}.test"))
    assert len(log) == 1
    assert exchange.arrived == []


@pytest.mark.usefixtures("production")
def test_a_request_that_is_served_is_not_logged(send: Any, log: list[logging.LogRecord]) -> None:
    send.through(HostPinningMiddleware, host="EXAMPLE.com:99")
    assert log == []


# -- End to end ----------------------------------------------------------------------------------

ran: list[str] = []


def entries() -> int:
    """How many entries the local-memory cache has."""
    backend: Any = caches["default"]
    return len(backend._cache)


def echo(request: HttpRequest) -> HttpResponse:
    ran.append("view")
    return HttpResponse(f"{request.get_host()} {request.build_absolute_uri('/next')}")


async def aecho(request: HttpRequest) -> HttpResponse:
    return echo(request)


def fail(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    raise LookupError("an error page was made")


@sync_and_async_middleware
def noticing(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Middleware behind the pin: neither it nor the cache may see a stranger."""

    def notice(request: HttpRequest) -> Any:
        ran.append("middleware")
        return get_response(request)

    return markcoroutinefunction(notice) if iscoroutinefunction(get_response) else notice


class Urls:
    """A URLconf whose error pages all fail."""

    urlpatterns = [
        path("echo/", echo),
        path("aecho/", aecho),
        path("cached/", cache_page(600)(echo)),
        path("disallowed/", fail),
    ]
    handler400 = handler403 = handler404 = handler500 = staticmethod(fail)


def failing_context(request: HttpRequest) -> dict[str, str]:
    raise LookupError("a template was rendered")


@pytest.fixture
def site() -> Iterator[None]:
    ran.clear()
    location = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pinned"}
    templates = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"context_processors": [f"{__name__}.failing_context"]},
    }
    with override_settings(
        **PRODUCTION,
        ROOT_URLCONF=Urls,
        CACHES={"default": location},
        TEMPLATES=[templates],
        MIDDLEWARE=[
            PIN,
            f"{__name__}.noticing",
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
    ):
        cache.clear()
        yield
        cache.clear()


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("page", ["/echo/", "/aecho/", "/cached/"])
def test_a_view_sees_the_pinned_host(send: Any, page: str) -> None:
    response = send.get(
        page, host="Example.COM.:8000", headers=EVIL_FIELDS, server=("10.0.0.5", "8001")
    )
    assert response.content.decode() == "example.com http://example.com/next"
    assert ran == ["middleware", "view"]


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize(
    ("host", "status"), [("a_b", 400), ("example.com,evil.test", 400), ("evil.test", 421)]
)
@pytest.mark.parametrize("page", ["/echo/", "/cached/", "/missing/", "/echo", "/\n"])
def test_a_refusal_runs_no_view_no_middleware_no_cache_and_no_error_page(
    send: Any, host: str, status: int, method: str, page: str
) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True, PREPEND_WWW=True):
        response = send.get(page, method, host=host)
    assert_refused(response, status)
    assert ran == []
    assert entries() == 0


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(("host", "status"), [("a_b", 400), ("evil.test", 421)])
def test_a_refusal_is_logged_once(
    send: Any, log: list[logging.LogRecord], host: str, status: int
) -> None:
    """Django logs each answer of 4xx to django.request as well, with the path, unless told."""
    send.get("/echo/", host=host)
    assert [record.name for record in log] == ["django.security.DisallowedHost"]


@pytest.mark.usefixtures("site")
def test_the_redirect_to_https_repeats_the_pinned_host(send: Any) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        response = send.get("/echo/", host="EXAMPLE.com.:8000", headers=EVIL_FIELDS)
    assert (response.status_code, response["Location"]) == (301, "https://example.com/echo/")


SPELLINGS = [
    (name + dot + port, field)
    for (name, dot, port), field in zip(
        product(
            ["example.com", "EXAMPLE.COM", "Example.com", "eXaMpLe.CoM"],
            ["", "."],
            ["", ":80", ":443", ":1", ":8000", ":65535"],
        ),
        [None, *EVIL_FIELDS] * 6,
        strict=True,
    )
]


@pytest.mark.usefixtures("site")
def test_a_cached_page_has_one_key_for_every_spelling_and_no_poisoned_body(send: Any) -> None:
    assert len(set(SPELLINGS)) >= 40
    with override_settings(USE_X_FORWARDED_HOST=True, USE_X_FORWARDED_PORT=True):
        for host, field in SPELLINGS:
            response = send.get("/cached/", host=host, headers=[field] if field else [])
            assert response.content.decode() == "example.com http://example.com/next"
    assert ran.count("view") == 1
    assert ran.count("middleware") == len(SPELLINGS)
    assert entries() == 2  # cache_page stores the page, and the headers it varies on


@pytest.mark.usefixtures("site")
def test_without_the_pin_there_would_be_many_keys_and_poisoned_bodies(send: Any) -> None:
    """What the test above would see of stock Django."""
    bodies = set()
    with override_settings(MIDDLEWARE=[], USE_X_FORWARDED_HOST=True):
        for host, field in SPELLINGS:
            try:
                response = send.get("/cached/", host=host, headers=[field] if field else [])
            except LookupError:  # raised by the page for DisallowedHost
                continue
            bodies.add(response.content)
    assert len(bodies) > 10
    assert entries() > 20


@pytest.mark.usefixtures("site")
def test_the_cache_key_of_each_spelling_is_the_same(send: Any) -> None:
    send.get("/cached/", host="example.com")
    keys = set()
    for host, field in SPELLINGS:
        request = send.through(
            HostPinningMiddleware, host=host, headers=[field] if field else []
        ).request
        request.path = request.path_info = "/cached/"
        keys.add(get_cache_key(request))
    assert len(keys) == 1
    assert None not in keys


@pytest.mark.usefixtures("site")
def test_tenants_keep_separate_pages(send: Any) -> None:
    for name in ("a", "b", "A"):
        response = send.get("/cached/", host=f"{name}.tenants.example:8000")
        assert response.content.decode().startswith(f"{name.lower()}.tenants.example ")
    assert ran.count("view") == 2


@pytest.mark.usefixtures("site")
def test_a_refused_request_changes_nothing_for_the_next(send: Any) -> None:
    for host in (*MALFORMED, *STRANGERS):
        assert send.get("/cached/", host=host).status_code in (400, 421)
    response = send.get("/cached/", host="example.com")
    assert response.content.decode() == "example.com http://example.com/next"
    assert ran == ["middleware", "view"]


def test_django_itself_still_has_the_last_word(send: Any) -> None:
    """The pin takes nothing away: a host that Django would refuse later stays refused."""
    with override_settings(**PRODUCTION):
        request = send.through(HostPinningMiddleware, host="example.com").request
    with override_settings(ALLOWED_HOSTS=["other.example"]), pytest.raises(DisallowedHost):
        request.get_host()
