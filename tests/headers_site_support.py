"""A site with each kind of response: pages with and without a nonce, data, errors, streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from typing import Any

import django
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View as View_
from django.views.decorators.cache import cache_control, cache_page, never_cache
from django.views.decorators.clickjacking import xframe_options_exempt, xframe_options_sameorigin
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened import decorators

CONTEXT_PROCESSOR = (
    "django.template.context_processors.csp"
    if django.VERSION >= (6, 0)
    else "csp.context_processors.nonce"
)
NAME = "csp_nonce" if django.VERSION >= (6, 0) else "CSP_NONCE"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                CONTEXT_PROCESSOR,
            ]
        },
    }
]
NO_NONCE_TEMPLATES = [
    {
        **TEMPLATES[0],
        "OPTIONS": {"context_processors": ["django.template.context_processors.debug"]},
    }
]
made: list[str] = []
View = Callable[..., Any]


def _page(request: HttpRequest) -> str:
    made.append(request.path)
    template = engines["django"].from_string("nonce=" + "{{ " + NAME + " }}.")
    return template.render({}, request)


def early(get_response: View) -> View:
    """A middleware that asks for the nonce before the view does."""

    def ask(request: Any) -> Any:
        str(request.csp_nonce)
        return get_response(request)

    return ask


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>plain</p>")


async def aplain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>plain</p>")


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_page(request))


def late(request: HttpRequest) -> HttpResponse:
    """Rendered by Django when the view has returned."""

    class Template:
        def render(self, context: Any = None, request: HttpRequest | None = None) -> str:
            assert request
            return _page(request)

    return TemplateResponse(request, Template())  # type: ignore[arg-type]


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def body() -> Iterator[str]:
        yield _page(request)

    return StreamingHttpResponse(body())


def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def body() -> AsyncIterator[str]:
        yield _page(request)

    return StreamingHttpResponse(body())


def rude(request: HttpRequest) -> HttpResponse:
    """A view that sets what the settings decide."""
    response = HttpResponse("<p>rude</p>")
    response["Content-Security-Policy"] = "default-src *"
    response["Referrer-Policy"] = "unsafe-url"
    response["X-Frame-Options"] = "ALLOW-FROM https://evil.example"
    response["cross-origin-resource-policy"] = "cross-origin"
    response["X-Own"] = "kept"
    return response


def denied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken")


def cookies(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("<p>cookies</p>")
    response.set_cookie("plain", "1")
    response.set_cookie("theme", "dark")
    response.set_cookie("embed", "1", samesite="None")
    response.set_cookie("strict", "1", secure=True, httponly=True, samesite="Strict")
    response.set_cookie("__Host-id", "1", path="/app", domain="example.com")
    response.delete_cookie("gone")
    return response


def written_cookie(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p/>", headers={"Set-Cookie": "raw=1; Path=/x; Max-Age=60; SameSite=None"})


def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect("/plain/")


class Api(APIView):
    """REST framework has a request of its own, around Django's."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = (AllowAny,)
    throttle_classes = ()


class ApiLogOut(Api):
    def get(self, request: Request) -> Response:
        logout(request)  # type: ignore[arg-type]
        return Response({})


class ApiPage(Api):
    """Its method is cached, which is given the request of REST framework."""

    view: View = staticmethod(page)

    @method_decorator(cache_page(60))
    def get(self, request: Request) -> Any:
        return self.view(request)


