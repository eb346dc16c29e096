"""Cookies: no attribute is ever lost, and none is less than it has to be."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.cookies import CookieRules, read_declarations

HTTPS = CookieRules(secure=True)
NAMES = st.sampled_from(["id", "__Host-id", "__secure-id", "__HOST-ID", "csrftoken"])
SAMESITE = st.sampled_from(["", "Lax", "lax", "Strict", "None", "none", "Other"])


def _morsel(name: str, **attributes: Any) -> Morsel[str]:
    jar: SimpleCookie = SimpleCookie()
    jar[name] = "value"
    for key, value in attributes.items():
        jar[name][key.replace("_", "-")] = value
    return jar[name]


@given(
    NAMES,
    st.booleans(),
    st.booleans(),
    SAMESITE,
    st.sampled_from([("", ""), ("/", "example.com"), ("/app", ""), ("/app", "example.com")]),
    st.booleans(),
)
def test_no_cookie_leaves_with_less(
    name: str, secure: bool, httponly: bool, samesite: str, where: tuple[str, str], https: bool
) -> None:
    path, domain = where
    morsel = _morsel(
        name, secure=secure, httponly=httponly, samesite=samesite, path=path, domain=domain
    )
    rules = CookieRules(secure=https)
    raised = rules.raise_morsel(morsel)
    assert morsel["httponly"]
    assert morsel["samesite"].lower() in ("lax", "strict")
    assert bool(morsel["secure"]) is (https or secure or name.startswith("__"))
    assert (samesite.lower() == "strict") is (morsel["samesite"].lower() == "strict")
    if name.lower().startswith("__host-"):
        assert (morsel["path"], morsel["domain"]) == ("/", "")
    else:
        assert (morsel["path"], morsel["domain"]) == (path, domain)
    assert ("HttpOnly" in raised) is not httponly
    assert rules.raise_morsel(morsel) == ()  # nothing is left to do


@given(NAMES, st.booleans(), st.booleans(), SAMESITE, st.booleans())
def test_one_that_is_written_becomes_the_same(
    name: str, secure: bool, httponly: bool, samesite: str, https: bool
) -> None:
    rules = CookieRules(secure=https)
    morsel = _morsel(name, secure=secure, httponly=httponly, samesite=samesite)
    line = morsel.OutputString()
    written, key, raised = rules.raise_line(line)
    assert key == name
    assert raised == rules.raise_morsel(morsel)
    expected = {part.strip().lower() for part in morsel.OutputString().split(";")}
    assert {part.strip().lower() for part in written.split(";")} == expected


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("a=b", "a=b; Secure; HttpOnly; SameSite=Lax"),
        ("a=b; secure;HTTPONLY ; samesite=strict", "a=b; Secure; HttpOnly; SameSite=strict"),
        (
            "a=b=c; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Partitioned",
            "a=b=c; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Partitioned; Secure; HttpOnly; "
            "SameSite=Lax",
        ),
        (
            "__Host-a=b; Path=/x; Domain=example.com;",
            "__Host-a=b; Secure; HttpOnly; SameSite=Lax; Path=/",
        ),
        ("a=b; Path=/x; Domain=d", "a=b; Secure; HttpOnly; SameSite=Lax; Path=/x; Domain=d"),
        ("", "; Secure; HttpOnly; SameSite=Lax"),
    ],
)
def test_a_field_that_somebody_has_written(line: str, written: str) -> None:
    assert HTTPS.raise_line(line)[0] == written


def test_what_is_declared_wins() -> None:
    rules = CookieRules(
        secure=True,
        declared={
            "theme": {"httponly": False},
            "embed": {"samesite": "None"},
            "open": {"secure": False},
            "closed": {"samesite": "Strict"},
        },
    )
    assert rules.changes("theme", _morsel("theme")) == {"secure": True, "samesite": "Lax"}
    assert rules.changes("embed", _morsel("embed"))["samesite"] == "None"
    assert rules.changes("open", _morsel("open", secure=True))["secure"] is False
    assert rules.changes("closed", _morsel("closed", samesite="Lax"))["samesite"] == "Strict"


def test_a_deleted_cookie_is_raised_without_a_word() -> None:
    morsel = _morsel("id", max_age=0)
    assert HTTPS.raise_morsel(morsel) == ()
    assert morsel["secure"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (["a"], "is a list"),
        ({"a": "httponly"}, "has a str for 'a'"),
        ({"a": {"http_only": False}}, "has 'http_only' for 'a'; it may have secure"),
        ({"a": {"samesite": "none"}}, "none of Lax, Strict, None"),
        ({"a": {"samesite": None}}, "none of Lax, Strict, None"),
        ({"a": {"secure": "no"}}, "neither True nor False"),
        ({"__Host-a": {"secure": False}}, "whose prefix promises it"),
        ({"__secure-a": {"secure": False}}, "whose prefix promises it"),
        ({"a": {"samesite": "None", "secure": False}}, "browsers drop it"),
    ],
)
def test_declarations_that_mean_nothing(value: Any, problem: str) -> None:
    with pytest.raises((TypeError, ValueError), match=problem):
        read_declarations(value)


def test_declarations_are_copied() -> None:
    given: dict[str, dict[str, Any]] = {
        "a": {"httponly": False},
        "__Host-b": {"secure": True, "samesite": "None"},
    }
    read = read_declarations(given)
    assert read == given
    assert read["a"] is not given["a"]
