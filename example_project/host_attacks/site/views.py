"""Pages that say which host they were asked for, and keep it in each of Django's caches."""

from __future__ import annotations

from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from host_attacks.site.caches import page_keys

# Where a package may look for a host, if the one that Django looks at is not enough for it.
OTHER_FIELDS = (
    *("HTTP_FORWARDED", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT"),
    *("HTTP_X_FORWARDED_SERVER", "HTTP_X_HOST", "HTTP_X_ORIGINAL_HOST"),
)


def site_address(request: HttpRequest) -> dict[str, str]:
    """Give every template the address of the site, as many context processors do."""
    return {"site_address": f"{request.scheme}://{request.get_host()}"}


def error(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer with an error page that looks like the rest of the site."""
    return render(request, "error.html", status=getattr(exception, "status_code", 400))


def facts(request: HttpRequest, view: str, mode: str) -> dict[str, object]:
    return {
        "view": view,
        "mode": mode,
        "path": request.get_full_path(),
        "get_host": request.get_host(),
        "absolute": urlsplit(request.build_absolute_uri()).netloc,
        "HTTP_HOST": request.META.get("HTTP_HOST", request.get_host()),
        "others": [name for name in OTHER_FIELDS if name in request.META],
    }


def page(request: HttpRequest, visit: int = 0) -> JsonResponse:
    low_level = cache.get("sync")
    if low_level is None:
        low_level = request.build_absolute_uri()
        cache.set("sync", low_level)
    fragment = render_to_string("fragment.html", {"mode": "sync"}, request)
    kept = {"low-level": low_level, "fragment": fragment}
    return JsonResponse(facts(request, "page", "sync") | kept)


async def apage(request: HttpRequest) -> JsonResponse:
    low_level = await cache.aget("async")
    if low_level is None:
        low_level = request.build_absolute_uri()
        await cache.aset("async", low_level)
    fragment = await sync_to_async(render_to_string)("fragment.html", {"mode": "async"}, request)
    kept = {"low-level": low_level, "fragment": fragment}
    return JsonResponse(facts(request, "page", "async") | kept)


def cached(request: HttpRequest, visit: int = 0) -> JsonResponse:
    return JsonResponse(facts(request, "cached", "sync"))


async def acached(request: HttpRequest) -> JsonResponse:
    return JsonResponse(facts(request, "cached", "async"))


def anything(request: HttpRequest, path: str) -> JsonResponse:
    """Answer for every other path, as a content management system does."""
    return JsonResponse(facts(request, "anything", "sync"))


async def aanything(request: HttpRequest, path: str) -> JsonResponse:
    return JsonResponse(facts(request, "anything", "async"))


def report(request: HttpRequest) -> JsonResponse:
    """Say how many keys each page has had in the cache of pages."""
    return JsonResponse({page: len(keys) for page, keys in page_keys.items()})
