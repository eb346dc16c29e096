from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from checks_support import ids
from django.conf import Settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Info, Warning
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.test import override_settings
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from django_hardened import gate
from django_hardened.checks import RULES, twins

STRONG = "k3y-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL_eYuIoRtKwXqMnBv"

TWINS = [(rule.id, twin) for rule in RULES for twin in rule.replaces]

PRESSED = [
    ("security.W005", "SECURE_HSTS_INCLUDE_SUBDOMAINS"),
    ("security.W021", "SECURE_HSTS_PRELOAD"),
]


def _messages(*found: str) -> list[CheckMessage]:
    return [Error(f"text of {id_}", id=id_) for id_ in found]


def _deploy_ids() -> list[str]:
    return ids(gate.run(include_deployment_checks=True))


# -- Twins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "twin"), TWINS)
def test_a_twin_is_left_out(ours: str, twin: str) -> None:
    assert ids(twins.without_twins(_messages(twin, ours))) == [ours]
    assert ids(twins.without_twins(_messages(ours, twin))) == [ours]


@pytest.mark.parametrize(("ours", "twin"), TWINS)
def test_a_twin_alone_stays(settings: Any, ours: str, twin: str) -> None:
    settings.MIDDLEWARE = []
    assert ids(twins.without_twins(_messages(twin))) == [twin]


@pytest.mark.parametrize(("ours", "twin"), TWINS)
def test_silencing_brings_no_twin_back(settings: Any, ours: str, twin: str) -> None:
    """A silenced finding of ours is still open, and still says what its twin says."""
    settings.SILENCED_SYSTEM_CHECKS = [ours]
    assert ids(twins.without_twins(_messages(ours, twin))) == [ours]


def test_the_rest_stays_in_its_order() -> None:
    found = ["models.E001", "security.W018", "x", "django_hardened.E001", "security.W004", "x"]
    assert ids(twins.without_twins(_messages(*found))) == [
        "models.E001",
        "x",
        "django_hardened.E001",
        "security.W004",
        "x",
    ]


def test_a_message_without_an_id_stays() -> None:
    messages = [Warning("one"), Info("two")]
    assert twins.without_twins(iter(messages)) == messages


_KNOWN = [rule.id for rule in RULES] + [twin for _, twin in TWINS] + ["models.E001", "urls.W001"]


@given(found=st.lists(st.sampled_from(_KNOWN)), silenced=st.sets(st.sampled_from(_KNOWN)))
def test_nothing_is_lost_but_what_is_said_by_ours(found: list[str], silenced: set[str]) -> None:
    with override_settings(SILENCED_SYSTEM_CHECKS=list(silenced), MIDDLEWARE=[]):
        kept = ids(twins.without_twins(_messages(*found)))
        said = {twin for ours, twin in TWINS if ours in kept}
    assert kept == [id_ for id_ in found if id_ not in said]


@pytest.mark.parametrize(
    ("name", "value", "ours", "twin"),
    [
        ("DEBUG", True, "django_hardened.E001", "security.W018"),
        ("ALLOWED_HOSTS", [], "django_hardened.E101", "security.W020"),
        ("SECRET_KEY", "changeme", "django_hardened.E013", "security.W009"),
        ("SECRET_KEY", "", "django_hardened.E010", "security.W009"),
        ("SECRET_KEY_FALLBACKS", ["changeme"], "django_hardened.E017", "security.W025"),
    ],
)
def test_each_finding_once(settings: Any, name: str, value: Any, ours: str, twin: str) -> None:
    setattr(settings, name, value)
    assert twin in ids(checks.run_checks(include_deployment_checks=True))
    found = _deploy_ids()
    assert found.count(ours) == 1
    assert twin not in found

    settings.SILENCED_SYSTEM_CHECKS = [ours, twin]
    verdicts = [gate.Verdict(m) for m in gate.run(include_deployment_checks=True)]
    visible = ids(verdict.message for verdict in verdicts if verdict.is_open)
    assert ours in visible
    assert twin not in visible


def test_a_fallback_that_only_django_finds_weak_is_not_lost(settings: Any) -> None:
    """One id for several fallbacks: ours speaks of the first, Django's of both."""
    only_django = STRONG[:45]  # 50 characters are Django's least
    settings.SECRET_KEY = STRONG + "Zx"
    settings.SECRET_KEY_FALLBACKS = ["changeme", only_django]
    said = " ".join(message.msg for message in gate.run(include_deployment_checks=True))
    assert "SECRET_KEY_FALLBACKS[0]" in said
    assert "SECRET_KEY_FALLBACKS[1]" in said


