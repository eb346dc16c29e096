"""``Limiter`` on the model store: all limits of a request at once, or none."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_hardened.ratelimit.decisions import Decision
from django_hardened.ratelimit.identity import by_address
from django_hardened.ratelimit.in_process import InProcessStore
from django_hardened.ratelimit.limiter import Limiter
from django_hardened.ratelimit.rates import Limit

BURST, DAILY = Limit(3, 10, "burst"), Limit(5, 86_400, "daily")


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _enabled(settings: Any) -> None:
    settings.RATELIMIT_ENABLE = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(InProcessStore(clock=clock))


def test_the_first_n_are_admitted(limiter: Limiter, clock: Clock) -> None:
    decisions = [limiter.hit("a", [BURST]) for _ in range(4)]
    assert [decision.allowed for decision in decisions] == [True, True, True, False]
    assert [decision.remaining for decision in decisions] == [2, 1, 0, 0]
    assert [decision.retry_after for decision in decisions] == [0, 0, 0, 11]
    assert decisions[3].limit == BURST
    assert decisions[3].reset_after == 11
    assert limiter.hit("b", [BURST]).allowed
    assert limiter.hit(("a", ""), [BURST]).allowed


def test_a_retry_at_that_second_is_admitted_and_one_before_is_not(
    limiter: Limiter, clock: Clock
) -> None:
    for _ in range(3):
        limiter.hit("a", [BURST])
    clock.now += 3.3
    wait = limiter.hit("a", [BURST]).retry_after
    clock.now += wait - 2
    assert not limiter.hit("a", [BURST]).allowed
    clock.now += 2
    assert limiter.hit("a", [BURST]).allowed


def test_all_or_nothing(limiter: Limiter, clock: Clock) -> None:
    for _ in range(5):
        decision = limiter.hit("a", [BURST, DAILY])
    assert (decision.allowed, decision.limit) == (False, BURST)
    assert [status.remaining for status in decision.statuses] == [0, 2]
    clock.now += 11
    assert [limiter.hit("a", [BURST, DAILY]).allowed for _ in range(3)] == [True, True, False]
    refused = limiter.hit("a", [BURST, DAILY])
    assert (refused.limit, refused.deciding.limit if refused.deciding else None) == (DAILY, DAILY)
    # What the day has refused did not use up the burst.
    assert [status.remaining for status in refused.statuses] == [1, 0]


def test_a_cost(limiter: Limiter) -> None:
    assert limiter.hit("a", [BURST], cost=2).allowed
    assert not limiter.hit("a", [BURST], cost=2).allowed
    assert limiter.hit("a", [BURST], cost=1).allowed
    refused = limiter.hit("b", [BURST], cost=4)
    assert (refused.allowed, refused.retry_after, refused.remaining) == (False, 10, 3)


def test_a_cost_below_nothing_gives_nothing_back(limiter: Limiter) -> None:
    limiter.hit("a", [BURST], cost=3)
    with pytest.raises(ValueError, match="-1"):
        limiter.hit("a", [BURST], cost=-1)
    assert not limiter.hit("a", [BURST]).allowed


def test_to_ask_counts_nothing(limiter: Limiter) -> None:
    for _ in range(10):
        decision = limiter.hit("a", [BURST], cost=0)
        assert (decision.allowed, decision.remaining, decision.reset_after) == (True, 3, 0)


def test_the_networks_around_an_address(limiter: Limiter) -> None:
    """Whoever rotates through a /48 gets sixteen times the limit, and no more."""
    limit = Limit(10, 3600, "address")
    admitted = 0
    for number in range(1000):
        address = f"2001:db8:1:{number:x}::1"
        counted = [(client, limit) for client in by_address(address)]
        admitted += limiter.hit_all(counted).allowed
    assert admitted == 160


def test_the_same_limit_of_the_same_client_counts_once(limiter: Limiter) -> None:
    assert limiter.hit("a", [BURST, BURST]).remaining == 2


def test_what_was_counted_can_be_taken_back_once(limiter: Limiter) -> None:
    decisions = [limiter.hit("a", [BURST, DAILY]) for _ in range(4)]
    limiter.take_back(decisions[0])
    assert limiter.hit("a", [BURST]).allowed
    limiter.take_back(decisions[3])  # refused: nothing was counted
    assert not limiter.hit("a", [BURST]).allowed
    limiter.take_back(Decision(()))


def test_what_is_past_stays_past(limiter: Limiter, clock: Clock) -> None:
    decision = limiter.hit("a", [BURST])
    clock.now += 100
    for _ in range(3):
        assert limiter.hit("a", [BURST]).allowed
    limiter.take_back(decision)
    assert not limiter.hit("a", [BURST]).allowed


def test_clear(limiter: Limiter) -> None:
    client = by_address("192.0.2.7")[0]
    for _ in range(3):
        limiter.hit_all([(client, BURST)])
    limiter.clear([(client, BURST), (client, DAILY)])
    assert limiter.hit_all([(client, BURST)]).remaining == 2


def test_without_limits_everything_is_admitted(limiter: Limiter) -> None:
    decision = limiter.hit("a", [])
    assert decision.allowed
    assert (decision.limit, decision.remaining, decision.deciding) == (None, None, None)
    assert (decision.reset_after, decision.retry_after) == (0, 0)


def test_switched_off_nothing_is_asked(limiter: Limiter) -> None:
    with override_settings(RATELIMIT_ENABLE=False):
        assert all(limiter.hit("a", [BURST]).allowed for _ in range(10))
    assert limiter.hit("a", [BURST]).remaining == 2


def test_async(limiter: Limiter) -> None:
    assert async_to_sync(limiter.ahit)("a", [BURST]).remaining == 2
    client = by_address("192.0.2.7")[0]
    assert async_to_sync(limiter.ahit_all)([(client, BURST)]).remaining == 2


def test_without_a_store_it_is_that_of_the_settings() -> None:
    assert Limiter().store is Limiter().store


@hypothesis_settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.floats(0, 12)), max_size=40))
def test_no_order_of_hits_gets_more_than_the_limit(hits: list[tuple[str, int, float]]) -> None:
    clock = Clock()
    limiter = Limiter(InProcessStore(clock=clock))
    admitted: dict[str, list[float]] = {"a": [], "b": []}
    for key, cost, pause in hits:
        clock.now += pause
        if limiter.hit(key, [BURST, DAILY], cost=cost).allowed:
            admitted[key] += [clock.now] * cost
        recent = [moment for moment in admitted[key] if moment > clock.now - 10]
        assert len(recent) <= 3
        assert len(admitted[key]) <= 5


def test_the_model_keeps_a_bounded_number_of_keys(clock: Clock) -> None:
    store = InProcessStore(clock=clock, size=10)
    limiter = Limiter(store)
    for number in range(100):
        limiter.hit(str(number), [BURST])
    assert len(store._states) == 10
