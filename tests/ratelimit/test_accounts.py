from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from django_hardened.ratelimit.accounts import (
    MAX_LENGTH,
    by_account,
    canonical,
    is_possible,
    names,
    only_name,
)


@given(st.text())
@example("\u0345")
@example("\ufdfa" * 100)
@example("İ")
@example("ϴ\u0301")
def test_one_form(name: str) -> None:
    form = canonical(name)
    assert canonical(form) == form
    assert len(form) <= MAX_LENGTH
    assert form == form.strip()


@given(st.text(max_size=80))
def test_what_may_be_the_same_account_has_one_form(name: str) -> None:
    assert canonical(f"  {name}\n") == canonical(name)
    for form in ("NFC", "NFD"):
        assert canonical(unicodedata.normalize(form, name)) == canonical(name)
    assert canonical(name.casefold()) == canonical(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ADA", "ada"),
        ("Stra\u00dfe", "STRASSE"),
        ("\u00c5sa", "asa"),
        ("bj\u00f8rn", "bjorn"),
        ("\u0141\u00f3d\u017a", "lodz"),
        ("\u00c6gir", "aegir"),
        ("\ufb01ne", "fine"),
        ("a\u200d\u00ad\ufeffda", "ada"),
        ("ada\0", "ada"),
        ("", "\u0301"),
        ([], {}),
    ],
)
def test_one_account(one: Any, other: Any) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ada", "adb"), ("ada", "a da"), ("1", "11"), ("\u0430da", "ada"), ("", "a")]
)
def test_two_accounts(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_a_long_name_is_cut() -> None:
    assert canonical("A" * 10**7) == "a" * MAX_LENGTH


@pytest.mark.parametrize(
    ("credentials", "found", "only"),
    [
        ({"username": "Ada"}, ("ada",), "Ada"),
        ({"email": "Ada@x"}, ("ada@x",), "Ada@x"),
        ({"username": "Ada", "email": "ada"}, ("ada",), None),
        ({"username": "ada", "email": "ben"}, ("ada", "ben"), None),
        ({"phone": 7}, ("7",), 7),
        ({"username": None, "login": "x"}, ("x",), "x"),
        ({"remember": "yes"}, (), None),
    ],
)
def test_names(credentials: dict[str, Any], found: tuple[str, ...], only: object) -> None:
    assert names(credentials) == found
    assert only_name(credentials) == only


def test_the_field_of_a_custom_user_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.models import User

    monkeypatch.setattr(User, "USERNAME_FIELD", "badge")
    assert names({"badge": "B7"}) == ("b7",)


@pytest.mark.parametrize(
    ("name", "password", "possible"),
    [
        ("ada", "x", True),
        ("ada", b"y", True),
        ("ada", "", True),
        (7, "x", True),
        ("ada", "x\0", True),
        ("ada\0", "x", False),
        ("\ud800", "x", False),
        ("ada", "\ud800", False),
        ("ada", 7, False),
        ("ada", ["x"], False),
        (["ada"], "x", False),
        ({}, "x", False),
    ],
)
def test_what_somebody_could_have(name: object, password: object, possible: bool) -> None:
    assert is_possible({"username": name, "password": password}) is possible


def test_the_client() -> None:
    assert by_account("ada").parts == ("account", "ada")
