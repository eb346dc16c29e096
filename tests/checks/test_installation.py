from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from checks_support import codes_of
from django.core.management import get_commands
from findings_support import subjects

from django_hardened.checks import installation


@pytest.fixture(autouse=True)
def _fresh_commands() -> Iterator[None]:
    get_commands.cache_clear()
    yield
    get_commands.cache_clear()


def test_our_runserver_is_the_one_that_runs() -> None:
    assert codes_of(installation) == []


@pytest.mark.parametrize(
    "apps",
    [
        ["django_hardened", "django.contrib.staticfiles"],
        ["django.contrib.auth", "django.contrib.contenttypes", "django_hardened"],
        ["django_hardened.apps.DjangoHardenedConfig", "django.contrib.staticfiles"],
        ["whitenoise.runserver_nostatic", "django.contrib.staticfiles", "django_hardened"][::-1],
    ],
)
def test_nothing_above_has_a_runserver(settings: Any, apps: list[str]) -> None:
    settings.INSTALLED_APPS = apps
    assert codes_of(installation) == []


@pytest.mark.parametrize(
    ("apps", "named"),
    [
        (["django.contrib.staticfiles", "django_hardened"], "django.contrib.staticfiles"),
        (["whitenoise.runserver_nostatic", "django_hardened"], "whitenoise.runserver_nostatic"),
        (
            ["whitenoise.runserver_nostatic", "django_hardened", "django.contrib.staticfiles"],
            "whitenoise.runserver_nostatic",
        ),
    ],
)
def test_a_runserver_above_hides_ours(settings: Any, apps: list[str], named: str) -> None:
    settings.INSTALLED_APPS = apps
    [message] = installation.check_command_order()
    assert message.id == "django_hardened.E901"
    assert message.msg == (
        f"The command runserver of {named} hides that of django_hardened, which refuses to serve "
        "production."
    )
    assert message.hint == 'Put "django_hardened" first in INSTALLED_APPS.'


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return what makes an app with these commands, and returns its name."""

    def make(*commands: str) -> str:
        name = f"desk_{'_'.join(commands)}"
        folder = tmp_path / name / "management" / "commands"
        folder.mkdir(parents=True)
        for package in (folder, folder.parent, folder.parent.parent):
            (package / "__init__.py").touch()
        for command in commands:
            # Whose commands there are is told by files: none is imported for it.
            (folder / f"{command}.py").write_text("raise AssertionError\n")
        return name

    monkeypatch.syspath_prepend(str(tmp_path))
    return make


def test_a_check_above_disarms_the_gate(settings: Any, desk: Callable[..., str]) -> None:
    settings.INSTALLED_APPS = [desk("check"), "django_hardened"]
    [message] = installation.check_command_order()
    assert message.id == "django_hardened.E901"
    assert message.msg == (
        "The command check of desk_check hides that of django_hardened, which applies the "
        "waivers, and heeds no SILENCED_SYSTEM_CHECKS."
    )
    assert message.hint == 'Put "django_hardened" first in INSTALLED_APPS.'


def test_each_hidden_command_is_a_finding(settings: Any, desk: Callable[..., str]) -> None:
    both = desk("check", "runserver")
    settings.INSTALLED_APPS = [both, "django_hardened"]
    assert subjects(installation.check_command_order()) == ["check", "runserver"]
    get_commands.cache_clear()
    settings.INSTALLED_APPS = ["django_hardened", both]
    assert codes_of(installation) == []


def test_commands_of_other_names_hide_nothing(settings: Any, desk: Callable[..., str]) -> None:
    settings.INSTALLED_APPS = [desk("checks", "runserver_plus"), "django_hardened"]
    assert codes_of(installation) == []
