"""``make_env``: a ``.env`` to start with, an example to commit, and a check that it is current.

``python -m django_hardened make_env`` and ``manage.py make_env`` are two doors to :func:`run`.
"""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_hardened import repository
from django_hardened.dotenv import parse_dotenv, read_dotenv
from django_hardened.env_files import env_variables, skeletons
from django_hardened.env_files.env_variables import Difference, Variable
from django_hardened.env_files.file_writing import ORDINARY, PRIVATE, NotDone, append, create
from django_hardened.env_files.gitignore import ignore
from django_hardened.env_files.settings_reads import SettingsReads, read_settings

HELP = (
    "Writes .env for this machine, with a fresh SECRET_KEY, and .env.example for the variables "
    "that the settings really read. Overwrites nothing."
)
COMMAND = "python -m django_hardened make_env"

Write = Callable[[str], Any]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of ``make_env``, except ``--settings``, which every command has."""
    parser.add_argument("--env", metavar="PATH", help="Default: the file that the settings name.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--production",
        action="store_true",
        help="Write a .env for production, with blanks to fill in, instead of development.",
    )
    choice.add_argument(
        "--check",
        action="store_true",
        help="Write nothing; exit with status 1 if .env.example is out of date.",
    )
    choice.add_argument(
        "--write-example",
        action="store_true",
        help="Append to an existing .env.example what it lacks; touch no .env.",
    )


@dataclass(frozen=True)
class Place:
    """The two files, and the settings module that they are about."""

    module: str
    env: Path

    @property
    def example(self) -> Path:
        """Return the path of the example: the name of the ``.env`` with ``.example`` appended."""
        return self.env.with_name(f"{self.env.name}.example")

    @property
    def title(self) -> str:
        """Return the first line of the example."""
        return (
            f"The variables that {self.module} reads; no secret belongs in here. Made by "
            f"'{COMMAND}', which makes a {self.env.name} as well, and with --check says whether "
            "this list is current."
        )


def run(module: str, options: Mapping[str, Any], environ: Mapping[str, str], write: Write) -> int:
    """Do what the ``options`` say about the settings ``module``; return the exit status.

    Raises:
        NotDone: with the reason, for the user.
    """
    reads = read_settings(module)
    place = Place(module, env_file(reads, options["env"]))
    variables = env_variables.merge(reads.readings, str(place.env.parent))
    if not variables:
        raise NotDone(
            f"{module} reads no variable through django_hardened.env.Env: there is nothing to "
            "write. See docs/how-to/settings-from-env.md."
        )
    for environment, error in reads.failures.items():
        write(f"Not all is known: as {_NAMES[environment]}, {module} failed with\n  {error}")
    if options["check"]:
        return _check(place, variables, write, complete=not reads.failures)
    if options["write_example"]:
        return _write_example(place, variables, write)
    _make_env(place, variables, environ, write, production=options["production"])
    _make_example(place, variables, write)
    return 0


_NAMES = {
    "production": "production, without any variable set",
    "development": "development",
    "switched": "production with each boolean variable the other way round",
}


def env_file(reads: SettingsReads, given: str | None) -> Path:
    """Return the path of the ``.env``, absolute: as given, or as the settings name it."""
    return Path.cwd() / (given or reads.file or ".env")


# -- .env ----------------------------------------------------------------------------------------


def _make_env(
    place: Place,
    variables: list[Variable],
    environ: Mapping[str, str],
    write: Write,
    *,
    production: bool,
) -> None:
    environment = "production" if production else "development"
    title = f"The environment of {place.module} on this machine, for {environment}."
    key = secrets.token_urlsafe(50)
    text, left = skeletons.env_text(variables, environment, key, title)
    # First, so that there is no moment in which git would take the secret.
    ignoring = ignore(place.env)
    if ignoring:
        write(f"Added {place.env.name} to {ignoring}.")
    if not create(place.env, text, PRIVATE):
        _report_existing(place, variables, environ, write)
        return
    fresh = ", with a fresh SECRET_KEY" if key in text else ""
    write(f"Wrote {place.env} for {environment}, readable by you only{fresh}.")
    if left:
        write(f"Fill in, in {place.env}:{_listed(left)}")


def _report_existing(
    place: Place, variables: list[Variable], environ: Mapping[str, str], write: Write
) -> None:
    """Say what an existing ``.env`` lacks, and leave it alone."""
    file = read_dotenv(place.env)
    set_names = {*file.assignments, *environ}
    name = "HARDENED_ENVIRONMENT"
    in_file = file.assignments.get(name)
    environment = environ.get(name) or (in_file.value if in_file else "production")
    missing = env_variables.lacking(set_names, variables, environment)
    write(f"{place.env} is there already and was left as it is.")
    if file.problems:
        write(f"It has lines that cannot be read:{_listed(file.problems)}")
    if missing:
        write(f"Not set in it, and required in {environment}:{_listed(missing)}")
    if repository.is_tracked(place.env):
        write(
            f"It is in git, with every secret in it: git rm --cached {place.env.name}, "
            "and change the secrets."
        )


# -- .env.example --------------------------------------------------------------------------------


def _make_example(place: Place, variables: list[Variable], write: Write) -> None:
    if create(place.example, skeletons.example_text(variables, place.title), ORDINARY):
        write(f"Wrote {place.example}: {len(variables)} variables, no secret. Commit it.")
        return
    write(f"{place.example} is there already and was left as it is.")
    _, difference = _compare(place, variables)
    _report(place, difference, write)


def _write_example(place: Place, variables: list[Variable], write: Write) -> int:
    """Append what the example lacks; what is to be deleted is only named."""
    if create(place.example, skeletons.example_text(variables, place.title), ORDINARY):
        write(f"Wrote {place.example}: {len(variables)} variables, no secret. Commit it.")
        return 0
    _, difference = _compare(place, variables)
    for variable in difference.missing:
        append(place.example, "\n" + skeletons.example_block(variable).rstrip("\n"))
        write(f"Added {variable.name} to {place.example}.")
    _report_unread(place, difference, write)
    return 0


def _check(place: Place, variables: list[Variable], write: Write, *, complete: bool) -> int:
    """Return 1 if the example is out of date. Where not all is known, nothing is too much in it."""
    if not place.example.is_file():
        write(f"{place.example} does not exist. Run: {COMMAND}")
        return 1
    problems, difference = _compare(place, variables)
    if not complete:
        difference = Difference(difference.missing, ())
    if problems:
        write(f"{place.example.name} has lines that cannot be read:{_listed(problems)}")
    _report(place, difference, write)
    if problems or difference:
        return 1
    write(f"{place.example.name} is current: {len(variables)} variables.")
    return 0


def _compare(place: Place, variables: list[Variable]) -> tuple[tuple[str, ...], Difference]:
    try:
        text = place.example.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "it is not UTF-8 text")
        raise NotDone(f"{place.example} cannot be read: {reason}.") from None
    return parse_dotenv(text, place.example).problems, env_variables.compare(text, variables)


def _report(place: Place, difference: Difference, write: Write) -> None:
    """Say what differs; what is missing in the form in which it can be pasted."""
    if difference.missing:
        blocks = "\n".join(skeletons.example_block(variable) for variable in difference.missing)
        write(f"Missing in {place.example.name} (--write-example appends them):\n\n{blocks}")
    _report_unread(place, difference, write)


def _report_unread(place: Place, difference: Difference, write: Write) -> None:
    if difference.unread:
        lines = [f"{name} (line {number})" for name, number in difference.unread]
        write(
            f"In {place.example.name}, but not read by {place.module}:{_listed(lines)}\n"
            "Delete them, or name those for other programs in a line '# make_env: ignore NAME'."
        )


def _listed(items: Iterable[str]) -> str:
    return "".join(f"\n  {item}" for item in items)
