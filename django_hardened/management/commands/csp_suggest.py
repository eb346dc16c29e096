"""``csp_suggest``: what browsers have reported, as the smallest change of the policy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_hardened.csp_reports.suggestions import Suggestion, suggest
from django_hardened.csp_reports.tally import Kind, read_lines
from django_hardened.header_settings import policy_to_edit


class Command(BaseCommand):
    """Reads logs, and changes nothing."""

    help = (
        "Read the log lines of the report receiver (django_hardened.csp_reports), from files or "
        "from standard input, and print the smallest change of HARDENED_CSP that lets in what was "
        "stopped. It never suggests 'unsafe-inline' or 'unsafe-eval': it says what to change in "
        "the page. Anybody can send a report: add only what you know."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("logs", nargs="*", metavar="LOG", help="A log; - is standard input.")
        parser.add_argument(
            "--at-least", type=int, default=1, metavar="N", help="Leave out what is rarer."
        )

    def handle(self, *args: Any, logs: list[str], at_least: int, **options: Any) -> None:
        policy = policy_to_edit()
        if policy is None:
            raise CommandError("No policy is sent, so nothing is stopped.")
        counts = read_lines(chain.from_iterable(map(_lines, logs or ["-"])))
        if not counts:
            raise CommandError("There is no line of the report receiver in it.")
        self._print(suggest(policy, counts, at_least=at_least))

    def _print(self, suggestion: Suggestion) -> None:
        write = self.stdout.write
        if suggestion.changes:
            write("# Add only what you know: anybody can send a report.")
            write('HARDENED_CSP = {\n    **hardened["HARDENED_CSP"],')
            for directive, sources in sorted(suggestion.changes.items()):
                write(f'    "{directive}": [{", ".join(map(_quoted, sources))}],')
            write("}")
            for kind, count in sorted(suggestion.added.items()):
                write(f"#   {_told(kind, count)}")
        else:
            write("# Nothing is to be added to the policy.")
        if suggestion.refused:
            write("\n# Not to be allowed:")
        for kind, (count, reason) in sorted(suggestion.refused.items()):
            write(f"#   {_told(kind, count)}: {reason}.")


def _lines(name: str) -> Iterator[str]:
    if name == "-":
        yield from sys.stdin
        return
    try:
        with Path(name).open(encoding="utf-8", errors="replace") as log:
            yield from log
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}") from None


def _quoted(source: str) -> str:
    return f'"{source}"'


def _told(kind: Kind, count: int) -> str:
    return f"{count} x {kind.directive} {kind.source} on {kind.page!r}"
