from __future__ import annotations

import random
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from django.core.checks import CheckMessage, Error, Warning
from django.utils.translation import gettext_lazy
from findings_support import Source
from reports_support import MESSAGES, SECRET, SETTINGS, VERDICTS

from django_hardened.checks import RULES
from django_hardened.dotenv import Place
from django_hardened.gate import Verdict
from django_hardened.reports.rows import Row, edge_line, place_of, rows
from django_hardened.sources import Source as EnvSource
from django_hardened.sources import Sources


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.chdir(tmp_path)
    return Source(tmp_path, monkeypatch)


def _row(message: CheckMessage) -> Row:
    [row] = rows([Verdict(message)])
    return row


def _sources(**places: Place | Path | None) -> Sources:
    given = {name: EnvSource("file", place) for name, place in places.items()}
    return Sources(None, given, given)


# -- Which and in what order ---------------------------------------------------------------------


def test_the_most_serious_first() -> None:
    assert [(row.level, row.id, row.subject) for row in rows(VERDICTS)] == [
        ("critical", "security.E024", None),
        ("error", "django_hardened.E001", None),
        ("error", "x.E1", "an object"),
        ("warning", "", None),
        ("warning", "django_hardened.W700", "*"),
        ("warning", "django_hardened.W700", "www.example.com"),
        ("info", "x.I1", None),
        ("debug", "x.D1", None),
    ]


def test_the_order_in_which_checks_ran_does_not_matter() -> None:
    shuffled = random.sample(VERDICTS, len(VERDICTS))
    assert rows(shuffled) == rows(VERDICTS)


def test_what_is_silenced_is_left_out_but_not_security(settings: Any) -> None:
    settings.SILENCED_SYSTEM_CHECKS = [message.id for message in MESSAGES]
    kept = {row.id for row in rows(VERDICTS)}
    assert kept == {"security.E024", "django_hardened.E001", "django_hardened.W700"}


# -- The fields ----------------------------------------------------------------------------------


def test_a_finding_of_ours(source: Source) -> None:
    with source.in_effect(SETTINGS):
        row = _row(MESSAGES[5])
    assert row == Row(
        id="django_hardened.E001",
        level="error",
        message="DEBUG is True: all is shown.",
        hint="DEBUG = False",
        setting="DEBUG",
        subject=None,
        file=f"{source.package}/production.py",
        line=2,
        docs=(
            "https://github.com/django-hardened/django-hardened/blob/main/docs/reference/"
            "checks.md#django_hardenede001"
        ),
        asvs="13.4.2",
        cwe=489,
        waiver=None,
    )
    assert row.text == "DEBUG is True: all is shown.\nDEBUG = False"


def test_a_finding_of_another_app() -> None:
    text: Any = gettext_lazy("Yes")
    row = _row(Error(text, id="x.E1"))
    assert row == Row("x.E1", "error", "Yes", *[None] * 9)
    assert row.text == "Yes"


def test_a_waived_finding() -> None:
    [row] = rows(VERDICTS[-1:])
    assert row.waiver == {
        "reason": "a reason: 100 %, honestly",
        "owner": "ops@example.com",
        "expires": "2027-03-31",
    }


@pytest.mark.parametrize("text", ["a\udc80b", gettext_lazy("a\udc80b")])
def test_every_text_can_be_encoded(text: Any) -> None:
    row = _row(Warning(text, hint=text, obj=str(text), id="x.W1"))
    assert (row.message, row.hint, row.subject) == ("a?b", "a?b", "a?b")


@pytest.mark.parametrize(
    ("id_", "setting"),
    [
        ("security.W005", "SECURE_HSTS_INCLUDE_SUBDOMAINS"),
        ("security.W009", "SECRET_KEY"),
        ("security.W018", "DEBUG"),
        ("security.W020", "ALLOWED_HOSTS"),
        ("security.E024", "SECURE_CROSS_ORIGIN_OPENER_POLICY"),
        ("caches.W002", "CACHES"),
        ("models.E001", None),
    ],
)
def test_what_findings_of_django_are_about(id_: str, setting: str | None) -> None:
    assert _row(Warning("text", id=id_)).setting == setting


