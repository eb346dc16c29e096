from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from checks_support import ids
from django.conf import Settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Info, Warning
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from django_hardened import gate
from django_hardened.checks import RULES

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
    assert ids(gate.without_twins(_messages(twin, ours))) == [ours]
    assert ids(gate.without_twins(_messages(ours, twin))) == [ours]


@pytest.mark.parametrize(("ours", "twin"), TWINS)
def test_a_twin_alone_stays(ours: str, twin: str) -> None:
    assert ids(gate.without_twins(_messages(twin))) == [twin]


@pytest.mark.parametrize(("ours", "twin"), TWINS)
def test_a_twin_of_a_silenced_finding_stays(settings: Any, ours: str, twin: str) -> None:
    settings.SILENCED_SYSTEM_CHECKS = [ours]
    assert ids(gate.without_twins(_messages(ours, twin))) == [ours, twin]


def test_the_rest_stays_in_its_order() -> None:
    found = ["models.E001", "security.W018", "x", "django_hardened.E001", "security.W004", "x"]
    assert ids(gate.without_twins(_messages(*found))) == [
        "models.E001",
        "x",
        "django_hardened.E001",
        "security.W004",
        "x",
    ]


def test_a_message_without_an_id_stays() -> None:
    messages = [Warning("one"), Info("two")]
    assert gate.without_twins(iter(messages)) == messages


_KNOWN = [rule.id for rule in RULES] + [twin for _, twin in TWINS] + ["models.E001", "urls.W001"]


@given(found=st.lists(st.sampled_from(_KNOWN)), silenced=st.sets(st.sampled_from(_KNOWN)))
def test_nothing_is_lost_but_what_is_said_by_ours(found: list[str], silenced: set[str]) -> None:
    with override_settings(SILENCED_SYSTEM_CHECKS=list(silenced)):
        kept = ids(gate.without_twins(_messages(*found)))
        said = {twin for ours, twin in TWINS if ours in kept and ours not in silenced}
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

    settings.SILENCED_SYSTEM_CHECKS = [ours]
    visible = [message for message in gate.run(include_deployment_checks=True)
               if not message.is_silenced()]  # fmt: skip
    assert ours not in ids(visible)
    assert twin in ids(visible)


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
    monkeypatch.setattr(gate, "settings", Settings(module.__name__))


@pytest.mark.parametrize(("id_", "name"), PRESSED)
@pytest.mark.parametrize("value", [True, False, None])
def test_who_has_decided_is_not_pressed(
    monkeypatch: pytest.MonkeyPatch, id_: str, name: str, value: Any
) -> None:
    _decide(monkeypatch, **{name: value})
    assert gate.without_twins(_messages(id_)) == []


@pytest.mark.parametrize(("id_", "name"), PRESSED)
def test_who_has_not_thought_of_it_is_asked(
    monkeypatch: pytest.MonkeyPatch, id_: str, name: str
) -> None:
    _decide(monkeypatch, SECURE_HSTS_SECONDS=3600)
    assert ids(gate.without_twins(_messages("models.E001", id_))) == ["models.E001", id_]


@pytest.mark.parametrize(("id_", "name"), PRESSED)
def test_one_decision_is_not_the_other(
    monkeypatch: pytest.MonkeyPatch, id_: str, name: str
) -> None:
    _decide(monkeypatch, **{name: False})
    [(other, _)] = [pair for pair in PRESSED if pair[0] != id_]
    assert ids(gate.without_twins(_messages("security.W005", "security.W021"))) == [other]


@pytest.mark.parametrize(("id_", "name"), PRESSED)
def test_an_override_is_a_decision(settings: Any, id_: str, name: str) -> None:
    setattr(settings, name, False)
    assert gate.without_twins(_messages(id_)) == []


# -- Running -------------------------------------------------------------------------------------


def test_options_reach_the_checks_of_django(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def record(**options: Any) -> list[CheckMessage]:
        calls.append(options)
        return _messages("models.E001")

    monkeypatch.setattr(gate, "run_checks", record)
    assert ids(gate.run(tags=["security"], databases=["default"])) == ["models.E001"]
    assert calls == [{"tags": ["security"], "databases": ["default"]}]


def test_without_deployment_checks_there_is_nothing_to_say() -> None:
    assert ids(gate.run()) == []
