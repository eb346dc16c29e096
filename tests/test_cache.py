"""Keys that carry the host, and the host that they carry."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from django.core.cache.backends.base import memcache_key_warnings
from django.core.signals import request_started
from django.db import close_old_connections
from hypothesis import example, given
from hypothesis import strategies as st

from django_hardened.cache import host_context, make_key, pin_host, reverse_key
from django_hardened.hosts import InvalidHost


@pytest.fixture(autouse=True)
def _outside_of_a_request() -> Iterator[None]:
    pin_host("")
    yield
    pin_host("")


def _host() -> str:
    """The host as a key carries it."""
    return make_key("key", "", 1).split(":")[2]


# -- Keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "arguments", "key"),
    [
        ("t1.example.com", ("menu", "", 1), ":1:t1.example.com:menu"),
        ("t1.example.com", ("menu", "shop", 2), "shop:2:t1.example.com:menu"),
        ("t1.example.com", ("a:b%", "", 1), ":1:t1.example.com:a:b%"),
        ("localhost:8000", ("menu", "a:b%", 1), "a%3Ab%25:1:localhost%3A8000:menu"),
        ("[::1]", (7, "", "v"), ":v:[%3A%3A1]:7"),
        ("", ("menu", "", 1), ":1::menu"),
    ],
)
def test_a_key_can_be_read(host: str, arguments: tuple[Any, Any, Any], key: str) -> None:
    pin_host(host)
    assert make_key(*arguments) == key
    assert reverse_key(key) == str(arguments[0])


@pytest.mark.parametrize("key", ["a b", "a\nb", "a\x7fb", "ü", "x" * 240, "sha256$x", "\ud800"])
def test_what_memcached_refuses_is_hashed_and_keeps_its_head(key: str) -> None:
    pin_host("t1.example.com")
    made = make_key(key, "shop", 1)
    assert re.fullmatch(r"shop:1:t1\.example\.com:sha256\$[0-9a-f]{64}", made)
    assert reverse_key(made) == made.rpartition(":")[2]


@pytest.mark.parametrize("prefix", ["a b", "x" * 250])
def test_a_head_that_memcached_refuses_is_hashed_too(prefix: str) -> None:
    made = make_key("menu", prefix, 1)
    assert re.fullmatch(r"sha256\$[0-9a-f]{64}", made)
    assert reverse_key(made) == made


def test_the_limit_is_that_of_memcached() -> None:
    longest = "x" * (250 - len(":1::"))
    assert make_key(longest, "", 1) == f":1::{longest}"
    assert len(make_key(longest + "x", "", 1)) < 250


def test_what_another_function_has_made_is_reversed_as_far_as_it_goes() -> None:
    assert reverse_key("prefix:1:key") == "key"
    assert reverse_key("key") == "key"


texts = st.text(st.sampled_from("ab:%$ 3A25\n\u00fc"), max_size=6) | st.text(max_size=300)
keys = texts | st.sampled_from(["sha256$", "a:sha256$"])
parts = st.tuples(texts, keys, texts, st.integers(0, 20) | texts)


def _made(host: str, key: str, prefix: str, version: object) -> str:
    pin_host(host)
    return make_key(key, prefix, version)


@given(parts, parts)
@example(("a", "b", "", 1), ("", "a:b", "", 1))
@example(("a", "k", "p:1", 1), ("1", "a:k", "p", 1))
@example(("%3A", "k", "", 1), (":", "k", "", 1))
def test_what_differs_has_different_keys(one: Any, other: Any) -> None:
    *one_text, one_version = one
    *other_text, other_version = other
    same = (one_text, str(one_version)) == (other_text, str(other_version))
    assert (_made(*one) == _made(*other)) is same


@given(parts)
def test_a_hash_is_the_key_of_nothing_else(one: Any) -> None:
    host, _, prefix, version = one
    made = _made(*one)
    assert _made(host, reverse_key(made), prefix, version) == made or "sha256$" in made
    for pretended in (made, reverse_key(made)):
        assert (_made("", pretended, "", "") == made) is (("", pretended, "", "") == one)


@given(parts)
def test_memcached_accepts_each_key(one: Any) -> None:
    made = _made(*one)
    assert list(memcache_key_warnings(made)) == []
    assert len(made.encode()) <= 250


@given(parts)
def test_a_key_that_is_not_hashed_can_be_reversed(one: Any) -> None:
    made = _made(*one)
    if "sha256$" not in made:
        assert reverse_key(made) == one[1]


# -- The host ------------------------------------------------------------------------------------


def test_a_request_begins_without_the_host_of_the_one_before() -> None:
    pin_host("t1.example.com")
    request_started.disconnect(close_old_connections)  # as the test client does
    try:
        request_started.send(sender=None, environ={})
    finally:
        request_started.connect(close_old_connections)
    assert _host() == ""


def test_a_context_ends_where_it_began() -> None:
    pin_host("t1.example.com")
    with host_context("T2.example.com."):
        assert _host() == "t2.example.com"
        with host_context("t3.example.com:8000"):
            assert _host() == "t3.example.com%3A8000"
        assert _host() == "t2.example.com"
    assert _host() == "t1.example.com"


def test_a_context_ends_after_an_error() -> None:
    with pytest.raises(LookupError), host_context("t1.example.com"):
        raise LookupError
    assert _host() == ""


@pytest.mark.parametrize("name", ["", "a b", "t1_x.example.com", "http://t1.example.com", "127.1"])
def test_a_name_that_is_none_is_refused_at_once(name: str) -> None:
    with pytest.raises(InvalidHost):
        host_context(name)
    assert issubclass(InvalidHost, ValueError)


def test_a_context_in_use_is_not_entered_again() -> None:
    context = host_context("t1.example.com")
    with context:
        with pytest.raises(RuntimeError, match="in use"):
            context.__enter__()
        assert _host() == "t1.example.com"
    assert _host() == ""
    with context:
        assert _host() == "t1.example.com"


def test_a_task_is_decorated() -> None:
    """As one of Celery: a function that a worker's thread runs, one after the other."""

    @host_context("t1.example.com")
    def task(depth: int) -> list[str]:
        """Look."""
        return [_host(), *(task(depth - 1) if depth else [])]

    assert task.__doc__ == "Look."
    with ThreadPoolExecutor(1) as worker:
        assert worker.submit(task, 2).result() == ["t1.example.com"] * 3
        assert worker.submit(_host).result() == ""


def test_an_async_task_is_decorated() -> None:
    @host_context("t1.example.com")
    async def task() -> str:
        """Look."""
        await asyncio.sleep(0)
        return _host()

    async def both() -> list[str]:
        return [*await asyncio.gather(task(), task()), await task(), _host()]

    assert task.__doc__ == "Look."
    assert asyncio.run(both()) == ["t1.example.com"] * 3 + [""]


def test_a_context_spans_an_await_and_no_other_task() -> None:
    async def within(host: str) -> list[str]:
        with host_context(host):
            seen = [_host()]
            await asyncio.sleep(0)
            return [*seen, _host()]

    async def both() -> Any:
        return await asyncio.gather(within("t1.example.com"), within("t2.example.com"))

    assert asyncio.run(both()) == [["t1.example.com"] * 2, ["t2.example.com"] * 2]


def test_a_context_may_be_left_in_another_context() -> None:
    """As by a fixture that is set up and torn down by two tasks."""
    context = host_context("t1.example.com")
    copy_context().run(context.__enter__)
    context.__exit__(None, None, None)
    assert _host() == ""
