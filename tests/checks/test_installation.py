from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from checks_support import codes_of
from django.core.management import get_commands

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
    assert named in message.msg
    assert message.hint == 'Put "django_hardened" first in INSTALLED_APPS.'
