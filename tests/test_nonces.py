from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.middleware.cache import UpdateCacheMiddleware
from django.utils.html import format_html

from django_hardened.log_once import LogOnce
from django_hardened.nonces import Nonce, give_nonce, keep_nonces_from_caches, rendered_nonce


@pytest.fixture(autouse=True)
def _nothing_is_replaced_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "_should_update_cache"
    monkeypatch.setattr(UpdateCacheMiddleware, name, getattr(UpdateCacheMiddleware, name))


def test_it_is_made_when_it_is_asked_for() -> None:
    request = HttpRequest()
    give_nonce(request)
    nonce = request._csp_nonce  # type: ignore[attr-defined]
    assert nonce is request.csp_nonce  # type: ignore[attr-defined]
    assert not nonce
    assert rendered_nonce(request) == ""
    text = str(nonce)
    assert nonce
    assert text == f"{nonce}" == format_html("{}", nonce) == rendered_nonce(request)


def test_no_two_are_the_same() -> None:
    assert len({str(Nonce()) for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "ask",
    [
        "nonce={}".format,
        lambda nonce: format_html('nonce="{}"', nonce),
        lambda nonce: "nonce=" + nonce,
        lambda nonce: nonce.encode(),
        "".join,
        lambda nonce: nonce[:4],
        lambda nonce: [*nonce],
    ],
    ids=["format", "format_html", "add", "encode", "join", "slice", "iterate"],
)
def test_however_it_is_asked_for_no_cache_stores_the_page(ask: Any) -> None:
    keep_nonces_from_caches()
    request: Any = HttpRequest()
    give_nonce(request)
    request._cache_update_cache = True
    middleware: Any = UpdateCacheMiddleware(lambda request: HttpResponse())
    assert middleware._should_update_cache(request, None)
    ask(request.csp_nonce)
    assert not middleware._should_update_cache(request, None)


def test_that_of_another_middleware_counts_too() -> None:
    keep_nonces_from_caches()
    keep_nonces_from_caches()
    request: Any = HttpRequest()
    request._cache_update_cache = False
    middleware: Any = UpdateCacheMiddleware(lambda request: HttpResponse())
    assert not middleware._should_update_cache(request, None), "Django's own answer stays"
    request._cache_update_cache = True
    request._csp_nonce = "of another middleware"
    assert not middleware._should_update_cache(request, None)


def test_a_request_without_one_has_rendered_none() -> None:
    assert rendered_nonce(HttpRequest()) == ""


def test_so_many_names_are_logged_once_each(caplog: pytest.LogCaptureFixture) -> None:
    once = LogOnce(limit=2)
    assert [once.warning("x", key, "%s", key) for key in "aabbcc"] == [
        *(True, False, True, False, False, False)
    ]
    assert [record.message for record in caplog.records] == ["a", "b"]
