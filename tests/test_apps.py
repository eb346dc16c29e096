from __future__ import annotations

from typing import Any

import pytest
from checks_support import ids
from django.apps import apps
from django.core import checks
from django.core.checks.registry import registry

from django_hardened.apps import DjangoHardenedConfig
from django_hardened.checks import ALWAYS_CHECKS, DATABASE_CHECKS, DEPLOY_CHECKS, RULES

TAGS = ("security", "django_hardened")


def test_the_app() -> None:
    config = apps.get_app_config("django_hardened")
    assert isinstance(config, DjangoHardenedConfig)
    assert config.name == "django_hardened"
    assert str(config.verbose_name) == "Django Hardened"


def test_there_is_nothing_to_migrate() -> None:
    config = apps.get_app_config("django_hardened")
    assert config.models_module is None
    assert list(config.get_models(include_auto_created=True)) == []


@pytest.mark.parametrize("check", DEPLOY_CHECKS, ids=lambda check: check.__name__)
def test_a_deploy_check_is_bound(check: Any) -> None:
    assert check in registry.deployment_checks
    assert check not in registry.registered_checks
    assert set(check.tags) == set(TAGS)


@pytest.mark.parametrize("check", ALWAYS_CHECKS, ids=lambda check: check.__name__)
def test_a_check_of_the_installation_is_bound(check: Any) -> None:
    assert check in registry.registered_checks
    assert check not in registry.deployment_checks
    assert set(check.tags) == set(TAGS)


def test_nothing_else_is_bound() -> None:
    bound = registry.registered_checks | registry.deployment_checks
    ours = {check for check in bound if check.__module__.startswith("django_hardened.")}
    assert ours == {*DEPLOY_CHECKS, *ALWAYS_CHECKS, *DATABASE_CHECKS}


@pytest.mark.parametrize("check", DATABASE_CHECKS, ids=lambda check: check.__name__)
def test_a_check_that_opens_a_connection_is_bound_to_the_database_tag_alone(check: Any) -> None:
    """``--tag security`` must not open every database."""
    assert check in registry.deployment_checks
    assert set(check.tags) == {checks.Tags.database}


@pytest.mark.parametrize("tag", TAGS)
def test_the_tags_can_be_asked_for(settings: Any, tag: str) -> None:
    assert checks.tag_exists(tag, include_deployment_checks=True)
    assert checks.tag_exists(tag, include_deployment_checks=False)
    settings.ALLOWED_HOSTS = ["*"]
    found = ids(checks.run_checks(tags=[tag], include_deployment_checks=True))
    assert "django_hardened.E102" in found


def test_local_development_hears_nothing(settings: Any) -> None:
    settings.DEBUG = True
    settings.HARDENED_ENVIRONMENT = "development"
    settings.ALLOWED_HOSTS = []
    settings.SECRET_KEY = "changeme"
    del settings.REST_FRAMEWORK
    known = {rule.id for rule in RULES}
    assert known & set(ids(checks.run_checks())) == set()
    assert known & set(ids(checks.run_checks(include_deployment_checks=True)))


def test_registering_twice_changes_nothing() -> None:
    before = set(registry.registered_checks), set(registry.deployment_checks)
    apps.get_app_config("django_hardened").ready()
    assert (set(registry.registered_checks), set(registry.deployment_checks)) == before
