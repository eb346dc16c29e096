from __future__ import annotations

import sys

import pytest
from django.test import override_settings
from findings_support import all_codes

from django_hardened.checks import boot, serving


@pytest.mark.parametrize(
    ("environment", "argv", "found"),
    [
        ("production", ["manage.py", "runserver_plus"], ["E914"]),
        ("production", ["manage.py", "testserver"], ["E914"]),
        ("production", ["manage.py", "check"], []),
        ("production", ["gunicorn"], []),
        ("development", ["manage.py", "runserver_plus"], []),
        ("test", ["manage.py", "testserver"], []),
    ],
)
def test_a_development_command_in_production(
    monkeypatch: pytest.MonkeyPatch, environment: str, argv: list[str], found: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    with override_settings(HARDENED_ENVIRONMENT=environment):
        assert all_codes(serving) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [("the key store is down", ["W913"]), ("", []), (" ", []), (None, []), (True, []), (["x"], [])],
)
def test_the_emergency_switch_is_a_finding(value: object, found: list[str]) -> None:
    assert all_codes(boot) == []
    with override_settings(HARDENED_BOOT_OVERRIDE=value):
        assert all_codes(boot) == found


@override_settings(HARDENED_BOOT_OVERRIDE="the key store is down")
def test_the_finding_gives_the_reason() -> None:
    [finding] = boot.check_boot_override()
    assert "'the key store is down'" in finding.msg
