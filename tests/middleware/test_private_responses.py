"""``PrivateResponseMiddleware``: private where it must be, and nothing touched to find out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from cached_site_support import FETCH, SETTINGS, UPDATE, made, visit
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.utils.functional import SimpleLazyObject
from middleware_support import body_of
from site_support import MIDDLEWARE

from django_hardened.middleware import PrivateResponseMiddleware
from django_hardened.private_responses import is_private, mark_private

PRIVATE = "private, no-store"
OURS = "django_hardened.middleware.PrivateResponseMiddleware"
CACHED = [UPDATE, *MIDDLEWARE, FETCH]


@pytest.fixture(autouse=True)
def _site() -> Iterator[None]:
    made.clear()
    with override_settings(**SETTINGS):
        cache.clear()
        yield
        cache.clear()


@pytest.fixture
def get(send: Any) -> Any:
    return partial(visit, is_async=send.is_async)


# -- What is private -----------------------------------------------------------------------------

LOOKING = ["hello", "ahello", "session", "template", "api", "page", "async-page", "replaces"]


@pytest.mark.parametrize("name", LOOKING)
def test_what_looks_at_the_user_is_private(get: Any, name: str) -> None:
    response = get(name, login=True)
    assert "ada" in body_of(response)
    assert response["Cache-Control"] == PRIVATE
    assert "Cookie" in response["Vary"]


@pytest.mark.parametrize("name", LOOKING)
def test_what_strangers_see_is_not(get: Any, name: str) -> None:
    response = get(name)
    assert "ada" not in body_of(response)
    assert "Cache-Control" not in response


@pytest.mark.parametrize("name", ["plain", "file", "open-api"])
def test_what_never_looks_at_the_user_stays_as_it_is(get: Any, name: str) -> None:
    response = get(name, login=True)
    assert "ada" not in body_of(response)
    assert "Cache-Control" not in response
    assert "Cookie" not in response.get("Vary", "")


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_a_stream_may_look_later(get: Any, name: str) -> None:
    response = get(name, login=True)
    assert response["Cache-Control"] == PRIVATE
    assert body_of(response) == "hello ada"
    assert "Cache-Control" not in get(name)


@pytest.mark.parametrize("name", ["plain", "hello", "stream", "astream", "file", "open-api"])
def test_credentials_are_enough(get: Any, name: str) -> None:
    assert get(name, token="Token x")["Cache-Control"] == PRIVATE


def test_a_view_that_has_decided_is_left_alone(get: Any) -> None:
    assert get("public", login=True)["Cache-Control"] == "public"
    assert get("public", token="Token x")["Cache-Control"] == "public"


def test_what_says_nothing_about_storing_is_completed(get: Any) -> None:
    response = get("revalidated", login=True)
    assert set(response["Cache-Control"].split(", ")) == {"must-revalidate", "private", "no-store"}


def test_it_works_wherever_it_stands(get: Any) -> None:
    """All it needs is the request, which is the same for each middleware."""
    others = [entry for entry in MIDDLEWARE if entry != OURS]
    for middleware in ([OURS, *others], [*others, OURS]):
        with override_settings(MIDDLEWARE=middleware):
            assert get("hello", login=True)["Cache-Control"] == PRIVATE
            assert "Vary" not in get("plain", login=True)


# -- With the cache of the whole site ------------------------------------------------------------


@pytest.mark.parametrize("name", [*LOOKING, "stream", "astream"])
def test_the_site_wide_cache_never_has_it(get: Any, name: str) -> None:
    with override_settings(MIDDLEWARE=CACHED):
        for _ in range(2):
            assert "ada" in body_of(get(name, login=True))
        assert len(made) == 2
        assert not getattr(cache, "_cache")  # noqa: B009  # of LocMemCache: nothing was stored


def test_without_it_the_site_wide_cache_has_it(get: Any) -> None:
    """What the test above would see of stock Django."""
    with override_settings(MIDDLEWARE=[entry for entry in CACHED if entry != OURS]):
        for _ in range(2):
            get("hello", token="Token x")
    assert made == ["/hello/"]


def test_the_site_wide_cache_has_what_is_for_everybody(get: Any) -> None:
    with override_settings(MIDDLEWARE=CACHED):
        for login in (False, True):
            assert body_of(get("plain", login=login)) == "for everybody"
        assert made == ["/plain/"]


# -- The decisions -------------------------------------------------------------------------------


def _request(**attributes: Any) -> HttpRequest:
    request = HttpRequest()
    for name, value in attributes.items():
        setattr(request, name, value)
    return request


def _fail() -> Any:
    raise AssertionError("was asked")


class Session:
    def __init__(self, *, accessed: bool, **values: Any) -> None:
        self.accessed = accessed
        if values:
            self._session_cache = values


KNOWN = User(username="ada")
EVALUATED = SimpleLazyObject(lambda: KNOWN)
assert EVALUATED.is_authenticated


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, False),
        ({"META": {"HTTP_AUTHORIZATION": ""}}, False),
        ({"META": {"HTTP_AUTHORIZATION": "Basic x"}}, True),
        ({"user": None}, False),
        ({"user": AnonymousUser()}, False),
        ({"user": KNOWN}, True),
        ({"user": SimpleLazyObject(_fail)}, False),
        ({"user": EVALUATED}, True),
        ({"user": AnonymousUser(), "_cached_user": KNOWN}, True),
        ({"user": SimpleLazyObject(_fail), "_acached_user": KNOWN}, True),
        ({"session": Session(accessed=False, _auth_user_id="1")}, False),
        ({"session": Session(accessed=True, _auth_user_id="1")}, True),
        ({"session": Session(accessed=True, cart="1")}, False),
        ({"session": Session(accessed=True)}, False),
        ({"session": object()}, False),
        ({"_request": _request(user=KNOWN)}, True),
    ],
    ids=range(16),
)
def test_whose_a_request_is(attributes: dict[str, Any], expected: bool) -> None:
    assert is_private(_request(**attributes)) is expected


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (None, "private, no-store"),
        ("", "private, no-store"),
        ("must-revalidate", "must-revalidate, private, no-store"),
        ("no-transform", "no-transform, private, no-store"),
        ("x-public", "x-public, private, no-store"),
        # For how long is not for whom.
        ("max-age=60", "max-age=60, private"),
        ("no-cache", "no-cache, private"),
        ("max-age=60, must-revalidate", "max-age=60, must-revalidate, private"),
        # Said.
        ("no-store", "no-store"),
        ("must-revalidate,  Private", "must-revalidate,  Private"),
        ('private="Set-Cookie"', 'private="Set-Cookie"'),
        ("public", "public"),
        ("S-MAXAGE=60", "S-MAXAGE=60"),
        ("public, max-age=60", "public, max-age=60"),
    ],
)
def test_what_a_view_says_of_a_private_response(said: str | None, sent: str) -> None:
    request = _request(user=KNOWN)
    response = HttpResponse() if said is None else HttpResponse(headers={"Cache-Control": said})
    mark_private(request, response)
    assert response["Cache-Control"] == sent
    is_shared = sent.startswith(("public", "S-MAXAGE"))
    assert vars(request).get("_cache_update_cache") == (None if is_shared else False)


def test_a_subclass_without_a_decision_says_so(send: Any) -> None:
    from django_hardened.middleware.base import ResponseMiddleware

    with pytest.raises(NotImplementedError):
        send.through(ResponseMiddleware, host="testserver")


def test_it_is_sync_or_async_as_what_is_below_it(send: Any) -> None:
    exchange = send.through(
        PrivateResponseMiddleware, host="testserver", headers=[("Authorization", "Token x")]
    )
    assert exchange.response["Cache-Control"] == PRIVATE