async def achanged(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>changed</p>")


def csp_marked(**marks: Any) -> View:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(_page(request))
        vars(response).update(marks)
        return response

    return view


def _response(**kwargs: Any) -> View:
    return lambda request: HttpResponse(b"x", **kwargs)


def hsts(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>hsts</p>", headers={"Strict-Transport-Security": "max-age=0"})


@method_decorator(decorators.csp_change({"font-src": ["'none'"]}), name="dispatch")
@method_decorator(decorators.response_headers({"X-New": "1"}), name="dispatch")
class Asynchronous(View_):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("<p>class</p>")


add_image = decorators.csp_add({"img-src": ["https://tiles.example.com"]})
add_media = decorators.csp_add(
    {"img-src": ["https://b.example"], "media-src": ["https://m.example"]}
)


def said_nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>plain</p>", headers={"Cache-Control": ""})


urlpatterns = [
    path("plain/", plain),
    path("aplain/", aplain),
    path("page/", page),
    path("late/", late),
    path("cached-page/", cache_page(60)(page)),
    path("cached-late/", cache_page(60)(late)),
    path("cached-api-page/", ApiPage.as_view(view=page)),
    path("cached-api-late/", ApiPage.as_view(view=late)),
    path("cached-plain/", cache_page(60)(plain)),
    path("cached-api-plain/", ApiPage.as_view(view=plain)),
    path("public-plain/", cache_control(public=True, max_age=60)(plain)),
    path("stored-plain/", cache_control(max_age=60)(plain)),
    path("private-plain/", cache_control(max_age=60, private=True, s_maxage=0)(plain)),
    path("said-nothing/", said_nothing),
    path("never-plain/", never_cache(plain)),
    path("public-page/", cache_control(public=True, s_maxage=60, max_age=60)(page)),
    path("stream/", stream),
    path("astream/", astream),
    path("file/", lambda request: FileResponse(BytesIO(b"x"), content_type="text/html")),
    path("json/", lambda request: JsonResponse({})),
    path("problem/", _response(content_type="application/problem+json", status=400)),
    path("text/", _response(content_type="text/plain; charset=utf-8")),
    path("image/", _response(content_type="image/png")),
    path("untyped/", _response(content_type="")),
    path("redirect/", lambda request: HttpResponseRedirect("/plain/")),
    path("unmodified/", lambda request: HttpResponseNotModified()),
    path("denied/", denied),
    path("broken/", broken),
    path("rude/", rude),
    path("cookies/", cookies),
    path("written-cookie/", written_cookie),
    path("log-out/", log_out),
    path("api-log-out/", ApiLogOut.as_view()),
    path("same-origin-frame/", xframe_options_sameorigin(plain)),
    path("framed/", xframe_options_exempt(plain)),
    path("adds/", add_media(add_image(page))),
    path("changes/", decorators.csp_change({"img-src": None, "font-src": ["'none'"]})(plain)),
    path("achanges/", decorators.csp_change({"font-src": ["'none'"]})(achanged)),
    path(
        "partner/",
        decorators.csp_change({"frame-ancestors": ["https://partner.example"]})(plain),
    ),
    path(
        "fields/",
        decorators.response_headers({"Permissions-Policy": "camera=(self)", "X-New": "1"})(
            decorators.response_headers({"cross-origin-opener-policy": None, "X-New": "0"})(plain)
        ),
    ),
    path("override/", csp_marked(_csp_config={"default-src": ["'self'"]})),
    path("switched-off/", csp_marked(_csp_config={})),
    path("exempt/", csp_marked(_csp_exempt=True)),
    path("report-too/", csp_marked(_csp_ro_config={"script-src": ["<CSP_NONCE_SENTINEL>"]})),
    path("wrong/", csp_marked(_csp_update={"img-scr": ["https://a.example"]})),
    path("typed/", plain),
    path("typed/below/", plain),
    path("typed-not/", plain),
    path(
        "shared/",
        decorators.response_headers({"CDN-Cache-Control": "max-age=600"})(
            cache_control(public=True, s_maxage=600, max_age=60)(page)
        ),
    ),
    path("of-api/", include(([path("x/", plain)], "api"))),
    path("of-class/", Asynchronous.as_view()),
    path("hsts/", decorators.response_headers({"Permissions-Policy": "camera=()"})(hsts)),
    path("backstage/", include(([path("x/", plain)], "admin"))),
    path("elsewhere/", include(([path("x/", plain)], "elsewhere"))),
]
