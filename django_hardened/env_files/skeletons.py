"""From the variables that settings read to the text of ``.env`` and ``.env.example``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import wrap

from django_hardened.env_files.env_variables import Variable, is_secret
from django_hardened.reads import BOOLEAN, CONNECTIONS

_WIDTH = 98
# A space at which no line may break: what begins a line of a comment must not look like NAME=value.
_TIE = "\x00"

_MEANINGS = {
    "HARDENED_ENVIRONMENT": "What kind of site this is; it decides most of the safe defaults.",
    "DEBUG": "Error pages that show the code and its variables. In development only.",
    "SECRET_KEY": "Signs sessions, password reset links and tokens.",
    "SECRET_KEY_FALLBACKS": "Earlier keys, until what they signed has expired; rotate_secret_key "
    "writes it.",
    "ALLOWED_HOSTS": "The names that this site answers to: no scheme, no port, no wildcard.",
    "CSRF_TRUSTED_ORIGINS": "Other origins that may post forms here, each with its scheme.",
    "DATABASE_URL": "postgres://user:password@db.example.com/name, or sqlite:///db.sqlite3 for a "
    "file. Percent-encode what is reserved in a URL.",
    "CACHE_URL": "Where cached pages and request counts live: rediss://cache.example.com:6379/0. "
    "Without it each process keeps its own.",
    "REDIS_URL": "Used where CACHE_URL is not set.",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587. Development prints mail instead.",
    "HARDENED_TRUSTED_PROXIES": "Addresses or networks of the proxy that ends TLS, or unix; "
    "X-Forwarded-* of anybody else is ignored.",
    "HARDENED_FORWARDED_HEADER": "Forwarded, if the proxies write that one (RFC 7239) instead of "
    "X-Forwarded-For.",
    "SECURE_SSL_REDIRECT": "Whether http is redirected to https. On in production.",
    "SECURE_HSTS_SECONDS": "How long browsers insist on https. A year in production.",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": "Binds every subdomain as well.",
    "SECURE_HSTS_PRELOAD": "Asks for a place in the browsers' own lists, which is slow to leave.",
}

_DEVELOPMENT = {
    BOOLEAN: "false",
    CONNECTIONS["db_url"]: "sqlite:///db.sqlite3",
    CONNECTIONS["cache_url"]: "locmemcache://",
    CONNECTIONS["email_url"]: "consolemail://",
    CONNECTIONS["channels_url"]: "inmemory://",
}
_DEBUG_NAMES = ("DEBUG", "DJANGO_DEBUG")
KEY_NAMES = ("SECRET_KEY", "DJANGO_SECRET_KEY")

_GRAMMAR = """\
# A line is a name, "=" and a value, or a comment; no comment follows a value. A variable of the
# process environment wins over its line. Append _FILE to any name to give the path of a file that
# holds the value, such as /run/secrets/secret_key.
"""


def env_text(
    variables: Iterable[Variable], environment: str, key: str, title: str
) -> tuple[str, list[str]]:
    """Return the text of a ``.env`` for ``environment``, and the names left to fill in."""
    active: list[str] = []
    others: list[str] = []
    left: list[str] = []
    for variable in variables:
        value = _starting_value(variable, environment, key)
        if value is None:
            others.append(_block(variable, f"# {_line(variable.name, _shown(variable))}"))
            continue
        active.append(_block(variable, _line(variable.name, value)))
        left += [] if value else [variable.name]
    header = _comment(f"{title} It holds secrets: keep it out of git, images and mails.")
    return "\n".join([header, *active, *others]), left


def example_text(variables: Iterable[Variable], title: str) -> str:
    """Return the text of ``.env.example``, which holds no secret: what is required comes first."""
    ordered = sorted(variables, key=lambda variable: "production" not in variable.required)
    return "\n".join([_comment(title) + _GRAMMAR, *map(example_block, ordered)])


def example_block(variable: Variable) -> str:
    """Return the lines of ``variable`` in ``.env.example``."""
    line = _line(variable.name, _shown(variable))
    return _block(variable, line if "production" in variable.required else f"# {line}")


def _starting_value(variable: Variable, environment: str, key: str) -> str | None:
    """Return what a new ``.env`` gives ``variable``: blank to be filled in, None for nothing."""
    if variable.name == "HARDENED_ENVIRONMENT":
        return environment
    if variable.name in _DEBUG_NAMES:
        return str(environment == "development").lower()
    if variable.name in KEY_NAMES:
        return key
    if environment not in variable.required:
        return None
    return _DEVELOPMENT.get(variable.kind, "") if environment == "development" else ""


def _block(variable: Variable, line: str) -> str:
    meaning = _MEANINGS.get(variable.name, "")
    return _comment(f"{_demand(variable)} {meaning}".rstrip()) + line + "\n"


def _demand(variable: Variable) -> str:
    """Say what is to be written, and whether it must be."""
    kind = variable.kind[0].upper() + variable.kind[1:]
    if variable.required >= {"production", "development"}:
        return f"{kind}, required."
    if required := variable.required - {"switched"}:
        return f"{kind}, required in {next(iter(required))}."
    if variable.required and not variable.optional:
        return f"{kind}, needed with some values of others."
    if not variable.default:
        return f"{kind}, optional."
    if is_secret(variable):
        return f"{kind}; the default is not shown here."
    return f"{kind}; " + f"default {variable.default}.".replace(" ", _TIE)


def _shown(variable: Variable) -> str:
    return "" if variable.default is None or is_secret(variable) else variable.default


def _comment(text: str) -> str:
    lines = wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "".join(f"# {line}\n".replace(_TIE, " ") for line in lines)


def _line(name: str, value: str) -> str:
    return f"{name}={quoted(value)}"


def quoted(value: str) -> str:
    """Return ``value`` as it stands after ``NAME=``: in quotes if it has a space or begins so."""
    if value[:1] not in ("'", '"') and not re.search(r"\s", value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
