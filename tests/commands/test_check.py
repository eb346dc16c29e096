"""The ``check`` command in this process; tests/test_projects.py runs it as a user does."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError, SystemCheckError
from django.core.management.commands import check as django_check
from django.db import connections

from django_hardened.management.commands import check


@pytest.fixture(autouse=True)
def _production(settings: Any) -> None:
    settings.HARDENED_ENVIRONMENT = "production"


def _run(*args: str, **options: Any) -> tuple[str, str]:
    stdout, stderr = StringIO(), StringIO()
    call_command("check", *args, stdout=stdout, stderr=stderr, no_color=True, **options)
    return stdout.getvalue(), stderr.getvalue()


def _ids(report: str) -> list[str]:
    return re.findall(r"^\S+ \((\w+\.\w+)\)", report, re.MULTILINE)


def test_it_is_ours_that_runs() -> None:
    assert get_commands()["check"] == "django_hardened"
    assert isinstance(load_command_class("django_hardened", "check"), check.Command)


def test_the_flags_are_those_of_django() -> None:
    ours = check.Command().create_parser("manage.py", "check")
    theirs = django_check.Command().create_parser("manage.py", "check")
    assert ours.format_help() == theirs.format_help()


def test_nothing_to_say() -> None:
    assert _run() == ("System check identified no issues (0 silenced).\n", "")


def test_an_error_fails(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    with pytest.raises(SystemCheckError) as raised:
        _run("--deploy", "--tag", "django_hardened")
    assert _ids(str(raised.value)) == ["django_hardened.E102"]
    assert str(raised.value).startswith("SystemCheckError: System check identified some issues:\n")
    assert raised.value.returncode == 1


def test_without_deploy_it_does_not(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert _run()[1] == ""


def test_a_warning_is_told_and_passes(settings: Any) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
    stdout, stderr = _run("--deploy", "--tag", "django_hardened")
    assert stdout == ""
    assert _ids(stderr) == ["django_hardened.W404"]
    with pytest.raises(SystemCheckError):
        _run("--deploy", "--tag", "django_hardened", "--fail-level", "WARNING")


def test_an_error_passes_at_a_higher_level(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    _, stderr = _run("--deploy", "--tag", "django_hardened", "--fail-level", "CRITICAL")
    assert _ids(stderr) == ["django_hardened.E102"]


def test_a_silenced_error_passes(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.SILENCED_SYSTEM_CHECKS = ["django_hardened.E102"]
    stdout, stderr = _run("--deploy", "--tag", "django_hardened")
    assert stdout == "System check identified no issues (1 silenced).\n"
    assert stderr == ""


def test_a_replaced_finding_is_not_counted(settings: Any) -> None:
    settings.ALLOWED_HOSTS = []
    with pytest.raises(SystemCheckError) as raised:
        _run("--deploy", "--tag", "security")
    found = _ids(str(raised.value))
    assert "django_hardened.E101" in found
    assert "security.W020" not in found
    assert f"identified {len(found)} issues (0 silenced)." in str(raised.value)


def test_tags_and_apps(settings: Any) -> None:
    settings.ALLOWED_HOSTS = []
    assert _run("--deploy", "--tag", "models")[1] == ""
    with pytest.raises(CommandError, match="no system check with the"):
        _run("--tag", "nonsense")
    assert "django_hardened" in _run("--list-tags")[0].split()
    assert _run("auth")[1] == ""
    with pytest.raises(LookupError):
        _run("nonsense")


def test_a_database_is_asked_only_when_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def record(**kwargs: Any) -> list[Any]:
        asked.append(kwargs)
        return []

    monkeypatch.setattr(connections["default"].validation, "check", record)
    _run()
    assert asked == []
    _run("--database", "default")
    assert asked


@pytest.mark.parametrize("found", [0, 1])
def test_the_count_is_printed_only_where_it_is_wanted(settings: Any, found: int) -> None:
    """As with Django's: a caller of ``check()`` gets the count if it asks for it."""
    settings.ALLOWED_HOSTS = ["*"] if found else ["www.example.com"]
    outputs = []
    for command in (check.Command, django_check.Command):
        stdout, stderr = StringIO(), StringIO()
        command(stdout=stdout, stderr=stderr, no_color=True).check(
            tags=["django_hardened"], include_deployment_checks=True, fail_level=50
        )
        outputs.append((stdout.getvalue(), stderr.getvalue()))
    assert outputs[0] == outputs[1]
