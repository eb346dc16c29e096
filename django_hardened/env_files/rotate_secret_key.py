"""``rotate_secret_key``: a fresh ``SECRET_KEY``, and the old one first among the fallbacks.

``python -m django_hardened rotate_secret_key`` and ``manage.py rotate_secret_key`` are two doors
to :func:`run`.
"""

from __future__ import annotations

import re
import secrets
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django_hardened import casting
from django_hardened.dotenv import DotenvFile, parse_dotenv
from django_hardened.env_files.file_writing import NotDone, replace
from django_hardened.env_files.make_env import env_file
from django_hardened.env_files.settings_reads import SettingsReads, read_settings
from django_hardened.env_files.skeletons import quoted

KEY, FALLBACKS = "SECRET_KEY", "SECRET_KEY_FALLBACKS"

HELP = (
    "Puts a fresh SECRET_KEY into .env and moves the one that is there to the front of "
    "SECRET_KEY_FALLBACKS, so that nobody is logged out."
)

_REMAINS = """\
{path} has a fresh SECRET_KEY. The one before is the first of {count} in SECRET_KEY_FALLBACKS.
What remains to do:
  1. Restart every process of the site: web, workers, timers; on other machines after copying .env.
  2. When what the old key signed has expired (SESSION_COOKIE_AGE, PASSWORD_RESET_TIMEOUT), delete
     it from SECRET_KEY_FALLBACKS and restart again.
If the old key has leaked, do not wait: delete it now. Everybody is then logged out once."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of ``rotate_secret_key``, except ``--settings``, which every command has."""
    parser.add_argument("--env", metavar="PATH", help="Default: the file that the settings name.")


def run(
    module: str,
    options: Mapping[str, Any],
    environ: Mapping[str, str],
    write: Callable[[str], Any],
) -> int:
    """Rotate the key of the settings ``module``; return the exit status.

    Raises:
        NotDone: with the reason, for the user.
    """
    _refuse_elsewhere(environ, "the process environment")
    reads = read_settings(module)
    _refuse_unread(reads)
    path = env_file(reads, options["env"])
    file, text = _read(path)
    old = _old_key(file)
    fallbacks = _fallbacks(file)
    fallbacks = [old, *(key for key in fallbacks if key != old)]
    text = _assign(text, file, FALLBACKS, ",".join(fallbacks), after=KEY)
    text = _assign(text, file, KEY, secrets.token_urlsafe(50), after=KEY)
    replace(path, text)
    write(_REMAINS.format(path=path, count=len(fallbacks)))
    return 0


# -- What it refuses -----------------------------------------------------------------------------


def _refuse_elsewhere(names: Mapping[str, Any], where: str) -> None:
    """Refuse keys that a new line in ``.env`` would not change."""
    for name in (KEY, FALLBACKS):
        if name in names:
            raise NotDone(
                f"{name} comes from {where}, which wins over .env: rotate it there. Put the "
                f"value of {KEY} at the front of {FALLBACKS}, and a fresh one in its place:\n"
                '  python -c "import secrets; print(secrets.token_urlsafe(50))"'
            )
        if names.get(f"{name}_FILE"):
            raise NotDone(
                f"{name} comes from a secret file, named by {name}_FILE in {where}: write the new "
                f"key there, and the one before at the front of {FALLBACKS}."
            )


def _refuse_unread(reads: SettingsReads) -> None:
    """Refuse where the old key would not be accepted any more: everybody would be logged out."""
    read = {read.name for read in reads.readings["production"]}
    for name, line in (
        (KEY, f'{KEY} = env.str("{KEY}")'),
        (FALLBACKS, f'{FALLBACKS} = env.list("{FALLBACKS}", default=[])'),
    ):
        if name not in read:
            raise NotDone(
                f"{reads.module} does not read {name} through django_hardened.env.Env, so what is "
                f"written to .env would have no effect. hardened_settings() reads it, or:\n  {line}"
            )


def _read(path: Path) -> tuple[DotenvFile, str]:
    if path.is_symlink():
        raise NotDone(
            f"{path} is a symbolic link, which would be replaced by a file. Name the file "
            f"itself: --env {path.resolve()}"
        )
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise NotDone(f"{path} does not exist: make_env writes one with a fresh key.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "it is not UTF-8 text")
        raise NotDone(f"{path} cannot be read: {reason}.") from None
    file = parse_dotenv(text.removeprefix("\ufeff"), path)
    if file.problems:
        raise NotDone("\n".join(file.problems))
    named = {name: item.value for name, item in file.assignments.items() if name.endswith("_FILE")}
    _refuse_elsewhere(named, str(path))
    return file, text


def _old_key(file: DotenvFile) -> str:
    assignment = file.assignments.get(KEY)
    if assignment is None or not assignment.value:
        raise NotDone(f"{file.path} has no {KEY} to rotate: write a fresh one there.")
    if "," in assignment.value or assignment.value != assignment.value.strip():
        raise NotDone(
            f"{assignment.place}: {KEY} has a comma, or a space at an end, and cannot be an item "
            f"of {FALLBACKS}, which is separated by commas. Replace it by hand; everybody is then "
            "logged out once."
        )
    return assignment.value


def _fallbacks(file: DotenvFile) -> list[str]:
    assignment = file.assignments.get(FALLBACKS)
    try:
        return casting.split(assignment.value) if assignment else []
    except casting.Unreadable as error:
        raise NotDone(f"{assignment and assignment.place}: {FALLBACKS} {error}") from None


# -- What it writes ------------------------------------------------------------------------------


def _assign(text: str, file: DotenvFile, name: str, value: str, *, after: str) -> str:
    """Return ``text`` with another value of ``name``, and with every other line as it is.

    A name that is not there yet comes on the line ``after`` one that is.
    """
    lines = text.split("\n")
    known = file.assignments.get(name)
    index = (known or file.assignments[after]).place.line - 1
    end = "\r" if lines[index].endswith("\r") else ""
    if known:
        prefix = re.match(rf"\ufeff?(?:export )?{name}=", lines[index])
        lines[index] = f"{prefix and prefix[0]}{quoted(value)}{end}"
    else:
        lines[index] = f"{lines[index]}\n{name}={quoted(value)}{end}"
    return "\n".join(lines)
