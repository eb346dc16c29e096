from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core import checks
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from findings_support import codes, subjects

from django_hardened.checks import migrations


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the database answer with these conflicts and this plan."""

    def put(conflicts: dict[str, set[str]], plan: list[Any], engine: str = "x") -> None:
        loader = SimpleNamespace(
            detect_conflicts=lambda: conflicts, graph=SimpleNamespace(leaf_nodes=list)
        )
        executor = SimpleNamespace(loader=loader, migration_plan=lambda nodes: plan)
        monkeypatch.setattr(migrations, "MigrationExecutor", lambda connection: executor)
        fakes = {
            name: SimpleNamespace(settings_dict={"ENGINE": engine}) for name in ("default", "other")
        }
        monkeypatch.setattr(migrations, "connections", fakes)

    return put


def _plan(*labels: str) -> list[Any]:
    return [(SimpleNamespace(app_label=label), False) for label in labels]


def test_without_a_database_nothing_is_asked() -> None:
    assert migrations.check_migrations() == []
    assert migrations.check_migrations(databases=None) == []
    assert migrations.check_migrations(databases=[]) == []


@pytest.mark.django_db
def test_a_database_that_is_up_to_date() -> None:
    assert migrations.check_migrations(databases=["default"]) == []


@pytest.mark.django_db
def test_a_database_that_lacks_a_migration() -> None:
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    [message] = migrations.check_migrations(databases=["default"])
    assert codes([message]) == ["W671"]
    assert "lacks 1 migrations, of sessions" in message.msg
    assert message.hint == "python manage.py migrate --database default"


def test_conflicts_are_told_once(fake: Any) -> None:
    fake({"blog": {"0002_b", "0002_a"}, "a": {"1", "2"}}, [])
    messages = migrations.check_migrations(databases=["default", "other"])
    assert codes(messages) == ["E670", "E670"]
    assert subjects(messages) == ["a", "blog"]
    assert "0002_a, 0002_b" in messages[1].msg


def test_each_database_is_asked(fake: Any) -> None:
    fake({}, _plan("blog", "auth", "blog"))
    messages = migrations.check_migrations(databases=["default", "other"])
    assert subjects(messages) == ["default", "other"]
    assert "3 migrations, of auth, blog" in messages[0].msg


def test_a_dummy_database(fake: Any) -> None:
    fake({}, _plan("blog"), "django.db.backends.dummy")
    assert migrations.check_migrations(databases=["default"]) == []


def test_how_django_runs_it(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tagged "database" and nothing else, it runs with --database and --tag database only."""
    fake({}, _plan("blog"))
    registry = checks.registry.CheckRegistry()
    registry.register(migrations.check_migrations, checks.Tags.database, deploy=True)
    run = registry.run_checks
    assert codes(run(include_deployment_checks=True)) == []
    assert codes(run(databases=["default"])) == []
    found = run(include_deployment_checks=True, databases=["default"])
    assert codes(found) == ["W671"]
    assert codes(run(tags=["security"], include_deployment_checks=True)) == []
