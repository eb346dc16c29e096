"""The directory of tenants: right, bounded, and closed when the resolver fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from django_hardened import tenants
from django_hardened.tenants import KEPT_SECONDS, MAX_ANSWERS, UNAVAILABLE, Tenants


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Resolver:
    """A project's resolver that counts how often it is asked."""

    def __init__(self, known: dict[str, Any]) -> None:
        self.known = known
        self.asked: list[str] = []

    def __call__(self, name: str) -> Any:
        self.asked.append(name)
        answer = self.known.get(name)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def aresolve(self, name: str) -> Any:
        return self(name)


Make = Callable[[Resolver], tuple[Callable[[str], str | None], Clock]]


@pytest.fixture(params=["sync", "async", "sync resolver, async", "async resolver, sync"])
def make(request: pytest.FixtureRequest) -> Make:
    """Return how a resolver is asked: both kinds of resolver, from both worlds."""
    mode = request.param

    def directory(resolver: Resolver) -> tuple[Callable[[str], str | None], Clock]:
        clock = Clock()
        is_coroutine = mode in ("async", "async resolver, sync")
        found = Tenants(resolver.aresolve if is_coroutine else resolver, clock=clock)
        ask = async_to_sync(found.aresolve) if "async" in mode.split(", ")[-1:] else found.resolve
        return ask, clock

    return directory


def test_what_a_resolver_may_answer(make: Make) -> None:
    resolver = Resolver(
        {
            "a.example": True,
            "b.example": "a.example",
            "c.example": "C.Example.",
            "d.example": object(),
            "e.example": "",
            "f.example": False,
            "g.example": 0,
        }
    )
    ask, _ = make(resolver)
    assert [ask(f"{letter}.example") for letter in "abcdefgh"] == [
        *("a.example", "a.example", "c.example", "d.example"),
        *(None, None, None, None),
    ]


def test_an_answer_is_kept_for_a_while(make: Make) -> None:
    resolver = Resolver({"a.example": True})
    ask, clock = make(resolver)
    for _ in range(3):
        assert ask("a.example") == "a.example"
        assert ask("b.example") is None
    assert resolver.asked == ["a.example", "b.example"]

    resolver.known = {"b.example": True}
    clock.now = KEPT_SECONDS
    assert (ask("a.example"), ask("b.example")) == ("a.example", None)
    clock.now = KEPT_SECONDS + 0.1
    assert (ask("a.example"), ask("b.example")) == (None, "b.example")
    assert (ask("a.example"), ask("b.example")) == (None, "b.example")


def test_names_that_do_not_exist_push_out_none_that_do(make: Make) -> None:
    resolver = Resolver({"a.example": True})
    ask, _ = make(resolver)
    ask("a.example")
    for number in range(MAX_ANSWERS + 10):
        ask(f"n{number}.example")
    resolver.asked.clear()
    ask("a.example")
    ask(f"n{MAX_ANSWERS + 9}.example")
    assert resolver.asked == []
    ask("n0.example")
    assert resolver.asked == ["n0.example"]


def test_the_one_asked_last_stays_longest() -> None:
    resolver = Resolver({f"n{number}.example": True for number in range(MAX_ANSWERS + 1)})
    directory = Tenants(resolver)
    for number in range(MAX_ANSWERS):
        directory.resolve(f"n{number}.example")
    directory.resolve("n0.example")
    directory.resolve(f"n{MAX_ANSWERS}.example")
    resolver.asked.clear()
    directory.resolve("n0.example")
    assert resolver.asked == []
    directory.resolve("n1.example")
    assert resolver.asked == ["n1.example"]


def test_any_number_of_names_takes_the_same_room() -> None:
    directory = Tenants(Resolver({}))
    for number in range(3 * MAX_ANSWERS):
        directory.resolve(f"n{number}.example")
    assert len(directory._misses._kept) == MAX_ANSWERS


def test_a_resolver_that_fails_closes(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    resolver = Resolver({"a.example": LookupError("no database"), "b.example": "no host"})
    ask, _ = make(resolver)
    assert ask("a.example") == UNAVAILABLE
    assert ask("b.example") == UNAVAILABLE
    [record] = caplog.records  # one in a while
    assert (record.name, record.levelno) == ("django_hardened.tenants", logging.WARNING)
    assert record.exc_info
    resolver.known = {"a.example": True}
    assert ask("a.example") == "a.example"  # a failure is not kept


def test_another_thread_may_drop_an_answer_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = Tenants(Resolver({"a.example": True}))
    directory.resolve("a.example")

    class Dropping(tenants.OrderedDict[str, Any]):
        def get(self, name: str, default: Any = None) -> Any:
            return self.pop(name, default)

    monkeypatch.setattr(directory._hits, "_kept", Dropping(directory._hits._kept))
    assert directory.resolve("a.example") == "a.example"


class AsyncCallable:
    async def __call__(self, name: str) -> str | None:
        return None if name.startswith("evil") else name


async def _find(name: str) -> str | None:
    return await AsyncCallable()(name)


def _wrapping(name: str) -> Any:
    return _find(name)


@pytest.mark.parametrize(
    "resolver", [AsyncCallable(), _find, partial(_find), _wrapping, AsyncCallable().__call__]
)
def test_whatever_returns_something_to_wait_for(resolver: Any) -> None:
    for resolve in (Tenants(resolver).resolve, async_to_sync(Tenants(resolver).aresolve)):
        assert resolve("evil.example.com") is None
        assert resolve("shop.example.com") == "shop.example.com"


@pytest.mark.parametrize("resolver", [None, 7, "site.tenants.resolve"])
def test_what_cannot_be_called_closes(resolver: Any) -> None:
    directory = Tenants(resolver)
    assert directory.resolve("shop.example.com") == UNAVAILABLE
    assert async_to_sync(directory.aresolve)("shop.example.com") == UNAVAILABLE
