from __future__ import annotations

import re
from hashlib import sha256
from hmac import new
from typing import Any

from django_hardened.api_keys.hashes import NOTHING, hash_key, hashes, position


def test_it_is_an_hmac_under_a_key_made_of_the_secret_key(settings: Any) -> None:
    settings.SECRET_KEY = "one"
    key = sha256(b"django_hardened.api_keys" + b"one").digest()
    assert hash_key("dhk_x") == new(key, b"dhk_x", sha256).hexdigest()


def test_without_the_secret_key_it_is_another_one(settings: Any) -> None:
    settings.SECRET_KEY = "one"
    first = hash_key("dhk_x")
    settings.SECRET_KEY = "two"
    assert hash_key("dhk_x") != first
    assert first != sha256(b"dhk_x").hexdigest()


def test_under_the_fallbacks_as_well(settings: Any) -> None:
    settings.SECRET_KEY = "one"
    first = hash_key("dhk_x")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "three", ("two", b"one")
    found = hashes("dhk_x")
    assert (len(found), found[0], found[2]) == (3, hash_key("dhk_x"), first)


def test_where_it_is_found() -> None:
    assert position("b", ["a", "b", "c"]) == 1
    assert position("a", ["a"]) == 0
    assert position("d", ["a", "b"]) is None


def test_nothing_is_no_hash() -> None:
    assert len(NOTHING) == len(hash_key("x"))
    assert not re.match("[0-9a-f]", NOTHING)
    assert position(NOTHING, hashes("")) is None
