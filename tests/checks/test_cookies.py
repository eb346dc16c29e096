from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.utils.functional import lazystr
from site_support import CSRF, codes, findings, without

from django_hardened.checks import cookie_scope, cookies

COOKIES = (cookies, cookie_scope)

ALL_OFF: dict[str, Any] = {
    "SESSION_COOKIE_SECURE": False,
    "SESSION_COOKIE_HTTPONLY": False,
    "SESSION_COOKIE_SAMESITE": None,
    "SESSION_COOKIE_DOMAIN": ".com",
    "CSRF_COOKIE_SECURE": False,
    "CSRF_COOKIE_SAMESITE": None,
    "CSRF_COOKIE_DOMAIN": ".com",
}
SESSION_CODES = ["E220", "E221", "E223", "E226"]
CSRF_CODES = ["E222", "W225", "E226"]


class OwnSession(SessionMiddleware):
    pass


def test_all_off() -> None:
    assert sorted(codes(*COOKIES, **ALL_OFF)) == sorted(SESSION_CODES + CSRF_CODES)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"CSRF_USE_SESSIONS": True}, SESSION_CODES),
        ({"MIDDLEWARE": without("CsrfViewMiddleware")}, SESSION_CODES),
        ({"MIDDLEWARE": [CSRF]}, CSRF_CODES),
        ({"MIDDLEWARE": [CSRF], "CSRF_USE_SESSIONS": True}, []),
        ({"MIDDLEWARE": []}, []),
        ({"MIDDLEWARE": [f"{__name__}.OwnSession"]}, SESSION_CODES),
        ({"MIDDLEWARE": ["not_installed.BearerSessionMiddleware"]}, SESSION_CODES),
    ],
    ids=["in the session", "no csrf", "no sessions", "nowhere", "none", "subclass", "wrapper"],
)
def test_a_cookie_that_nobody_sets(changes: dict[str, Any], expected: list[str]) -> None:
    assert codes(*COOKIES, **ALL_OFF, **changes) == expected


@pytest.mark.parametrize("value", [None, 0, False, ""])
def test_off(value: Any) -> None:
    assert codes(*COOKIES, SESSION_COOKIE_SECURE=value) == ["E220"]
    assert codes(*COOKIES, CSRF_COOKIE_SECURE=value) == ["E222"]
    assert codes(*COOKIES, SESSION_COOKIE_HTTPONLY=value) == ["E221"]


@pytest.mark.parametrize(
    ("value", "session", "csrf"),
    [
        (None, ["E223"], ["W225"]),
        (False, ["E223"], ["W225"]),
        ("", ["E223"], ["W225"]),
        ("None", ["E224"], ["W225"]),
        ("none", ["E224"], ["W225"]),
        (lazystr("None"), ["E224"], ["W225"]),
        ("Laxx", ["E223"], ["E223"]),
        (lazystr("same-site"), ["E223"], ["E223"]),
        ("Lax ", ["E223"], ["E223"]),
        (True, ["E223"], ["E223"]),
        (b"Lax", ["E223"], ["E223"]),
        ("Lax", [], []),
        ("strict", [], []),
        (lazystr("Lax"), [], []),
    ],
)
def test_samesite(value: Any, session: list[str], csrf: list[str]) -> None:
    assert codes(*COOKIES, SESSION_COOKIE_SAMESITE=value) == session
    assert codes(*COOKIES, CSRF_COOKIE_SAMESITE=value) == csrf


@pytest.mark.parametrize("word", ["Laxx", "Lax ", "lax", "STRICT", "none"])
def test_what_is_said_of_samesite_is_true_of_django(word: str) -> None:
    is_known = "E223" not in codes(*COOKIES, SESSION_COOKIE_SAMESITE=word)
    with nullcontext() if is_known else pytest.raises(ValueError, match="samesite"):
        HttpResponse().set_cookie("sessionid", samesite=word)  # type: ignore[arg-type]


