"""Which variables a settings module reads: found by importing it, in a process of its own.

It works where the settings cannot be loaded yet. Each import is a fresh one, under an assumption
of its own about the environment, so that the result is the same on every machine; and whatever
the module does to its process ends with it.
"""

from __future__ import annotations

import ast
import multiprocessing
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from django_hardened.env import stand_in_for_environ
from django_hardened.env_files.file_writing import NotDone
from django_hardened.env_files.process_reads import watched
from django_hardened.reads import Read
from django_hardened.recording import Assumption, recording

VARIABLE = "DJANGO_SETTINGS_MODULE"

ASSUMPTIONS = {
    "production": Assumption({}),
    "development": Assumption({"HARDENED_ENVIRONMENT": "development", "DEBUG": "true"}),
    # Finds what is read only where USE_S3, say, is on.
    "switched": Assumption({}, switched=True),
}
AS_IT_IS = Assumption()

# What these say is a name or a sentence of the developer's. Others may quote a value.
_TELLING = (ImportError, NameError, SyntaxError)

_ADVICE = (
    "If it stops at a variable that is not set, or at a placeholder that was put in its place, set "
    "that one for this command: NAME=value python -m django_hardened make_env"
)


@dataclass(frozen=True)
class Outcome:
    """What one import has read, until it ended or failed."""

    reads: tuple[Read, ...] = ()
    files: tuple[Path, ...] = ()
    error: str | None = None
    has_databases: bool = True


@dataclass(frozen=True)
class SettingsReads:
    """What a settings module reads.

    Attributes:
        module: its dotted name.
        file: the first ``.env`` that it names.
        readings: the reads of each environment.
        failures: the environments in which the import failed, with the reason.
    """

    module: str
    file: Path | None
    readings: Mapping[str, tuple[Read, ...]]
    failures: Mapping[str, str]


# -- Which module --------------------------------------------------------------------------------


def settings_module(given: str | None, environ: Mapping[str, str], folder: Path) -> str:
    """Return the name of the settings module: as given, of the environment, or of manage.py.

    Raises:
        NotDone: nothing names one.
    """
    name = given or environ.get(VARIABLE) or _of_manage_py(folder / "manage.py")
    if not name:
        raise NotDone(
            "Which settings? Run this in the folder of manage.py, or name the module: "
            "--settings mysite.settings"
        )
    return name


def _of_manage_py(path: Path) -> str | None:
    """Return what manage.py sets DJANGO_SETTINGS_MODULE to; it is parsed and not run."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        match node:
            case (
                ast.Call(
                    func=ast.Attribute(attr="setdefault"),
                    args=[ast.Constant(value="DJANGO_SETTINGS_MODULE"), ast.Constant(value=name)],
                )
                | ast.Assign(
                    targets=[ast.Subscript(slice=ast.Constant(value="DJANGO_SETTINGS_MODULE"))],
                    value=ast.Constant(value=name),
                )
            ) if isinstance(name, str):
                return name
    return None


# -- What it reads -------------------------------------------------------------------------------


def read_settings(module: str) -> SettingsReads:
    """Import ``module`` once for each assumption, and return what it read.

    A module that a placeholder stops (a client that checks its key at once) is imported in the
    environment as it is instead.

    Raises:
        NotDone: it can be imported neither way.
    """
    outcomes = dict(zip(ASSUMPTIONS, import_recorded(module, [*ASSUMPTIONS.values()]), strict=True))
    error = outcomes["production"].error
    if error:
        (outcomes["production"],) = import_recorded(module, [AS_IT_IS])
        if outcomes["production"].error:
            raise NotDone(f"{module} cannot be imported:\n  {error}\n{_ADVICE}")
    return SettingsReads(
        module,
        next((outcome.files[0] for outcome in outcomes.values() if outcome.files), None),
        {name: _reads(outcome) for name, outcome in outcomes.items()},
        {name: outcome.error for name, outcome in outcomes.items() if outcome.error},
    )


def _reads(outcome: Outcome) -> tuple[Read, ...]:
    """Return the reads. DATABASE_URL is required where there is no other word of a database."""
    if outcome.has_databases:
        return outcome.reads
    return tuple(
        replace(read, required=True) if read.name == "DATABASE_URL" else read
        for read in outcome.reads
    )


def import_recorded(module: str, assumptions: Sequence[Assumption]) -> list[Outcome]:
    """Import ``module`` in one fresh process for each assumption, side by side."""
    return [_finish(*started) for started in [_start(module, each) for each in assumptions]]


def _start(module: str, assumption: Assumption) -> tuple[BaseProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_import, args=(module, assumption, sender))
    process.start()
    sender.close()
    return process, receiver


def _finish(process: BaseProcess, receiver: Connection) -> Outcome:
    try:
        outcome: Outcome = receiver.recv()
    except EOFError:
        outcome = Outcome(error="the process that imported it ended early")
    receiver.close()
    process.join()
    return outcome


def _import(module: str, assumption: Assumption, sender: Connection) -> None:
    """Import ``module`` in this process, which is for nothing else, and send what it read."""
    os.environ[VARIABLE] = module  # as manage.py does
    error, databases = None, True
    with recording(assumption) as record, stand_in_for_environ(), watched(_is_of_project):
        try:
            databases = bool(getattr(import_module(module), "DATABASES", None))
        except (Exception, SystemExit) as failure:  # noqa: BLE001  # it may be any module
            error = _describe(failure)
    sender.send(Outcome((*record.reads.values(),), (*record.files,), error, databases))
    sender.close()


def _describe(failure: BaseException) -> str:
    """Return what went wrong and where, without a value."""
    name = type(failure).__name__
    text = f"{name}: {failure}" if _is_telling(failure) else name
    frames = traceback.extract_tb(failure.__traceback__)
    place = next((frame for frame in reversed(frames) if _is_of_project(frame.filename)), None)
    return f"{place.filename}:{place.lineno}: {text}" if place else text


def _is_telling(failure: BaseException) -> bool:
    """Whether the message names something of the developer's, and not the value of a variable."""
    if isinstance(failure, KeyError):
        return failure.args[:1] not in {(value,) for value in os.environ.values()}
    # Env's own errors never hold a value; those of django-environ, which they descend from, may.
    is_ours = type(failure).__module__ == "django_hardened.env"
    return is_ours or isinstance(failure, _TELLING)


def _is_of_project(file: str) -> bool:
    path = Path(file)
    return path.is_relative_to(Path.cwd()) and not path.is_relative_to(sys.prefix)
