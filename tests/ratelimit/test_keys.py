from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from django_hardened.ratelimit.keys import entry
from django_hardened.ratelimit.rates import Limit

SECRET = b"s" * 32
LIMIT = Limit(5, 60, "login")
parts = st.lists(st.text(max_size=8), min_size=1, max_size=3).map(tuple)


@given(parts, parts)
def test_two_clients_never_share_a_key(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    first, second = entry(SECRET, one, LIMIT), entry(SECRET, two, LIMIT)
    assert (first == second) == (one == two)
    assert (first.tag == second.tag) == (one == two)


def test_a_key_is_of_the_client_the_limit_and_the_secret() -> None:
    made = entry(SECRET, ("user", "7"), LIMIT)
    others = [
        entry(SECRET, ("user", "8"), LIMIT),
        entry(SECRET, ("user", "7"), Limit(6, 60, "login")),
        entry(SECRET, ("user", "7"), Limit(5, 61, "login")),
        entry(SECRET, ("user", "7"), Limit(5, 60, "other")),
        entry(b"t" * 32, ("user", "7"), LIMIT),
    ]
    assert made.key not in {other.key for other in others}
    assert [other.tag == made.tag for other in others] == [False, True, True, True, False]


def test_a_key_says_nothing_about_the_client_and_is_short() -> None:
    made = entry(SECRET, ("address", "192.0.2.7"), LIMIT)
    assert "192" not in made.key + made.tag
    assert (len(made.key), len(made.tag)) == (20, 20)
    assert made.key.isascii()


def test_any_text_has_a_key() -> None:
    assert entry(SECRET, ("\udcff" * 10_000,), LIMIT).key
