"""A page that shows whatever it is sent, as markup: what a cross-site scripting hole lets happen.

There are three of it. ``nonce/`` bears a nonce, ``plain/`` does not, and ``bare/`` has no policy
and may be framed, which is the page as Django alone would send it.
"""

from __future__ import annotations

from csp.decorators import csp_exempt
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.templatetags.static import static
from django.urls import path
from django.views.decorators.clickjacking import xframe_options_exempt

PAGE = """<!DOCTYPE html><title>Attacked</title>
<form action="/attack/sink/"><input name="token" value="s3cret"></form>
{{ markup|safe }}
<script src="{{ own }}"{% if is_marked %} nonce="{{ request.csp_nonce }}"{% endif %}></script>
"""


def reflect(request: HttpRequest, *, is_marked: bool) -> HttpResponse:
    context = {
        "markup": request.GET.get("markup", ""),
        "is_marked": is_marked,
        "own": static("attack/own.js"),
    }
    if request.GET.get("relative"):
        context["own"] = f"../..{context['own']}"
    return HttpResponse(engines["django"].from_string(PAGE).render(context, request))


def with_nonce(request: HttpRequest) -> HttpResponse:
    return reflect(request, is_marked=True)


def without_nonce(request: HttpRequest) -> HttpResponse:
    return reflect(request, is_marked=False)


log_in = LoginView.as_view(template_name="registration/form.html")

urlpatterns = [
    path("nonce/", with_nonce),
    path("plain/", without_nonce),
    path("reported/", without_nonce),
    path("bare/", csp_exempt()(xframe_options_exempt(without_nonce))),
    path("login/", log_in),
    path("bare-login/", csp_exempt()(xframe_options_exempt(log_in))),
]
