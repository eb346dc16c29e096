from __future__ import annotations

from typing import Any

import pytest
from checks_support import ids
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


class OwnSecurity(SecurityMiddleware):
    pass


class OwnFrames(XFrameOptionsMiddleware):
    pass


class OwnCsrf(CsrfViewMiddleware):
    pass


def _messages(*found: str) -> list[CheckMessage]:
    return [Error(f"text of {id_}", id=id_) for id_ in found]


def _deploy_ids() -> list[str]:
    return ids(gate.run(include_deployment_checks=True))


# -- Twins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "twin"), TWINS)
def test_a_twin_is_left_out(ours: str, twin: str) -> None:
    assert ids(twins.without_twins(_messages(twin, ours))) == [ours]
    assert ids(twins.without_twins(_messages(ours, twin))) == [ours]


@pytest.mark.parametrize("twin", sorted({twin for _, twin in TWINS}))
def test_a_twin_alone(twin: str) -> None:
    """Of keys, Django asks for more than ours; the rest is judged by ours alone."""
    kept = [twin] if twin in ("security.W009", "security.W025") else []
    assert ids(twins.without_twins(_messages(twin))) == kept


@pytest.mark.parametrize(("ours", "twin"), TWINS)
def test_silencing_brings_no_twin_back(settings: Any, ours: str, twin: str) -> None:
    """A silenced finding of ours is still open, and still says what its twin says."""
    settings.SILENCED_SYSTEM_CHECKS = [ours]
    assert ids(twins.without_twins(_messages(ours, twin))) == [ours]


def test_the_rest_stays_in_its_order() -> None:
    found = ["models.E001", "security.W018", "x", "django_hardened.E001", "security.W009", "x"]
    assert ids(twins.without_twins(_messages(*found))) == [
        "models.E001",
        "x",
        "django_hardened.E001",
        "security.W009",
        "x",
    ]


def test_a_message_without_an_id_stays() -> None:
    messages = [Warning("one"), Info("two")]
    assert twins.without_twins(iter(messages)) == messages


_KNOWN = [rule.id for rule in RULES] + [twin for _, twin in TWINS] + ["models.E001", "urls.W001"]


@given(found=st.lists(st.sampled_from(_KNOWN)), silenced=st.sets(st.sampled_from(_KNOWN)))
def test_nothing_is_lost_but_twins(found: list[str], silenced: set[str]) -> None:
    with override_settings(SILENCED_SYSTEM_CHECKS=list(silenced)):
        kept = ids(twins.without_twins(_messages(*found)))
    others = {twin for _, twin in TWINS}
    assert [id_ for id_ in kept if id_ not in others] == [id_ for id_ in found if id_ not in others]


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


# -- What ours are silent about on purpose ----------------------------------------------------


def test_a_declared_edge_gets_no_advice_about_https(settings: Any) -> None:
    settings.HARDENED_EDGE = {"ssl_redirect", "hsts"}
    settings.SECURE_SSL_REDIRECT = False
    settings.SECURE_HSTS_SECONDS = 0
    asked = {"security.W004", "security.W008"}
    assert asked <= set(ids(checks.run_checks(include_deployment_checks=True)))
    assert not asked & set(_deploy_ids())


def test_subclasses_are_not_missing(settings: Any) -> None:
    """Django compares dotted paths, and asks for what is there."""
    settings.MIDDLEWARE = [
        f"{__name__}.{cls.__name__}" for cls in (OwnSecurity, OwnFrames, OwnCsrf)
    ]
    asked = {"security.W001", "security.W002", "security.W003"}
    assert asked <= set(ids(checks.run_checks(include_deployment_checks=True)))
    assert not {found for found in _deploy_ids() if found.startswith("security.")}


def test_a_message_may_be_lazy() -> None:
    text: Any = gettext_lazy("Yes")
    [message] = twins.without_twins([Warning(text, id="x.W1")])
    assert message.id == "x.W1"
