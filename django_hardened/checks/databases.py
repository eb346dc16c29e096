"""5xx: databases: what keeps the data, with which password, over which connection."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.dictionaries import entries, options_of
from django_hardened.checks.rules import Rule
from django_hardened.checks.services import is_default_password, is_remote

W520 = Rule(
    "W520",
    "The default database is SQLite: one writer at a time, on the disk of one machine.",
    "Put DATABASE_URL=postgres://<user>:<password>@<host>/<name> into the environment, where more "
    "than one process writes.",
    "DATABASES",
)
E521 = Rule(
    "E521",
    "The default database is SQLite in memory: nothing is kept, and each process has its own.",
    "Put DATABASE_URL=postgres://<user>:<password>@<host>/<name> into the environment; or "
    'DATABASES["default"]["NAME"] = "/var/lib/<project>/db.sqlite3".',
    "DATABASES",
)
E522 = Rule(
    "E522",
    "The database {subject!r} at {host} is opened with {password}.",
    "Give it a random one: ALTER ROLE <user> PASSWORD '<new>', and DATABASE_URL in the "
    "environment.",
    "DATABASES",
    asvs="13.2.3",
    cwe=1392,
)
W523 = Rule(
    "W523",
    "The database {subject!r} has a password that everybody tries first; only its network "
    "protects it.",
    "Give it a random one: ALTER ROLE <user> PASSWORD '<new>', and DATABASE_URL in the "
    "environment.",
    "DATABASES",
    asvs="13.2.3",
    cwe=1392,
)
W524 = Rule(
    "W524",
    "The database {subject!r} at {host} is opened without a password.",
    "Put DATABASE_URL=postgres://<user>:<password>@{host}/<name> into the environment, unless a "
    "client certificate or an IAM token takes its place.",
    "DATABASES",
)
W525 = Rule(
    "W525",
    "The connection to the database {subject!r} at {host} may be in the clear: {option} does not "
    "demand TLS.",
    'DATABASES[{subject!r}].setdefault("OPTIONS", {{}}).update({fix})',
    "DATABASES",
    asvs="12.3.1",
    cwe=319,
)
RULES = (W520, E521, E522, W523, W524, W525)

_TLS_MODES = ("require", "verify-ca", "verify-full")
_IN_MEMORY = re.compile(r":memory:|mode=memory")
_POSTGRES = ("postg", "psql", "cockroach", "redshift")
# Accounts that can do everything; of PostgreSQL's one the password may stand in ~/.pgpass.
_SUPERUSERS = ("root", "sa", "admin", "system")
# Settings of third-party backends for passwords that are fetched when connecting.
_TOKEN_OPTIONS = (
    "passfile",
    "service",
    "sslcert",
    "use_iam_auth",
    "assume_role",
    "read_default_file",
    "token",
    "extra_params",
)


def check_sqlite(**kwargs: Any) -> list[CheckMessage]:
    for alias, config in entries(settings.DATABASES):
        engine = str(config.get("ENGINE"))
        if alias == "default" and ("sqlite" in engine or "spatialite" in engine):
            in_memory = _IN_MEMORY.search(str(config.get("NAME")))
            return [E521.found() if in_memory else W520.found()]
    return []


def check_database_credentials(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for alias, config in entries(settings.DATABASES):
        user, password = (str(config.get(key) or "") for key in ("USER", "PASSWORD"))
        where = {"subject": alias, "host": _remote_host(config)}
        if is_default_password(password, user):
            weak = "a password that everybody tries first"
            findings.append((E522 if where["host"] else W523).found(**where, password=weak))
        elif where["host"] and user and not password and not _has_token(config):
            rule = E522 if user.lower() in _SUPERUSERS and not _is_postgres(config) else W524
            findings.append(rule.found(**where, password=f"no password, as {user}"))
    return findings


def _is_postgres(config: dict[str, Any]) -> bool:
    return any(word in str(config.get("ENGINE")) for word in _POSTGRES)


def _has_token(config: dict[str, Any]) -> bool:
    """Whether something other than ``PASSWORD`` proves who connects."""
    options = options_of(config)
    engine = str(config.get("ENGINE"))
    return any(options.get(name) for name in _TOKEN_OPTIONS) or bool(
        re.search(r"iam|rds|azure|vault|spanner|aws", engine)
    )


def check_database_transport(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for alias, config in entries(settings.DATABASES):
        host = _remote_host(config)
        option, fix = _lacking_option(config)
        if host and option:
            findings.append(W525.found(subject=alias, host=host, option=option, fix=fix))
    return findings


def _lacking_option(config: dict[str, Any]) -> tuple[str, str]:
    """Return the option that fails to demand TLS, and what to set; blank where there is none."""
    engine, options = str(config.get("ENGINE")), options_of(config)
    if _is_postgres(config):
        mode = str(options.get("sslmode") or "")
        if mode in _TLS_MODES or options.get("service"):
            return "", ""
        fix = '{"sslmode": "verify-full", "sslrootcert": "system"}'
        return (f"sslmode={mode}" if mode else "sslmode, which is not set,"), fix
    if "mysql" in engine or "mariadb" in engine:
        mode = str(options.get("ssl_mode") or "").upper()
        asked = any(options.get(name) for name in ("ssl", "ssl_ca", "read_default_file"))
        if asked or mode in ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"):
            return "", ""
        return "ssl_mode", '{"ssl_mode": "VERIFY_IDENTITY"}'
    return "", ""


def _remote_host(config: dict[str, Any]) -> str:
    """Return the first host of a database that is not in our own network, or blank."""
    hosts = str(config.get("HOST") or options_of(config).get("host") or "").split(",")
    return next((host.strip() for host in hosts if is_remote(host)), "")


CHECKS = (check_sqlite, check_database_credentials, check_database_transport)
