from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from django.http import HttpRequest
from django.utils.html import format_html

from django_hardened.log_once import LogOnce
from django_hardened.nonces import Nonce, give_nonce, rendered_nonce


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
    request = HttpRequest()
    assert len({str(Nonce(request)) for _ in range(1000)}) == 1000


def test_each_rendering_tells_the_cache() -> None:
    request = HttpRequest()
    nonce = Nonce(request)
    for render in (str, "{}".format, lambda it: format_html('nonce="{}"', it)):
        request._cache_update_cache = True  # type: ignore[attr-defined]
        render(nonce)
        assert request._cache_update_cache is False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "ask",
    [
        lambda nonce: "nonce=" + nonce,
        lambda nonce: nonce.encode(),
        "".join,
        lambda nonce: nonce[:4],
        lambda nonce: [*nonce],
    ],
    ids=["add", "encode", "join", "slice", "iterate"],
)
def test_however_it_is_asked_for_it_tells_the_cache(ask: Any) -> None:
    request: Any = HttpRequest()
    give_nonce(request)
    request._cache_update_cache = True
    assert not rendered_nonce(request)
    ask(request.csp_nonce)
    assert request._cache_update_cache is False
    assert rendered_nonce(request)


def test_it_keeps_no_request_and_outlives_it() -> None:
    request = HttpRequest()
    give_nonce(request)
    nonce, reference = request._csp_nonce, weakref.ref(request)  # type: ignore[attr-defined]
    gc.disable()
    try:
        del request
        assert reference() is None
    finally:
        gc.enable()
    assert len(str(nonce)) == 22


def test_a_request_without_one_has_rendered_none() -> None:
    assert rendered_nonce(HttpRequest()) == ""


def test_so_many_names_are_logged_once_each(caplog: pytest.LogCaptureFixture) -> None:
    once = LogOnce(limit=2)
    assert [once.warning("x", key, "%s", key) for key in "aabbcc"] == [
        *(True, False, True, False, False, False)
    ]
    assert [record.message for record in caplog.records] == ["a", "b"]
