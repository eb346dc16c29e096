"""``cache_page``: what Django's own stores of a user, and ours does not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from cached_site_support import SETTINGS, cached, made, visit
from django.core.cache import cache, caches
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.views.decorators.cache import cache_page as stock_cache_page
from rest_framework.request import Request

from django_hardened.cache import cache_page
from django_hardened.nonces import give_nonce

LOOKING = ["hello", "ahello", "session", "template", "api", "page", "async-page", "replaces"]
BY_METHOD = ["api-get", "api-dispatch", "page-get", "page-dispatch"]
LOCMEM = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}


@pytest.fixture(autouse=True)
def _site() -> Iterator[None]:
    made.clear()
    with override_settings(**{**SETTINGS, "ROOT_URLCONF": tuple(cached(cache_page(60)))}):
        cache.clear()
        yield
        cache.clear()


@pytest.fixture(params=["sync", "async"])
def get(request: pytest.FixtureRequest) -> Any:
    return partial(visit, is_async=request.param == "async")


@pytest.mark.parametrize("name", [*LOOKING, *BY_METHOD])
def test_the_page_of_a_user_is_for_nobody_else(get: Any, name: str) -> None:
    response = get(name, login=True)
    assert "ada" in response.content.decode()
    assert response["Cache-Control"] == "private, no-store"
    assert not getattr(cache, "_cache")  # noqa: B009  # of LocMemCache: nothing was stored
    assert "ada" not in get(name).content.decode()
    assert len(made) == 2


@pytest.mark.parametrize("name", [*LOOKING, *BY_METHOD])
def test_with_the_one_of_django_it_is(get: Any, name: str) -> None:
    """What the test above would see of stock Django."""
    with override_settings(ROOT_URLCONF=tuple(cached(stock_cache_page(60)))):
        get(name, login=True)
        assert "ada" in get(name).content.decode()


@pytest.mark.parametrize("name", ["plain", *LOOKING, *BY_METHOD])
def test_the_page_of_strangers_is_stored_once(get: Any, name: str) -> None:
    first, second = get(name), get(name)
    assert first.content == second.content
    assert "max-age=60" in second["Cache-Control"]
    assert len(made) == 1


def test_what_never_looks_at_the_user_is_stored_for_all(get: Any) -> None:
    get("plain", login=True)
    assert get("plain").content == b"for everybody"
    assert len(made) == 1


def test_an_answer_to_credentials_is_not_stored(get: Any) -> None:
    assert get("plain", token="Token x")["Cache-Control"] == "private, no-store"
    assert not getattr(cache, "_cache")  # noqa: B009


def test_a_view_that_has_decided_is_stored(get: Any) -> None:
    get("public", login=True)
    assert get("public").content == b"hello ada"


@pytest.mark.parametrize("said", ["max-age=60", "no-cache", "no-store", "must-revalidate"])
def test_what_is_said_of_freshness_makes_the_page_of_a_user_no_page_for_all(
    get: Any, said: str
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        made.append("view")
        return HttpResponse(f"hello {request.user}", headers={"Cache-Control": said})

    with override_settings(ROOT_URLCONF=(path("said/", cache_page(60)(view), name="said"),)):
        assert b"ada" in get("said", login=True).content
        assert not getattr(cache, "_cache")  # noqa: B009
        assert b"ada" not in get("said").content


def test_it_takes_what_that_of_django_takes() -> None:
    @cache_page(30, cache="pages", key_prefix="p")
    def view(request: HttpRequest) -> HttpResponse:
        """Say it."""
        return HttpResponse("page")

    assert view.__doc__ == "Say it."
    with override_settings(
        CACHES={"default": LOCMEM, "pages": {**LOCMEM, "LOCATION": "pages"}},
        ROOT_URLCONF=(path("", view),),
    ):
        assert "max-age=30" in Client().get("/")["Cache-Control"]
        assert not getattr(caches["default"], "_cache")  # noqa: B009
        assert any(".p." in key for key in getattr(caches["pages"], "_cache"))  # noqa: B009
        caches["pages"].clear()


def test_an_async_view_stays_async() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(cache_page(30)(view))


@pytest.mark.parametrize("is_drf", [False, True], ids=["django", "rest_framework"])
@pytest.mark.parametrize("is_early", [False, True], ids=["in the view", "before it"])
def test_a_page_with_a_nonce_is_kept_by_nobody(is_drf: bool, is_early: bool) -> None:
    calls = []

    @cache_page(60)
    def view(request: Any) -> HttpResponse:
        calls.append(request)
        return HttpResponse("" if is_early else f"{request.csp_nonce}")

    for _ in range(2):
        request: Any = RequestFactory().get("/")
        give_nonce(request)
        if is_early:
            str(request.csp_nonce)
        response = view(Request(request) if is_drf else request)
        assert response["Cache-Control"] == "private"
    assert len(calls) == 2