@pytest.mark.parametrize("cookie", ["SESSION_COOKIE", "CSRF_COOKIE"])
@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (None, []),
        ("", []),
        (".com", ["E226"]),
        ("com", ["E226"]),
        ("co.uk", ["E226"]),
        (".HerokuApp.com", ["E226"]),
        ("github.io", ["E226"]),
        ("example.com", ["W227"]),
        (".example.com", ["W227"]),
        ("mine.herokuapp.com", ["W227"]),
        (lazystr("a.example.com"), ["W227"]),
        ("localhost", ["W227"]),
        ("corp", ["W227"]),
    ],
    ids=repr,
)
def test_domain(cookie: str, domain: Any, expected: list[str]) -> None:
    found = findings(*COOKIES, **{f"{cookie}_DOMAIN": domain})
    assert [str(m.id)[-4:] for m in found] == expected
    for message in found:
        assert message.setting == message.subject == f"{cookie}_DOMAIN"  # type: ignore[attr-defined]
        assert f"{cookie}_DOMAIN is {str(domain)!r}" in message.msg


@pytest.mark.parametrize("cookie", ["SESSION_COOKIE", "CSRF_COOKIE"])
@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        ("__Host-id", {}, []),
        ("__Secure-id", {}, []),
        ("__Host-id", {"DOMAIN": "example.com"}, ["E228"]),
        ("__host-id", {"DOMAIN": "example.com"}, ["E228"]),
        ("__Host-id", {"DOMAIN": ".com"}, ["E226", "E228"]),
        ("__Host-id", {"PATH": "/shop"}, ["E228"]),
        ("__Host-id", {"PATH": "/shop", "DOMAIN": "example.com"}, ["E228", "E228"]),
        ("__Host-id", {"PATH": lazystr("/")}, []),
        ("__Host-id", {"SECURE": False}, ["E229"]),
        (lazystr("__Host-id"), {"SECURE": False}, ["E229"]),
        ("__Secure-id", {"SECURE": False}, ["E229"]),
        ("__Secure-id", {"PATH": "/shop", "DOMAIN": "example.com"}, ["W227"]),
        ("id__Host-", {"PATH": "/shop"}, []),
    ],
    ids=range(13),
)
def test_prefix(cookie: str, name: Any, attributes: dict[str, Any], expected: list[str]) -> None:
    changes = {f"{cookie}_{key}": value for key, value in attributes.items()}
    assert codes(*COOKIES, **{f"{cookie}_NAME": name}, **changes) == expected


def test_a_broken_name_says_what_breaks_it() -> None:
    [message] = findings(*COOKIES, CSRF_COOKIE_NAME="__Host-csrf", CSRF_COOKIE_PATH="/shop")
    assert message.msg == (
        "The cookie '__Host-csrf' must have the Path '/', but CSRF_COOKIE_PATH is '/shop': "
        "browsers drop it without a word."
    )
    assert message.hint == 'CSRF_COOKIE_PATH = "/"  # or a name without that prefix'
    assert message.setting == "CSRF_COOKIE_PATH"  # type: ignore[attr-defined]  # our Finding


PLAIN: dict[str, Any] = {
    "SECURE_SSL_REDIRECT": False,
    "SECURE_HSTS_SECONDS": 0,
    "SESSION_COOKIE_SECURE": False,
    "CSRF_COOKIE_SECURE": False,
}
BEHIND_A_PROXY: dict[str, Any] = {
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "HARDENED_TRUSTED_PROXIES": ["10.0.0.0/8"],
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["W219", "W219"]),
        (BEHIND_A_PROXY, ["E220", "E222"]),
        (BEHIND_A_PROXY | {"HARDENED_TRUSTED_PROXIES": []}, ["W219", "W219"]),
        (BEHIND_A_PROXY | {"SECURE_PROXY_SSL_HEADER": None}, ["W219", "W219"]),
        (
            BEHIND_A_PROXY | {"HARDENED_TRUSTED_PROXIES": [], "SECURE_SSL_REDIRECT": True},
            ["E220", "E222"],
        ),
        (
            BEHIND_A_PROXY | {"HARDENED_TRUSTED_PROXIES": [], "SECURE_HSTS_SECONDS": 60},
            ["E220", "E222"],
        ),
    ],
)
def test_a_site_whose_proxy_ends_tls(changes: dict[str, Any], expected: list[str]) -> None:
    assert codes(*COOKIES, **(PLAIN | changes)) == expected
