from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from findings_support import DJANGO_ENGINE, NOT_SETTINGS, all_codes, codes, subjects

from django_hardened.checks import environment, templates

JINJA = "django.template.backends.jinja2.Jinja2"


def _engine(backend: str = DJANGO_ENGINE, **options: object) -> list[dict[str, Any]]:
    return [{"BACKEND": backend, "OPTIONS": options}]


@pytest.mark.parametrize("backend", [DJANGO_ENGINE, JINJA])
@pytest.mark.parametrize("value", [False, None, 0])
def test_autoescape_off(backend: str, value: object) -> None:
    with override_settings(TEMPLATES=_engine(backend, autoescape=value)):
        [message] = templates.check_autoescape()
        assert all_codes(templates) == ["E030"]
    assert "TEMPLATES[0]" in message.msg
    assert "{% autoescape off %}" in str(message.hint)
    assert subjects([message]) == ["0"]


@pytest.mark.parametrize(
    "engines",
    [
        [],
        (),
        [{"BACKEND": DJANGO_ENGINE}],
        _engine(),
        _engine(autoescape=True),
        _engine(JINJA, autoescape=lambda name: True),
        _engine(JINJA, environment="project.jinja.environment"),
        _engine(string_if_invalid=""),
        _engine(context_processors=["django.template.context_processors.debug"]),
        *({"TEMPLATES": value}["TEMPLATES"] for value in NOT_SETTINGS),
        [{"OPTIONS": value} for value in NOT_SETTINGS if value != {1: 2}],
    ],
)
def test_templates_that_escape(settings: Any, engines: object) -> None:
    settings.TEMPLATES = engines
    assert all_codes(templates) == []
    assert environment.check_template_debug() == []


def test_each_engine_is_looked_at(settings: Any) -> None:
    settings.TEMPLATES = (*_engine(), *_engine(autoescape=False), *_engine(JINJA, autoescape=False))
    messages = templates.check_autoescape()
    assert codes(messages) == ["E030", "E030"]
    assert subjects(messages) == ["1", "2"]


def test_string_if_invalid(settings: Any) -> None:
    settings.TEMPLATES = _engine(string_if_invalid="MISSING %s")
    assert all_codes(templates) == ["W031"]
