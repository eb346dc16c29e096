"""6xx: migrations. They are asked of the database, so only with ``check --database``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from django_hardened.checks.rules import Rule

E670 = Rule(
    "E670",
    "The app {subject} has migrations that conflict, and 'migrate' refuses to run: {names}.",
    "python manage.py makemigrations --merge {subject}",
)
W671 = Rule(
    "W671",
    "The database {subject!r} lacks {count} migrations, of {apps}: the code may count on what is "
    "not there, a constraint or a permission.",
    "python manage.py migrate --database {subject}",
    setting="DATABASES",
)
RULES = (E670, W671)

_DUMMY = "django.db.backends.dummy"


def check_migrations(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    findings: dict[str, CheckMessage] = {}  # a conflict is in the code, and the same in each
    for alias in databases or ():
        if connections[alias].settings_dict["ENGINE"] != _DUMMY:
            for finding in _findings(alias):
                findings.setdefault(finding.msg, finding)
    return [*findings.values()]


def _findings(alias: str) -> list[CheckMessage]:
    executor = MigrationExecutor(connections[alias])
    conflicts = executor.loader.detect_conflicts()
    if conflicts:
        return [
            E670.found(subject=app, names=", ".join(sorted(names)))
            for app, names in sorted(conflicts.items())
        ]
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return []
    apps = ", ".join(sorted({migration.app_label for migration, _ in plan}))
    return [W671.found(subject=alias, count=len(plan), apps=apps)]


CHECKS = (check_migrations,)
