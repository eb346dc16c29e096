"""Django's ``check`` command: each finding once, waivers applied, formats for machines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import checks
from django.core.management.base import CommandError, CommandParser, SystemCheckError
from django.core.management.commands import check

from django_hardened import gate
from django_hardened.reports import github, json, sarif, text
from django_hardened.waivers import (
    DRAFT_DAYS,
    append_waivers,
    read_waivers,
    says_something,
    today,
    waivers_file,
)

_FORMATS = {"json": json.render, "sarif": sarif.render, "github": github.render}


class Command(check.Command):
    """Same flags, same text and same exit status as Django's, and three formats more."""

    format = "text"
    write_waivers: str | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--format",
            choices=["text", *_FORMATS],
            default="text",
            help="How to print the findings of all checks; json, sarif and github go to stdout.",
        )
        parser.add_argument(
            "--write-waivers",
            metavar="OWNER",
            help=f"With --deploy: draft waivers of {DRAFT_DAYS} days in OWNER's name for "
            "everything that is found now, at the end of hardened_waivers.toml.",
        )

    def handle(self, *app_labels: Any, **options: Any) -> None:
        self.format, self.write_waivers = options["format"], options["write_waivers"]
        if self.write_waivers is not None:
            if not options["deploy"]:
                raise CommandError("--write-waivers needs --deploy: without, waivers do not count.")
            if not says_something(self.write_waivers):
                raise CommandError("--write-waivers needs an owner: who answers for the waivers?")
        super().handle(*app_labels, **options)

    def check(
        self,
        app_configs: Any = None,
        tags: Any = None,
        display_num_errors: bool = False,
        include_deployment_checks: bool = False,
        fail_level: int = checks.ERROR,
        databases: Any = None,
    ) -> None:
        options = {
            "app_configs": app_configs,
            "tags": tags,
            "include_deployment_checks": include_deployment_checks,
            "databases": databases,
        }
        messages = gate.run(**options)
        verdicts = gate.judge(messages, **options)
        if self.write_waivers is not None:
            self._draft_waivers(verdicts, self.write_waivers)
            verdicts = gate.judge(messages, **options)
        failures = sum(v.is_open and v.message.is_serious(fail_level) for v in verdicts)
        if self.format == "text":
            self._print(verdicts, failed=failures > 0, count=display_num_errors)
            return
        report = _FORMATS[self.format](verdicts)
        if report:
            self.stdout.write(report)
        if failures:
            raise SystemCheckError(f"{failures} of the findings fail this check.")

    def _print(self, verdicts: list[gate.Verdict], *, failed: bool, count: bool) -> None:
        header = self.style.ERROR(f"SystemCheckError: {text.HEADER}") if failed else text.HEADER
        report = text.render(verdicts, self.style, header=header, count=count)
        if failed:
            raise SystemCheckError(report)
        if any(verdict.is_open for verdict in verdicts):
            self.stderr.write(report, lambda line: line)
        elif report:
            self.stdout.write(report)

    def _draft_waivers(self, verdicts: list[gate.Verdict], owner: str) -> None:
        path = waivers_file()
        if path is None:
            raise CommandError("Set BASE_DIR or HARDENED_WAIVERS_FILE: where shall the file be?")
        expires = today() + timedelta(days=DRAFT_DAYS)
        ended = [waiver for waiver in read_waivers().entries if waiver.has_expired(today())]
        everything = gate.draft_waivers(verdicts, owner=owner, expires=expires)
        drafts = gate.draft_waivers(verdicts, owner=owner, expires=expires, ended=ended)
        if len(drafts) < len(everything):
            self._tell(
                "Not drafted again, because their waivers have ended: "
                f"{len(everything) - len(drafts)}. Repair them, or write why they may stay."
            )
        if not drafts:
            self._tell("There is nothing to waive.")
            return
        try:
            append_waivers(path, drafts)
        except (OSError, ValueError) as error:
            raise CommandError(f"Nothing was written to {path}: {error}") from error
        self._tell(
            f"Waivers drafted in {path}: {len(drafts)}, until {expires}. Replace each reason by "
            "the real one, or repair what it waives, and commit the file."
        )

    def _tell(self, line: str) -> None:
        self.stderr.write(line, lambda text: text)
