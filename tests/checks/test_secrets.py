from __future__ import annotations

import secrets as random
import uuid
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from checks_support import codes_of
from django.core.checks import CheckMessage
from django.core.management.utils import get_random_secret_key
from django.test import override_settings
from django.utils.functional import lazystr
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_hardened.checks import secrets

STRONG = "k3y-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL_eYuIoRtKwXqMnBv"
OTHER = "v9Lp2XcR7tYb4NqHs8WzKd3MfGj6QaUe0TiOr5EyBnCxVkDw"

GENERATORS: dict[str, Callable[[], str]] = {
    "django": get_random_secret_key,
    "token_urlsafe(50)": lambda: random.token_urlsafe(50),
    "token_urlsafe()": random.token_urlsafe,
    "token_hex(32)": lambda: random.token_hex(32),
    "openssl rand -base64 48": lambda: b64encode(random.token_bytes(48)).decode(),
    "two UUIDs": lambda: f"{uuid.uuid4()}{uuid.uuid4()}",
}

WEAK = {
    "E010": [""],
    "E011": [
        "django-insecure-",
        "django-insecure-" + STRONG,
        "django-insecure-" * 5,
    ],
    "E012": [
        "changeme" * 7,
        "CHANGEME" * 7,
        "aa",
        "x" * 64,
        "ab" * 40,
        "secret" * 9 + "sec",
        "0123456789abcdef" * 4,
        STRONG * 2,
        STRONG * 2 + STRONG[:5],
    ],
    "E013": [
        "!!!SET DJANGO_SECRET_KEY!!!",
        "CHANGEME!!!",
        "change-me",
        "Change_This_To_Something_Unique_And_Long_Before_You_Deploy",
        "<your-secret-key>",
        "your_secret_key_here",
        "my-super-secret-key-that-nobody-will-ever-guess-1234567890",
        "SECRET_KEY",
        "secret key",
        "insecure-key-for-dev-only",
        "this is not a secret, it is only here so that tests can run",
        "replace-me-with-a-real-key",
        "dummy-key-for-collectstatic",
        "supersecretpassw0rd",
        "development",
        "c.h.a.n.g.e.m.e" + "1234567890!@#$%^&*()_+",
        "please-set-this-to-a-long-random-string-in-production!",
        "insert-your-key-here-insert-it-here-and-nowhere-else",
    ],
    "E014": ["a", "abc", "hunter2", STRONG[:42], "9f86d081884c7d65", "0Yx5tM_Wq1nJ2-vRk7GzLA"],
    "E015": [
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        "aaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRS",
        "zyxwvutsrqponmlkjihgfedcba9876543210ZYXWVUTSRQPONMLKJIH",
        "11111222223333344444555556666677777888889999900000aaaaa",
        "0110100110010110100101100110100110010110011010010110100",
    ],
}  # fmt: skip


def _all_texts() -> str:
    return "".join(str(rule.found(index=0, problem="")) for rule in secrets.RULES)


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> None:
    settings.SECRET_KEY = STRONG
    settings.SECRET_KEY_FALLBACKS = []


def test_a_strong_key() -> None:
    assert codes_of(secrets) == []


# -- SECRET_KEY ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "key"), [(code, key) for code in WEAK for key in WEAK[code]])
def test_a_weak_key(settings: Any, code: str, key: str) -> None:
    settings.SECRET_KEY = key
    assert codes_of(secrets) == [code]


@pytest.mark.parametrize("generate", GENERATORS.values(), ids=GENERATORS)
def test_a_random_key_is_never_flagged(generate: Callable[[], str]) -> None:
    assert [key for key in (generate() for _ in range(3000)) if secrets.weakness(key)] == []


def test_a_key_of_exactly_the_least_length() -> None:
    assert secrets.weakness(STRONG[: secrets.MIN_KEY_LENGTH]) is None
    assert secrets.weakness(STRONG[: secrets.MIN_KEY_LENGTH - 1]) is secrets.E014


def test_a_key_that_is_not_set_at_all(settings: Any) -> None:
    del settings.SECRET_KEY
    assert codes_of(secrets) == ["E010"]


@pytest.mark.parametrize(
    ("key", "found"),
    [(lazystr(STRONG), []), (lazystr("changeme"), ["E013"]), (STRONG.encode(), [])],
)
def test_lazy_strings_and_bytes_are_keys(settings: Any, key: object, found: list[str]) -> None:
    settings.SECRET_KEY = key
    assert codes_of(secrets) == found


def test_a_long_key_takes_no_time_worth_speaking_of() -> None:
    assert secrets.weakness(random.token_hex(10_000)) is None
    assert secrets.weakness("ab" * 10_000) is secrets.E012


