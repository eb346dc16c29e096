"""``audit_endpoints``: every endpoint, who may call it, and the proof."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks.urls import check_resolver
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.urls import get_resolver

from django_hardened import gate
from django_hardened.audit.capture import ProbeImpossible
from django_hardened.audit.endpoints import Endpoint
from django_hardened.audit.inventory import inventory
from django_hardened.audit.probe import probe
from django_hardened.checks.login_protection import are_logins_limited
from django_hardened.declarations import (
    Declarations,
    append_declarations,
    declarations_file,
    read_declarations,
)
from django_hardened.exposure import Finding, findings, undeclared
from django_hardened.reports.endpoints import machine, page, table
from django_hardened.reports.endpoints.rows import Changes, changes, read_report

_FORMATS = ("text", "json", "html", "csv", "sarif")
_WIDTH = 120  # where there is no terminal


class Command(BaseCommand):
    """Needs a database to probe, and for nothing else."""

    help = (
        "List every endpoint of the project: each URL with each method, who may call it, and what "
        "limits it. Views are asked, not run; --probe calls them, and takes back what they change."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012  # what it lists is loaded here

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=_FORMATS, default="text")
        parser.add_argument(
            "--open", action="store_true", help="List only what anybody may call, or might."
        )
        parser.add_argument(
            "--probe",
            action="store_true",
            help="Call each endpoint as a stranger, as a user and as staff, in a transaction that "
            "is rolled back; mail and tasks are caught. GET and the like only.",
        )
        parser.add_argument(
            "--unsafe-methods",
            action="store_true",
            help="With --probe: call POST, PUT, PATCH and DELETE as well. What a view does outside "
            "of the database is done.",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="Fail if something is open or unknown that nobody has declared public, if a "
            "declaration is out of date, or a login has no limit.",
        )
        parser.add_argument(
            "--write",
            action="store_true",
            help="Add a draft for each open endpoint to public_endpoints.toml; the reasons are "
            "yours to write.",
        )
        parser.add_argument(
            "--diff",
            metavar="REPORT",
            type=Path,
            help="Tell what has been opened and closed since an earlier --format json.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        endpoints = self._endpoints(options)
        declarations = read_declarations()
        found = findings(endpoints, declarations, are_logins_limited=are_logins_limited())
        difference = self._difference(options["diff"], endpoints)
        self._print(options, endpoints, declarations, found, difference)
        if options["write"]:
            self._write([(each.path, each.method) for each in undeclared(endpoints, declarations)])
        if options["check"] and found:
            things = "1 thing" if len(found) == 1 else f"{len(found)} things"
            raise CommandError(f"{things} to be closed, declared or corrected.")

    def _endpoints(self, options: dict[str, Any]) -> list[Endpoint]:
        if options["unsafe_methods"] and not options["probe"]:
            raise CommandError("--unsafe-methods is for --probe.")
        _load_urls()
        listed = inventory(progress=_Progress("Asking", self.stderr))
        if not options["probe"]:
            return [endpoint for _, endpoint in listed]
        try:
            called, captured = probe(
                listed,
                unsafe=options["unsafe_methods"],
                progress=_Progress("Calling", self.stderr),
            )
        except ProbeImpossible as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {error}") from error
        if captured.mails or captured.tasks:
            self.stderr.write(f"Caught: {len(captured.mails)} mails, {len(captured.tasks)} tasks.")
        return called

    def _difference(self, report: Path | None, endpoints: list[Endpoint]) -> Changes | None:
        if report is None:
            return None
        try:
            return changes(read_report(report), endpoints)
        except OSError as error:
            raise CommandError(f"{report} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise CommandError(f"{report} cannot be read: {error}.") from error

    def _print(
        self,
        options: dict[str, Any],
        endpoints: list[Endpoint],
        declarations: Declarations,
        found: list[Finding],
        difference: Changes | None,
    ) -> None:
        shown = [each for each in endpoints if not (options["open"] and each.proven.is_closed)]
        if options["format"] == "json":
            self.stdout.write(machine.render_json(shown, found, difference))
        elif options["format"] == "html":
            self.stdout.write(
                self._page(options, shown, declarations, found, difference), ending=""
            )
        elif options["format"] == "csv":
            self.stdout.write(machine.render_csv(shown), ending="")
        elif options["format"] == "sarif":
            self.stdout.write(machine.render_sarif(found))
        elif difference is not None:
            self.stdout.write(table.render_changes(difference, self.style))
        else:
            width = shutil.get_terminal_size((_WIDTH, 24)).columns
            self.stdout.write(table.render(shown, self.style, width))
        if options["check"] and found and options["format"] == "text":
            self.stdout.write("\n" + table.render_findings(found, self.style))

    def _page(
        self,
        options: dict[str, Any],
        endpoints: list[Endpoint],
        declarations: Declarations,
        found: list[Finding],
        difference: Changes | None,
    ) -> str:
        messages = gate.run(include_deployment_checks=True)
        return page.render(
            endpoints,
            found,
            declarations=declarations,
            verdicts=gate.judge(messages, include_deployment_checks=True),
            changes=difference,
            before=options["diff"].name if options["diff"] else "",
        )

    def _write(self, drafts: list[tuple[str, str]]) -> None:
        path = declarations_file()
        if path is None:
            raise CommandError("Set BASE_DIR or HARDENED_PUBLIC_ENDPOINTS_FILE to say where.")
        if not drafts:
            self.stderr.write(
                "Nothing to declare: what is open is declared, or a view of Django's for strangers."
            )
            return
        try:
            is_new = append_declarations(path, drafts)
        except (OSError, ValueError, RecursionError) as error:
            raise CommandError(f"{path} cannot be written: {error}") from error
        done = f"Added to {path}." if is_new else f"Nothing to add: each has its entry in {path}."
        self.stderr.write(f"{done} Write down why each is public, or close it.")


def _load_urls() -> None:
    try:
        messages = check_resolver(get_resolver())  # loads them
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        message = f"ROOT_URLCONF ({settings.ROOT_URLCONF}) cannot be loaded: {problem}"
        raise CommandError(message) from error
    invalid = [each for each in messages if each.id == "urls.E004"]  # entries that are none
    if invalid:
        raise CommandError(" ".join(filter(None, (invalid[0].msg, invalid[0].hint))))


class _Progress:
    """A bar on a terminal, once the work has taken a while; elsewhere nothing."""

    def __init__(self, word: str, stream: Any) -> None:
        self._word, self._stream = word, stream
        self._is_shown = stream.isatty()
        self._next = time.monotonic() + 0.5

    def __call__(self, done: int, total: int) -> None:
        if not self._is_shown or (time.monotonic() < self._next and done < total):
            return
        self._next = time.monotonic() + 0.1
        filled = 30 * done // total
        bar = "#" * filled + "." * (30 - filled)
        end = "\r" if done < total else "\r\x1b[K"
        self._stream.write(f"{self._word} [{bar}] {done}/{total}", str, ending=end)
        self._stream.flush()