# -- Preload and subdomains ----------------------------------------------------------------------


def _decide(monkeypatch: pytest.MonkeyPatch, **decided: Any) -> None:
    """Judge a project whose settings module has these names and no others."""
    module = ModuleType("gate_test_settings")
    vars(module).update(decided)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(twins, "settings", Settings(module.__name__))


@pytest.mark.parametrize(("id_", "name"), PRESSED)
@pytest.mark.parametrize("value", [True, False, None])
def test_who_has_decided_is_not_pressed(
    monkeypatch: pytest.MonkeyPatch, id_: str, name: str, value: Any
) -> None:
    _decide(monkeypatch, **{name: value})
    assert twins.without_twins(_messages(id_)) == []


@pytest.mark.parametrize(("id_", "name"), PRESSED)
def test_who_has_not_thought_of_it_is_asked(
    monkeypatch: pytest.MonkeyPatch, id_: str, name: str
) -> None:
    _decide(monkeypatch, SECURE_HSTS_SECONDS=3600)
    assert ids(twins.without_twins(_messages("models.E001", id_))) == ["models.E001", id_]


@pytest.mark.parametrize(("id_", "name"), PRESSED)
def test_one_decision_is_not_the_other(
    monkeypatch: pytest.MonkeyPatch, id_: str, name: str
) -> None:
    _decide(monkeypatch, **{name: False})
    [(other, _)] = [pair for pair in PRESSED if pair[0] != id_]
    assert ids(twins.without_twins(_messages("security.W005", "security.W021"))) == [other]


@pytest.mark.parametrize(("id_", "name"), PRESSED)
def test_an_override_is_a_decision(settings: Any, id_: str, name: str) -> None:
    setattr(settings, name, False)
    assert twins.without_twins(_messages(id_)) == []


# -- What a proxy does ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edge", "left_out"),
    [
        ({"ssl_redirect"}, {"W008"}),
        ({"hsts"}, {"W004", "W005", "W021"}),
        ({"headers"}, {"W002", "W006", "W019", "W022"}),
        ({"csp", "rate_limit", "request_limits"}, set()),
        (
            {"ssl_redirect", "hsts", "headers"},
            {"W001", "W002", "W004", "W005", "W006", "W008", "W019", "W021", "W022"},
        ),
    ],
    ids=lambda value: "-".join(sorted(value)),
)
def test_what_a_proxy_does_is_not_asked_of_django(
    monkeypatch: pytest.MonkeyPatch, settings: Any, edge: set[str], left_out: set[str]
) -> None:
    settings.HARDENED_EDGE = edge
    settings.MIDDLEWARE = []
    _decide(monkeypatch)
    codes = [f"W{number:03}" for number in range(1, 28)]
    kept = ids(twins.without_twins(_messages(*(f"security.{code}" for code in codes))))
    assert {code for code in codes if f"security.{code}" not in kept} == left_out


def test_a_declared_edge_gets_no_advice_about_https(settings: Any) -> None:
    settings.HARDENED_EDGE = {"ssl_redirect", "hsts"}
    settings.SECURE_SSL_REDIRECT = False
    settings.SECURE_HSTS_SECONDS = 0
    asked = {"security.W004", "security.W008"}
    assert asked <= set(ids(checks.run_checks(include_deployment_checks=True)))
    assert not asked & set(_deploy_ids())


# -- Subclasses ----------------------------------------------------------------------------------


class OwnSecurity(SecurityMiddleware):
    pass


class OwnFrames(XFrameOptionsMiddleware):
    pass


class OwnCsrf(CsrfViewMiddleware):
    pass


@pytest.mark.parametrize(
    ("id_", "middleware"),
    [("security.W001", OwnSecurity), ("security.W002", OwnFrames), ("security.W003", OwnCsrf)],
)
def test_a_subclass_is_not_missing(settings: Any, id_: str, middleware: type) -> None:
    settings.MIDDLEWARE = [f"{__name__}.{middleware.__name__}"]
    assert twins.without_twins(_messages(id_)) == []
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    assert ids(twins.without_twins(_messages(id_))) == [id_]


def test_a_message_may_be_lazy() -> None:
    text: Any = gettext_lazy("Yes")
    [message] = twins.without_twins([Warning(text, id="x.W1")])
    assert message.id == "x.W1"