@given(st.text(max_size=80))
@example("\0" * 60)
@example("\u017f" * 43)
@example("\u0130" * 20)
@example("\ud800" * 44)
def test_any_text_has_one_verdict(key: str) -> None:
    assert secrets.weakness(key) in (None, *secrets.RULES)


@given(key=st.text(min_size=1, max_size=12), times=st.integers(2, 20), cut=st.integers(0, 11))
def test_whatever_is_repeated_is_weak(key: str, times: int, cut: int) -> None:
    assert secrets.weakness(key * times + key[: min(cut, len(key) - 1)]) is not None


# -- What is told --------------------------------------------------------------------------------


@hypothesis_settings(max_examples=300)
@given(key=st.text(max_size=80), fallback=st.text(max_size=80))
@example(key="changeme" * 7, fallback="changeme" * 7)
@example(key=STRONG, fallback="x" * 50)
@example(key="{index}{0}{", fallback="{reason}")
def test_a_message_depends_on_the_rule_and_not_on_the_key(key: str, fallback: str) -> None:
    """Nothing of a key can be in a text that is the same for every key."""
    constant = {str(rule.found(index=0, problem="")) for rule in secrets.RULES[:7]} | {
        str(secrets.E017.found(index=0, problem=rule.fact.removeprefix("SECRET_KEY ")))
        for rule in secrets.RULES[:6]
    }
    with override_settings(SECRET_KEY=key, SECRET_KEY_FALLBACKS=[fallback]):
        messages = [message for check in secrets.CHECKS for message in check()]
    assert {str(message) for message in messages} <= constant


@given(
    keys=st.lists(
        st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=9),
        min_size=2,
        max_size=4,
    )
)
def test_no_character_of_a_key_is_told(keys: list[str]) -> None:
    with override_settings(SECRET_KEY=keys[0], SECRET_KEY_FALLBACKS=keys[1:]):
        messages = [message for check in secrets.CHECKS for message in check()]
    assert len(messages) == len(keys)
    assert not set("".join(keys)) & set("".join(map(_everything, messages)))


def _everything(message: CheckMessage) -> str:
    return f"{message} {message!r} {message.msg} {message.hint} {message.obj}"


def test_the_texts_hold_no_key_to_copy() -> None:
    assert "token_urlsafe(50)" in _all_texts()
    assert [word for word in _all_texts().split() if len(word) >= secrets.MIN_KEY_LENGTH] == []


# -- SECRET_KEY_FALLBACKS ------------------------------------------------------------------------


@pytest.mark.parametrize("sequence", [list, tuple])
def test_strong_fallbacks(settings: Any, sequence: type) -> None:
    settings.SECRET_KEY_FALLBACKS = sequence([OTHER, random.token_urlsafe(50)])
    assert codes_of(secrets) == []


def test_a_fallback_that_is_the_key_itself(settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [OTHER, STRONG]
    [message] = secrets.check_secret_key_fallbacks()
    assert message.id == "django_hardened.E016"
    assert "SECRET_KEY_FALLBACKS[1]" in message.msg


@pytest.mark.parametrize(("code", "key"), [(code, WEAK[code][0]) for code in WEAK])
def test_a_weak_fallback_is_told_with_its_reason(settings: Any, code: str, key: str) -> None:
    settings.SECRET_KEY_FALLBACKS = [OTHER, key]
    [message] = secrets.check_secret_key_fallbacks()
    assert message.id == "django_hardened.E017"
    reason = next(rule.fact for rule in secrets.RULES if rule.code == code)
    problem = reason.removeprefix("SECRET_KEY ")
    assert message.msg == f"SECRET_KEY_FALLBACKS[1] {problem} What it signed is still accepted."


def test_a_weak_key_kept_as_its_own_fallback(settings: Any) -> None:
    settings.SECRET_KEY = "changeme" * 7
    settings.SECRET_KEY_FALLBACKS = ["changeme" * 7, "x" * 60, OTHER]
    assert codes_of(secrets) == ["E012", "E016", "E017"]


@pytest.mark.parametrize(
    ("key", "fallback"),
    [
        (STRONG, lazystr(STRONG)),
        (lazystr(STRONG), STRONG),
        (lazystr(STRONG), lazystr(STRONG)),
        (STRONG.encode(), STRONG.encode()),
    ],
)
def test_the_same_key_in_another_wrapping(settings: Any, key: object, fallback: object) -> None:
    settings.SECRET_KEY = key
    settings.SECRET_KEY_FALLBACKS = [fallback]
    assert codes_of(secrets) == ["E016"]
