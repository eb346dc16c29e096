from __future__ import annotations

import os
import warnings
from typing import Any

import django
import pytest
from checks_support import codes_of
from django.conf import settings as in_effect
from django.test import override_settings
from findings_support import subjects

from django_hardened.checks import booleans

NAMES = ["DEBUG", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "CORS_ALLOW_ALL_ORIGINS"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["False", "false", "0", "no", "OFF", " n ", "None"])
def test_a_text_that_says_no(settings: Any, name: str, text: str) -> None:
    setattr(settings, name, text)
    [message] = booleans.check_texts()
    assert codes_of(booleans) == ["E060"]
    assert message.msg.startswith(f"{name} is the text {text!r}, ")
    assert subjects([message]) == [name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["True", "1", "on", "", "k3y-Zr8m"])
def test_a_text_that_does_what_it_says_by_chance(settings: Any, name: str, text: str) -> None:
    setattr(settings, name, text)
    [message] = booleans.check_texts()
    assert codes_of(booleans) == ["W061"]
    assert not text or text not in message.msg.replace(name, "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [True, False, None, 0, 1])
def test_what_is_no_text(settings: Any, name: str, value: object) -> None:
    setattr(settings, name, value)
    assert codes_of(booleans) == []


@pytest.mark.parametrize(
    ("name", "is_on"),
    [
        ("DEBUG", False),
        ("CORS_ALLOW_ALL_ORIGINS", False),
        ("SECURE_HSTS_PRELOAD", False),
        ("USE_TZ", True),
        ("SESSION_COOKIE_HTTPONLY", True),
        ("SECURE_SSL_REDIRECT", True),
    ],
)
@pytest.mark.parametrize("text", ["False", "True"])
def test_the_hint_leaves_protections_on(
    settings: Any, monkeypatch: pytest.MonkeyPatch, name: str, is_on: bool, text: str
) -> None:
    setattr(settings, name, text)
    [message] = booleans.check_texts()
    for value, expected in ((None, is_on), ("True", True), ("true", True), ("False", False)):
        monkeypatch.delenv(name, raising=False)
        if value:
            monkeypatch.setenv(name, value)
        module: dict[str, Any] = {"os": os}
        exec(str(message.hint), module)
        assert module[name] is expected


def test_a_setting_that_is_a_text_by_its_nature(settings: Any) -> None:
    settings.X_FRAME_OPTIONS = settings.CSRF_COOKIE_NAME = settings.SOME_FLAG = "False"
    assert codes_of(booleans) == []


def test_each_setting_is_told() -> None:
    with override_settings(USE_X_FORWARDED_HOST="0", CSRF_COOKIE_SECURE="1"):
        assert sorted(subjects(booleans.check_texts())) == [
            "CSRF_COOKIE_SECURE",
            "USE_X_FORWARDED_HOST",
        ]


def test_a_deprecated_setting() -> None:
    """The message is ours; that the name will go, Django says from 6.1 on."""
    with warnings.catch_warnings(), override_settings():
        warnings.simplefilter("ignore")
        if hasattr(in_effect, "MAILERS"):
            del in_effect.MAILERS
        in_effect.EMAIL_USE_TLS = "False"
        warnings.simplefilter("error")
        assert codes_of(booleans) == ["E060"]


@pytest.mark.skipif(django.VERSION < (6, 1), reason="MAILERS came with Django 6.1")
def test_a_setting_that_cannot_be_read(settings: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        settings.EMAIL_USE_TLS = "False"
        settings.MAILERS = {}
        assert codes_of(booleans) == []
