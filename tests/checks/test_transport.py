from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import UserSettingsHolder, global_settings, settings
from django.middleware.security import SecurityMiddleware
from django.test import override_settings
from django.utils.functional import lazystr
from findings_support import subjects
from site_support import MIDDLEWARE as SITE_MIDDLEWARE
from site_support import codes, findings, without

from django_hardened.checks import transport

EDGE = {"ssl_redirect", "hsts", "headers"}
BARE = without("SecurityMiddleware")
CARRIED_OUT = (
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "SECURE_CONTENT_TYPE_NOSNIFF",
    "SECURE_REFERRER_POLICY",
    "SECURE_CROSS_ORIGIN_OPENER_POLICY",
)


class OwnSecurity(SecurityMiddleware):
    pass


# -- The middleware ------------------------------------------------------------------------------


def test_settings_that_nothing_carries_out() -> None:
    [message] = findings(transport, MIDDLEWARE=BARE)
    assert message.id == "django_hardened.E208"
    assert all(name in message.msg for name in CARRIED_OUT)


def test_what_the_edge_does_is_not_missing() -> None:
    [message] = findings(transport, MIDDLEWARE=BARE, HARDENED_EDGE={"hsts", "headers"})
    assert message.msg.endswith("nothing carries out SECURE_SSL_REDIRECT.")
    assert codes(transport, MIDDLEWARE=BARE, HARDENED_EDGE=EDGE) == []


def test_switched_off_by_hand_is_not_in_vain() -> None:
    off = dict.fromkeys(CARRIED_OUT)
    assert codes(transport, MIDDLEWARE=BARE, **off) == ["W209"]


def test_never_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's own defaults, nosniff among them, are on; but nobody asked for them."""
    assert global_settings.SECURE_CONTENT_TYPE_NOSNIFF
    monkeypatch.setattr(settings, "_wrapped", UserSettingsHolder(global_settings))
    with override_settings(MIDDLEWARE=BARE):
        [message] = transport.check_security_middleware()
        assert message.id == "django_hardened.W209"
        with override_settings(SECURE_REFERRER_POLICY="same-origin"):  # the default, written down
            [message] = transport.check_security_middleware()
            assert message.id == "django_hardened.E208"


@pytest.mark.parametrize(
    "name", [f"{__name__}.OwnSecurity", "not_installed.middleware.OurSecurityMiddleware"]
)
def test_in_place_of_it(name: str) -> None:
    assert codes(transport, MIDDLEWARE=[name]) == []
    changes = {"MIDDLEWARE": [name], "SECURE_SSL_REDIRECT": False, "SECURE_HSTS_SECONDS": 0}
    assert codes(transport, **changes) == ["W201", "W202"]


# -- The redirect --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern", [".*", "", "^", "$", "^.*$", ".+", ".", r"\w", "a|.", r"^(?!zz)"]
)
def test_an_exemption_of_everything(pattern: str) -> None:
    [message] = findings(transport, SECURE_REDIRECT_EXEMPT=["^healthz$", pattern])
    assert message.id == "django_hardened.E206"
    assert message.subject == pattern  # type: ignore[attr-defined]  # our Finding


@pytest.mark.parametrize(
    "patterns",
    [
        [],
        None,
        ["^healthz$"],
        ["^api/", "^admin/", r"\.html$"],
        ["/"],
        [r"^\.well-known/acme-challenge/"],
        (re.compile("^health/"), lazystr("^ping$")),
        {"^ping$"},
    ],
)
def test_an_exemption_of_some(patterns: Any) -> None:
    assert codes(transport, SECURE_REDIRECT_EXEMPT=patterns) == []


@pytest.mark.parametrize(
    "patterns",
    [
        [r"^\w+/", r"^$"],
        [r"^$", r"^[a-m]", r"^[n-z]"],
        (re.compile(r"/"), re.compile(r"^$")),
        [r"^(?!healthz)"],
    ],
)
def test_exemptions_of_everything_together(patterns: Any) -> None:
    [message] = findings(transport, SECURE_REDIRECT_EXEMPT=patterns)
    assert message.id == "django_hardened.E206"
    if len(patterns) > 1:
        assert "which together match every path" in message.msg


@pytest.mark.parametrize(
    "patterns",
    [
        [],
        [r"^\w+/"],
        [r"^$", r"^api/", r"^admin/", r"^accounts/"],
        [r"^$", r"^\w+/login/"],
    ],
)
def test_exemptions_that_leave_a_page(patterns: Any) -> None:
    assert codes(transport, SECURE_REDIRECT_EXEMPT=patterns) == []


