"""What this process was started as, and whether such a program may serve an environment."""

from __future__ import annotations

import re
import sys

from django_hardened.defaults import Environment

# Management commands that serve one developer. Two come from django-extensions and sslserver.
DEVELOPMENT_COMMANDS = ("runserver", "runserver_plus", "runsslserver", "testserver")
# Programs that make the application without serving it to anybody.
_TOOLS = frozenset(
    "-c interactive manage.py django-admin pytest py.test unittest tox ipython jupyter-lab "
    "ipykernel_launcher celery sphinx sphinx-build mypy pyright".split()
)
# What an interpreter is called that a server embeds, such as NGINX Unit's.
EMBEDDED = "embedded"


def refusal(environment: Environment, server: str, dev_servers: object) -> str | None:
    """Say why the program ``server`` must not serve in ``environment``, or return None.

    ``dev_servers`` is ``HARDENED_DEV_SERVERS``: programs that serve in development as well.
    """
    if environment == "production" and server in DEVELOPMENT_COMMANDS:
        return f"{server} is for development, and this is production: use gunicorn or uvicorn."
    if server in _TOOLS or environment in ("production", "test"):
        return None
    if environment == "build":
        return "HARDENED_ENVIRONMENT is 'build', which is for making an image and never serves."
    if server in DEVELOPMENT_COMMANDS or _is_named(server, dev_servers):
        return None
    return (
        f"The environment is development, and {server} would serve it. Set "
        "HARDENED_ENVIRONMENT=production; without it, the environment follows DEBUG. On a "
        f'developer\'s machine, HARDENED_DEV_SERVERS = ["{server}"] allows it.'
    )


def _is_named(server: str, dev_servers: object) -> bool:
    """Whether an entry names the program and, as in "uvicorn --reload", options that it has."""
    entries = dev_servers if isinstance(dev_servers, list | tuple | set | frozenset) else ()
    return any(
        words[:1] == [server] and set(words[1:]) <= set(sys.argv)
        for words in (str(entry).split() for entry in entries)
    )


def serving_program() -> str:
    """Return what this process was started as: ``gunicorn``, ``uvicorn``, ``runserver`` ...

    A management command that serves a developer goes by its own name, whatever calls it.
    """
    if "uwsgi" in sys.modules:  # made by the server itself; --pyargv decides on sys.argv
        return "uwsgi"
    argv: list[str] = getattr(sys, "argv", None) or [""]  # an embedded interpreter may have none
    program, *arguments = argv
    if arguments and arguments[0] in DEVELOPMENT_COMMANDS:
        return arguments[0]
    return _name(program)


def _name(program: str) -> str:
    """Return the name of a program by its path: a module's by its package."""
    # unittest writes "python -m unittest"; the path of a Windows machine has backslashes.
    *folders, name = re.split(r"[\\/]| -m ", program)
    if name == "__main__.py" and folders:
        name = "django-admin" if folders[-1] == "django" else folders[-1]
    name = re.sub(r"(\.exe|-script\.pyw?)$", "", name, flags=re.IGNORECASE)
    if name in ("", "-"):
        return "interactive" if hasattr(sys, "ps1") else EMBEDDED
    return name
