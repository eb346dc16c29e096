"""``python -m django_hardened``: the commands that work before the settings can be loaded."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from django_hardened.env_files import make_env, rotate_secret_key
from django_hardened.env_files.file_writing import NotDone
from django_hardened.env_files.settings_reads import settings_module

_COMMANDS = {"make_env": make_env, "rotate_secret_key": rotate_secret_key}
_RUN = {"make_env": make_env.run, "rotate_secret_key": rotate_secret_key.run}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` name; return the exit status."""
    options = _parser().parse_args(arguments)
    folder = Path.cwd()
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))  # where manage.py is, as for manage.py itself
    try:
        module = settings_module(options.settings, os.environ, folder)
        return _RUN[options.command](module, vars(options), os.environ, print)
    except NotDone as reason:
        sys.stderr.write(f"{reason}\n")
        return 1


def _parser() -> ArgumentParser:
    parser = ArgumentParser("python -m django_hardened", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.HELP)
        command.add_argument(
            "--settings",
            metavar="MODULE",
            help="Default: DJANGO_SETTINGS_MODULE, else what manage.py sets it to.",
        )
        module.add_arguments(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