def test_only_rules_with_a_weakness_have_its_number() -> None:
    numbers = {rule.id: (rule.asvs or None, rule.cwe or None) for rule in RULES}
    for identifier, expected in numbers.items():
        row = _row(Warning("text", id=identifier))
        assert (row.asvs, row.cwe) == expected
        assert row.docs
        assert row.docs.endswith(identifier.replace(".", "").lower())


# -- Where ---------------------------------------------------------------------------------------


def test_in_the_settings(source: Source) -> None:
    with source.in_effect(SETTINGS):
        assert place_of("ALLOWED_HOSTS") == (f"{source.package}/production.py", 3)


@pytest.mark.parametrize("setting", ["", "NO_SUCH_SETTING"])
def test_nowhere(setting: str) -> None:
    assert place_of(setting) == (None, None)


def test_in_the_environment_file(settings: Any, tmp_path: Path) -> None:
    settings.HARDENED_ENV_SOURCES = _sources(SECRET_KEY=Place(tmp_path / ".env", 7))
    assert place_of("SECRET_KEY") == (str(tmp_path / ".env"), 7)


def test_in_a_file_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.HARDENED_ENV_SOURCES = _sources(SECRET_KEY=tmp_path / "key", DEBUG=None)
    assert place_of("SECRET_KEY") == (str(tmp_path / "key"), None)
    assert place_of("DEBUG") == (None, None)


@pytest.mark.parametrize(
    ("setting", "variable"),
    [
        ("DATABASES", "DATABASE_URL"),
        ("CACHES", "CACHE_URL"),
        ("CACHES", "REDIS_URL"),
        ("MAILERS", "EMAIL_URL"),
        ("EMAIL_USE_TLS", "EMAIL_URL"),
    ],
)
def test_a_setting_that_is_made_of_a_url(
    settings: Any, tmp_path: Path, setting: str, variable: str
) -> None:
    settings.HARDENED_ENV_SOURCES = _sources(**{variable: Place(tmp_path / ".env", 7)})
    assert place_of(setting) == (str(tmp_path / ".env"), 7)
    assert place_of("SESSION_ENGINE") == (None, None)


def test_an_assignment_comes_before_the_environment(source: Source, settings: Any) -> None:
    place = Place(Path(".env").absolute(), 7)
    with source.in_effect(SETTINGS, HARDENED_ENV_SOURCES=_sources(DEBUG=place, SECRET_KEY=place)):
        assert place_of("DEBUG") == (f"{source.package}/production.py", 2)
        assert place_of("SECRET_KEY") == (".env", 7)


@pytest.mark.parametrize("value", [None, 3, "text", MappingProxyType({}), ["SECRET_KEY"]])
def test_sources_of_the_wrong_type(settings: Any, value: Any) -> None:
    settings.HARDENED_ENV_SOURCES = value
    assert place_of("SECRET_KEY") == (None, None)


# -- The rest ------------------------------------------------------------------------------------


def test_the_edge(settings: Any) -> None:
    assert edge_line() is None
    settings.HARDENED_EDGE = {"ssl_redirect", "csp"}
    assert edge_line() == "Declared to be done by a proxy in front: csp, ssl_redirect."


def test_no_value_of_a_secret(source: Source) -> None:
    """The place of a secret is told, and nothing that stands there."""
    text = f'{SETTINGS}\nSECRET_KEY = "{SECRET}"\n'
    with source.in_effect(text, SECRET_KEY=SECRET):
        row = _row(Warning("text", id="security.W009"))
    assert row.line == 8
    assert not any(SECRET[:8] in str(field) for field in row)
