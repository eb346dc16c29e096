"""Uses of the public API as a project writes them. Nothing runs this: mypy reads it.

An ignore marks what must stay an error; mypy reports one that is no longer needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from rest_framework.views import APIView

from django_hardened.api_keys.models import APIKey
from django_hardened.cache import cache_page, host_context, make_key, pin_host, reverse_key
from django_hardened.decorators import cross_site, csp_add, csp_change, response_headers
from django_hardened.drf.authentication import SessionAuthentication, TokenAuthentication
from django_hardened.drf.permissions import HasScope, SessionOrHasScope
from django_hardened.drf.throttling import AnonRateThrottle, ScopedRateThrottle, UserRateThrottle
from django_hardened.env import Env, EnvError, InvalidVariable, MalformedFile, MissingVariable
from django_hardened.middleware import (
    HostPinningMiddleware,
    PrivateResponseMiddleware,
    TrustedProxyMiddleware,
)
from django_hardened.public import public, public_reason
from django_hardened.ratelimit import (
    UNSAFE,
    Decision,
    Limit,
    Limiter,
    Ratelimited,
    get_usage,
    is_ratelimited,
    ratelimit,
)
from django_hardened.sessions import alog_out_everywhere, log_out_everywhere, remember_me
from django_hardened.settings import HardenedSettings, hardened_settings
from django_hardened.testing import (
    assert_endpoints_closed,
    assert_secure_headers,
    assert_throttled,
    poison_host,
)

# The environment
assert_type(Env(), Env)
assert_type(Env({"DEBUG": "off"}), Env)
env = Env.from_file(Path(".env"), environ={"DEBUG": "off"})
assert_type(env, Env)
assert_type(Env.from_file(".env"), Env)


class ProjectEnv(Env):
    """A project's own variables next to those of the package."""


assert_type(ProjectEnv.from_file(".env"), ProjectEnv)

Env({"WORKERS": 4})  # type: ignore[dict-item]  # an environment holds strings
Env.from_file(None)  # type: ignore[arg-type]  # the path is explicit

problems: list[type[EnvError]] = [InvalidVariable, MalformedFile, MissingVariable]
base: type[ImproperlyConfigured] = EnvError

# The settings
hardened = hardened_settings(env, SESSION_COOKIE_AGE=8 * 3600, SECURE_HSTS_PRELOAD=True)
assert_type(hardened, HardenedSettings)
assert_type(hardened["MIDDLEWARE"], list[str])
assert_type(hardened["REST_FRAMEWORK"], dict[str, Any])
globals().update(hardened)

MIDDLEWARE = [*hardened["MIDDLEWARE"], "myapp.middleware.Audit"]
hardened_settings(ProjectEnv(), rest_framework={"PAGE_SIZE": 20})
hardened_settings(env, HARDENED_ENVIRONMENT="development", HARDENED_TRUSTED_PROXIES=["10.0.0.0/8"])
hardened_settings(env, HARDENED_TRUSTED_PROXIES=["10.0.0.0/8", 2])
hardened_settings(env, HARDENED_FORWARDED_HEADER="Forwarded")

hardened_settings(env, SECURE_HSTS_SECOND=1)  # type: ignore[call-arg]  # misspelt
hardened_settings(env, SESSION_COOKIE_AGE="8h")  # type: ignore[arg-type]
hardened_settings(env, HARDENED_ENVIRONMENT="staging")  # type: ignore[arg-type]
hardened_settings(env, HARDENED_FORWARDED_HEADER="X-Real-IP")  # type: ignore[arg-type]
hardened_settings(env, REST_FRAMEWORK={})  # type: ignore[call-arg]  # would replace the defaults
hardened_settings({"SECRET_KEY": "..."})  # type: ignore[arg-type]  # an Env, not a dict


# Middleware, sync and async, as a test of a project wraps a view in it
def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())


async def async_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())


TrustedProxyMiddleware(HostPinningMiddleware(view))
HostPinningMiddleware(async_view)
PrivateResponseMiddleware(async_view)
HostPinningMiddleware("view")  # type: ignore[arg-type]


