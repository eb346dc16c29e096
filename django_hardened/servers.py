"""What this process was started as, and whether such a program may serve an environment."""

from __future__ import annotations

import re
import sys

from django_hardened.defaults import Environment

# Management commands that serve one developer. Two come from django-extensions and sslserver.
DEVELOPMENT_COMMANDS = ("runserver", "runserver_plus", "runsslserver", "testserver")
# What an interpreter is called that a server embeds, such as NGINX Unit's.
EMBEDDED = "embedded"
# Programs that serve whoever asks, and modules by which one shows that was started otherwise, from
# a script or a management command. Daphne's is no sign: its app loads it into every process.
_SERVERS = frozenset(
    "gunicorn uvicorn daphne granian hypercorn uwsgi mod_wsgi waitress-serve cheroot "
    "wsgi-loader.py nginx-unit".split()
)
_SERVER_MODULES = (
    *("uvicorn.server", "gunicorn.arbiter", "hypercorn.run", "granian.server", "waitress.server"),
    *("cheroot.server", "mod_wsgi", "uwsgi"),
)


def refusal(environment: Environment, server: str, dev_servers: object) -> str | None:
    """Say why the program ``server`` must not serve in ``environment``, or return None.

    None for a program that is not known to serve: it may be any tool. ``dev_servers`` is
    ``HARDENED_DEV_SERVERS``: programs that serve in development as well.
    """
    for_development = server in DEVELOPMENT_COMMANDS
    if environment == "production":
        advice = "is for development, and this is production: use gunicorn or uvicorn."
        return f"{server} {advice}" if for_development else None
    if for_development or is_serving(server):
        return request_refusal(environment, server, dev_servers)
    return None


def request_refusal(environment: Environment, server: str, dev_servers: object) -> str | None:
    """Say why a request that has reached ``server`` must not be answered, or return None.

    Whoever receives requests serves, whatever it is called. Production answers them.
    """
    if environment == "production" or is_test_suite(server):
        return None
    if environment == "build":
        return "HARDENED_ENVIRONMENT is 'build', which is for making an image and never serves."
    if server in DEVELOPMENT_COMMANDS:
        return None
    if environment == "test":
        return f"HARDENED_ENVIRONMENT is 'test', for test suites, and {server} would serve it."
    if _is_named(server, dev_servers):
        return None
    return (
        f"The environment is development, and {server} would serve it. Set "
        "HARDENED_ENVIRONMENT=production; without it, the environment follows DEBUG. On a "
        f'developer\'s machine, HARDENED_DEV_SERVERS = ["{server}"] allows it.'
    )


def is_serving(server: str) -> bool:
    """Whether this process serves more than one developer, as far as can be told.

    Test suites and other programs make the application too, and may do so anywhere.
    """
    if is_test_suite(server):
        return False
    return (
        server in _SERVERS
        or server == EMBEDDED
        or any(module in sys.modules for module in _SERVER_MODULES)
    ) and server not in DEVELOPMENT_COMMANDS


def is_test_suite(server: str) -> bool:
    """Whether the program runs tests: Django's runner turns DEBUG off, and nothing is served."""
    return server in ("test", "unittest", "tox", "py.test") or "pytest" in server


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
    if arguments and arguments[0] in (*DEVELOPMENT_COMMANDS, "test"):
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