@pytest.mark.parametrize("pattern", ["*", "(", "[a", "(?P<x", "a{2,1}"])
def test_an_exemption_that_is_no_pattern(pattern: str) -> None:
    assert codes(transport, SECURE_REDIRECT_EXEMPT=[pattern]) == ["E207"]


def test_a_text_is_read_letter_by_letter() -> None:
    assert "E206" in codes(transport, SECURE_REDIRECT_EXEMPT="^ping$")
    assert codes(transport, SECURE_REDIRECT_EXEMPT=re.compile(".*")) == []


def test_an_exemption_from_nothing() -> None:
    changes = {"SECURE_SSL_REDIRECT": False, "SECURE_REDIRECT_EXEMPT": [".*", "("]}
    assert codes(transport, **changes) == ["W201"]
    assert codes(transport, **changes, HARDENED_EDGE={"ssl_redirect"}) == []


@pytest.mark.parametrize(("entry", "code"), [(".*", "E206"), ("(", "E207")])
def test_an_edge_excuses_no_bad_exemption(entry: str, code: str) -> None:
    edge = {"ssl_redirect"}
    assert codes(transport, SECURE_REDIRECT_EXEMPT=[entry], HARDENED_EDGE=edge) == [code]
    assert codes(transport, SECURE_REDIRECT_EXEMPT=["^healthz$"], HARDENED_EDGE=edge) == []


# -- HSTS ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, ["W202"]),
        (None, ["W202"]),
        (False, ["W202"]),
        ("", ["W202"]),
        (1, ["W203"]),
        (60, ["W203"]),
        (3600, ["W203"]),
        (86_399, ["W203"]),
        ("60", ["W203"]),
        (True, ["W203"]),
        (-1, ["W203"]),
        (31_536_000.0, ["W203"]),
        ("a year", ["W203"]),
        ("\u0663" * 8, ["W203"]),
        (["31536000"], ["W203"]),
        (86_400, ["W204"]),
        (2_592_000, ["W204"]),
        (31_535_999, ["W204"]),
        (31_536_000, []),
        (lazystr("31536000"), []),
        (63_072_000, []),
    ],
)
def test_seconds(seconds: Any, expected: list[str]) -> None:
    assert codes(transport, SECURE_HSTS_SECONDS=seconds) == expected
    # What is set is sent, and browsers read the first of two headers.
    of_the_value = [code for code in expected if code != "W202"]
    assert codes(transport, SECURE_HSTS_SECONDS=seconds, HARDENED_EDGE=["hsts"]) == of_the_value


@pytest.mark.parametrize(
    ("seconds", "subdomains", "expected"),
    [
        (31_536_000, True, []),
        (31_536_000, False, ["W205"]),
        (2_592_000, True, ["W204"]),
        (2_592_000, False, ["W204", "W205"]),
        (60, True, ["W203", "W205"]),
        ("?", True, ["W203", "W205"]),
        (0, False, ["W202"]),
    ],
)
def test_preload(seconds: Any, subdomains: bool, expected: list[str]) -> None:
    changes = {"SECURE_HSTS_SECONDS": seconds, "SECURE_HSTS_INCLUDE_SUBDOMAINS": subdomains}
    assert codes(transport, SECURE_HSTS_PRELOAD=True, **changes) == expected
    of_the_values = [code for code in expected if code != "W202"]
    edge = {"hsts"}
    found = codes(transport, SECURE_HSTS_PRELOAD=True, HARDENED_EDGE=edge, **changes)
    assert found == of_the_values


@pytest.mark.parametrize(
    ("decided", "asked"),
    [
        ({}, ["SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"]),
        ({"SECURE_HSTS_PRELOAD": False}, ["SECURE_HSTS_INCLUDE_SUBDOMAINS"]),
        ({"SECURE_HSTS_INCLUDE_SUBDOMAINS": True}, ["SECURE_HSTS_PRELOAD"]),
        ({"SECURE_HSTS_INCLUDE_SUBDOMAINS": None, "SECURE_HSTS_PRELOAD": None}, []),
    ],
)
def test_who_never_thought_of_what_hsts_binds(
    monkeypatch: pytest.MonkeyPatch, decided: dict[str, Any], asked: list[str]
) -> None:
    monkeypatch.setattr(settings, "_wrapped", UserSettingsHolder(global_settings))
    with override_settings(MIDDLEWARE=SITE_MIDDLEWARE, SECURE_HSTS_SECONDS=31_536_000, **decided):
        messages = transport.check_hsts()
    assert [message.id for message in messages] == ["django_hardened.I230"] * len(asked)
    assert subjects(messages) == asked