# The cache
@cache_page(60, cache="default", key_prefix="shop")
def cached_view(request: HttpRequest) -> HttpResponse:
    return view(request)


@host_context("t1.example.com")
async def task(depth: int) -> str:
    return make_key("menu", "", depth)


async def use_the_cache(request: HttpRequest) -> None:
    assert_type(cached_view(request), HttpResponse)
    assert_type(await task(2), str)
    assert_type(reverse_key(make_key("menu", "", 1)), str)
    with host_context("t1.example.com"):
        pin_host("t2.example.com")


host_context(None)  # type: ignore[arg-type]


# REST framework
class LoginThrottle(AnonRateThrottle):
    """A stricter limit for one view."""

    scope = "login"


class LoginView(APIView):
    """A view with classes of its own."""

    authentication_classes = [SessionAuthentication, TokenAuthentication]
    throttle_classes = [LoginThrottle, UserRateThrottle, ScopedRateThrottle]


# What is public, and keys
@public(reason="Probe of the load balancer")
def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@public(reason="Read by everybody")
class Front(APIView):
    """A view that keeps its type."""

    permission_classes = [HasScope | SessionOrHasScope]


public(reason=None)  # type: ignore[arg-type]  # there has to be one
public("Probe")  # type: ignore[call-arg]  # and it is named
assert_type(health(HttpRequest()), HttpResponse)
assert_type(Front(), Front)
assert_type(public_reason(health), str | None)


def replace(key: APIKey) -> str:
    new, text = key.rotate()
    assert_type(new, APIKey)
    assert_type(APIKey.objects.issue(name="ci", owner=key.owner), tuple[APIKey, str])
    return text


# Rate limits
@ratelimit("comments", key="user_or_ip", rate="5/m", method=UNSAFE)
@ratelimit(key=lambda group, request: request.META["REMOTE_ADDR"], rate=(100, 3600), block=False)
def comment(request: HttpRequest) -> HttpResponse:
    usage = get_usage(request, "comments", key="ip", rate="5/m")
    if usage is not None:
        assert_type(usage["time_left"], int)
    assert_type(is_ratelimited(request, fn=comment, key="ip", rate=Limit(5, 60)), bool)
    return HttpResponse()


@ratelimit(key="ip", rate="5/m")
async def search(request: HttpRequest, page: int) -> HttpResponse:
    return HttpResponse()


def slow_down(request: HttpRequest, exception: Ratelimited) -> HttpResponse:
    assert_type(exception.limits, tuple[Limit, ...])
    return HttpResponse(str(exception.retry_after + 1), status=429)


assert_type(comment(HttpRequest()), HttpResponse)
assert_type(Limiter().hit("tenant", [Limit(1, 60, "minute")]), Decision)
ratelimit(key="ip", rate=5)  # type: ignore[arg-type]  # of which time?


# The test kit
def test_endpoints() -> None:
    assert_endpoints_closed(except_=["/health/", "POST /webhook/"], probe=True)
    assert_endpoints_closed(["/health/"])  # type: ignore[call-arg]
    response = Client().get("/")
    assert_secure_headers(response, except_={"Strict-Transport-Security"})
    assert_type(assert_throttled(lambda: Client().get("/"), after=5), HttpResponseBase)
    poison_host(Client(), "/password-reset/", method="POST", data={"email": "a@example.com"})


# What a view says of its own response
@cross_site
@csp_add({"img-src": ["https://tiles.example.com"]})
@csp_change({"frame-ancestors": None})
@response_headers({"Permissions-Policy": "camera=(self)", "Origin-Agent-Cluster": None})
def decorated(request: HttpRequest, pk: int) -> HttpResponse:
    remember_me(request)
    assert_type(log_out_everywhere(request.user, but=request), int)
    return HttpResponse()


assert_type(decorated(HttpRequest(), 1), HttpResponse)


async def everywhere(request: HttpRequest) -> None:
    assert_type(await alog_out_everywhere(await request.auser()), int)


decorated(HttpRequest(), "1")  # type: ignore[arg-type]
response_headers({"Origin-Agent-Cluster": False})  # type: ignore[dict-item]
