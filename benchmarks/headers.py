"""What the header of a response costs: `python benchmarks/headers.py`, with the package.

Each pair runs in turn, many times: a bare handler, and the same one behind HeadersMiddleware. The
figures are medians; the difference, which is to be quoted, is that of the pairs, so that what else
the machine does cancels. Times are of the processor.
"""

from __future__ import annotations

import asyncio
import gc
import os
import tracemalloc
from collections.abc import Awaitable, Callable
from statistics import median
from time import thread_time_ns
from typing import Any

import django
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.test import AsyncRequestFactory, RequestFactory
from django.test.utils import override_settings
from django.urls import path

from django_hardened import csp
from django_hardened.env import Env
from django_hardened.settings import hardened_settings

ROUNDS, BATCH = 400, 20
WARM_UP, MORE = 1_000, 20_000
NONCE_LIMIT, PLAIN_LIMIT = 25, 12  # µs
OURS = "django_hardened.middleware.HeadersMiddleware"
CROSS_SITE = "django_hardened.middleware.CrossSiteMiddleware"
DJANGO_S = "django.middleware.csp.ContentSecurityPolicyMiddleware"
HAS_NONCES = django.VERSION >= (6, 0)
PROCESSOR = (
    "django.template.context_processors.csp" if HAS_NONCES else "csp.context_processors.nonce"
)
Handler = Callable[[str], HttpResponseBase]
AsyncHandler = Callable[[str], Awaitable[HttpResponseBase]]
Sides = tuple[list[float], list[float]]  # without, and with


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>ok</p>")


def nonced(request: HttpRequest) -> HttpResponse:
    # On the other side too: what is measured is the layer, and not the template.
    return HttpResponse(f"<script nonce={getattr(request, 'csp_nonce', 'none')}></script>")


def data(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ok": True})


def cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("<p>ok</p>")
    response.set_cookie("theme", "dark", secure=True, httponly=True, samesite="Lax")
    return response


async def aplain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>ok</p>")


urlpatterns = [
    path("plain", plain),
    path("nonced", nonced),
    path("data", data),
    path("cookie", cookie),
    path("aplain", aplain),
]


def configure() -> None:
    environment = {
        "SECRET_KEY": "fu2Eb8oXe3yqQvB1h5gqkJm0sZr9tLwPn7cAd4iVx6KjUyGTRf",
        "ALLOWED_HOSTS": "www.example.com",
        "DATABASE_URL": "sqlite:///benchmark.sqlite3",
        "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    }
    values: dict[str, Any] = {
        **hardened_settings(Env(environment)),
        "INSTALLED_APPS": ["django_hardened"],
        "ROOT_URLCONF": __name__,
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"context_processors": [PROCESSOR]},
            }
        ],
    }
    settings.configure(**values)
    django.setup()


def main() -> None:
    configure()
    print(f"Django {django.__version__}, {ROUNDS} rounds of {BATCH}, medians in µs\n")
    print(f"{'':38}{'without':>10}{'with':>10}{'more':>10}{'limit':>8}")
    with override_settings(TEMPLATES=[]):
        show("page, no context processor", time_in_turn([], [OURS], "/plain"), PLAIN_LIMIT)
        show("data, no context processor", time_in_turn([], [OURS], "/data"), PLAIN_LIMIT)
        show("page that sets a cookie", time_in_turn([], [OURS], "/cookie"))
        show(
            "page, with CrossSiteMiddleware",
            time_in_turn([], [OURS, CROSS_SITE], "/plain"),
            PLAIN_LIMIT,
        )
        show("async page", asyncio.run(atime_in_turn([], [OURS], "/aplain")), PLAIN_LIMIT)
    show("page that renders no nonce", time_in_turn([], [OURS], "/plain"), PLAIN_LIMIT)
    show("page with a nonce", time_in_turn([], [OURS], "/nonced"), NONCE_LIMIT)
    if HAS_NONCES:
        with override_settings(SECURE_CSP=dict(csp.STRICT)):
            show("Django's middleware, its policy alone", time_in_turn([], [DJANGO_S], "/plain"))
    first, more = measure_memory(handler([OURS]))
    print(f"\nKiB held after {WARM_UP} requests: {first:.1f}; after {MORE} more: {more:+.1f}")


def show(title: str, sides: Sides, limit: int | None = None) -> None:
    without, with_ = sides
    more = median(b - a for a, b in zip(without, with_, strict=True))
    figures = f"{median(without):10.1f}{median(with_):10.1f}{more:10.1f}"
    print(f"{title:38}{figures}{limit or '':>8}")


def handler(middleware: list[str]) -> Handler:
    with override_settings(MIDDLEWARE=middleware):
        base = BaseHandler()
        base.load_middleware()
    factory = RequestFactory()

    def answer(url: str) -> HttpResponseBase:
        request = factory.get(url, secure=True, headers={"host": "www.example.com"})
        start = thread_time_ns()
        response = base.get_response(request)
        answer.taken += thread_time_ns() - start  # type: ignore[attr-defined]
        return response

    answer.taken = 0  # type: ignore[attr-defined]
    return answer


def time_in_turn(without: list[str], with_: list[str], url: str) -> Sides:
    """Return the µs that a request takes, one figure of each side for each round."""
    sides: Any = (handler(without), handler(with_))
    times: Sides = ([], [])
    for answer in sides:
        for _ in range(BATCH):
            expect(answer(url))
    for number in range(ROUNDS):
        for side in (0, 1) if number % 2 else (1, 0):
            sides[side].taken = 0
            for _ in range(BATCH):
                sides[side](url)
            times[side].append(sides[side].taken / BATCH / 1000)
    return times


async def atime_in_turn(without: list[str], with_: list[str], url: str) -> Sides:
    bases = []
    for middleware in (without, with_):
        with override_settings(MIDDLEWARE=middleware):
            base = BaseHandler()
            base.load_middleware(is_async=True)
        bases.append(base)
    factory = AsyncRequestFactory()
    times: Sides = ([], [])
    for number in range(ROUNDS):
        for side in (0, 1) if number % 2 else (1, 0):
            taken = 0
            for _ in range(BATCH):
                request = factory.get(url, headers={"host": "www.example.com"})
                start = thread_time_ns()
                expect(await bases[side].get_response_async(request))
                taken += thread_time_ns() - start
            times[side].append(taken / BATCH / 1000)
    return times


def expect(response: HttpResponseBase) -> None:
    if response.status_code != 200:
        raise RuntimeError(f"{response.status_code} instead of 200")


def measure_memory(answer: Handler) -> tuple[float, float]:
    """Return the KiB held after some requests, and how much is added by very many more."""
    urls = ["/plain", "/nonced", "/data", "/cookie"]
    tracemalloc.start()
    before = held()
    for number in range(WARM_UP):
        answer(urls[number % 4])
    first = held()
    for number in range(MORE):
        answer(urls[number % 4])
    return (first - before) / 1024, (held() - first) / 1024


def held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    main()
