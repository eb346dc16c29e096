"""Django's ``check`` command, with each finding once."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.management.base import SystemCheckError
from django.core.management.commands import check

from django_hardened import gate
from django_hardened.reports import text


class Command(check.Command):
    """Same flags, same text and same exit status; only repetitions are left out."""

    def check(
        self,
        app_configs: Any = None,
        tags: Any = None,
        display_num_errors: bool = False,
        include_deployment_checks: bool = False,
        fail_level: int = checks.ERROR,
        databases: Any = None,
    ) -> None:
        messages = gate.run(
            app_configs=app_configs,
            tags=tags,
            include_deployment_checks=include_deployment_checks,
            databases=databases,
        )
        failed = any(m.is_serious(fail_level) and not m.is_silenced() for m in messages)
        header = self.style.ERROR(f"SystemCheckError: {text.HEADER}") if failed else text.HEADER
        report = text.render(messages, self.style, header=header, count=display_num_errors)
        if failed:
            raise SystemCheckError(report)
        if any(not message.is_silenced() for message in messages):
            self.stderr.write(report, lambda line: line)
        elif report:
            self.stdout.write(report)
