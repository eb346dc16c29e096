"""The settings that the environment decides: read, validated, and every mistake remembered."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

import django

from django_hardened.defaults import ENVIRONMENTS, LOCAL_HOSTS, POLICY_MODES, Environment
from django_hardened.env import Env, EnvError
from django_hardened.hosts import (
    InvalidHost,
    encode_idna,
    is_loopback,
    is_overbroad,
    parse_host,
    pattern_problem,
)
from django_hardened.origins import parse_origin
from django_hardened.proxies import FORWARDED_HEADERS, read_words

T = TypeVar("T")

# SECRET_KEY where nothing is signed for anybody: a new one each time, never a constant.
_THROWAWAY_KEY_ENVIRONMENTS = ("test", "build")
_POSTGRESQL_ENGINES = ("postgresql", "postgis", "django_cockroachdb")

_MAILER_OPTIONS = {
    "EMAIL_HOST": "host",
    "EMAIL_PORT": "port",
    "EMAIL_HOST_USER": "username",
    "EMAIL_HOST_PASSWORD": "password",
    "EMAIL_USE_TLS": "use_tls",
    "EMAIL_USE_SSL": "use_ssl",
    "EMAIL_FILE_PATH": "file_path",
}


class EnvironmentReader:
    """Reads one ``Env``. A value that cannot be used goes to ``problems``, and reading goes on."""

    def __init__(self, env: Env, problems: list[str], environment: str | None = None) -> None:
        self.env = env
        self.problems = problems
        self.environment: Environment = self._environment(environment)

    def settings(self, given: Iterable[str]) -> dict[str, Any]:
        """Return the settings that the environment decides, without those ``given`` in code."""
        plain: dict[str, tuple[Callable[..., Any], Any]] = {
            "SECRET_KEY_FALLBACKS": (self.env.list, []),
            "DEBUG": (self.env.bool, False),
            "SECURE_SSL_REDIRECT": (self.env.bool, None),
            "SECURE_HSTS_SECONDS": (self.env.int, None),
            "SECURE_HSTS_INCLUDE_SUBDOMAINS": (self.env.bool, None),
            "SECURE_HSTS_PRELOAD": (self.env.bool, None),
        }
        derived: dict[str, Callable[[], dict[str, Any]]] = {
            "SECRET_KEY": self._secret_key,
            "ALLOWED_HOSTS": self._allowed_hosts,
            "CSRF_TRUSTED_ORIGINS": self._csrf_trusted_origins,
            "DATABASES": self._databases,
            "CACHES": self._caches,
            "MAILERS": self._mail,
            "HARDENED_TRUSTED_PROXIES": self._trusted_proxies,
            "HARDENED_FORWARDED_HEADER": self._forwarded_header,
            "HARDENED_CANONICAL_ORIGIN": self._canonical_origin,
            "HARDENED_CSP_MODE": self._policy_mode,
        }
        values: dict[str, Any] = {}
        for name, (read, default) in plain.items():
            if name not in given:
                value = self._read(read, name, default=default)
                values |= {} if value is None else {name: value}
        for name, derive in derived.items():
            if name not in given:
                values |= derive()
        return values

    # -- Reading one variable ----------------------------------------------------------------

    def _read(self, read: Callable[..., T], name: str, **options: Any) -> T | None:
        """Return what ``read`` makes of the variable, or None and one more problem."""
        try:
            return read(name, **options)
        except EnvError as error:
            self.problems.append(str(error))
            return None

    def _refuse(self, name: str, reason: str) -> None:
        name = f"{self.env.prefix}{name}"
        self.problems.append(f"{self.env.sources[name].place or 'environment'}: {name} {reason}")

    # -- The settings ------------------------------------------------------------------------

    def _environment(self, given: str | None) -> Environment:
        name = "HARDENED_ENVIRONMENT"
        word = given or self._read(self.env.str, name, default="production", choices=ENVIRONMENTS)
        for environment in ENVIRONMENTS:
            if word == environment:
                return environment
        if given:
            self.problems.append(f"{name} is not one of {', '.join(ENVIRONMENTS)}")
        return "production"

    def _secret_key(self) -> dict[str, Any]:
        if (
            self.environment in _THROWAWAY_KEY_ENVIRONMENTS
            and f"{self.env.prefix}SECRET_KEY" not in self.env
        ):
            return {"SECRET_KEY": secrets.token_urlsafe(50)}
        return {"SECRET_KEY": self._read(self.env.str, "SECRET_KEY")}

    def _allowed_hosts(self) -> dict[str, Any]:
        name = "ALLOWED_HOSTS"
        strict = self.environment == "production"
        default = [] if self.environment == "build" else [*LOCAL_HOSTS]
        options = {} if strict else {"default": default}
        hosts = []
        for number, entry in enumerate(self._read(self.env.list, name, **options) or [], start=1):
            host, problem = _read_allowed_host(entry, strict=strict)
            if problem:
                self._refuse(name, f"has an entry (number {number}) that {problem}")
            hosts.append(host)
        return {name: hosts}

    def _csrf_trusted_origins(self) -> dict[str, Any]:
        name = "CSRF_TRUSTED_ORIGINS"
        origins = [_encoded(o) for o in self._read(self.env.list, name, default=[]) or []]
        for number, origin in enumerate(origins, start=1):
            problem = _origin_problem(origin, https=self.environment == "production")
            if problem:
                self._refuse(name, f"has an entry (number {number}) that {problem}")
        return {name: origins}

    def _databases(self) -> dict[str, Any]:
        config = self._read(self.env.db_url, "DATABASE_URL", default=None)
        if config is None:
            return {}
        if config["ENGINE"].endswith(_POSTGRESQL_ENGINES) and _is_remote(config):
            config.setdefault("OPTIONS", {}).setdefault("sslmode", "require")
        return {"DATABASES": {"default": config}}

    def _caches(self) -> dict[str, Any]:
        config = self._read(self.env.cache_url, "CACHE_URL", default=None)
        redis = self._read(self.env.cache_url, "REDIS_URL", default=None)
        default = config or redis
        return {"CACHES": {"default": default}} if default else {}

    def _mail(self) -> dict[str, Any]:
        fallback = None if self.environment == "production" else "consolemail://"
        config = self._read(self.env.email_url, "EMAIL_URL", default=fallback)
        if config is None:
            return {}
        return mail_settings(config, mailers=django.VERSION >= (6, 1))

    def _trusted_proxies(self) -> dict[str, Any]:
        name = "HARDENED_TRUSTED_PROXIES"
        words = self._read(self.env.list, name, default=[]) or []
        entries, wrong = read_words(words)
        for number, problem in wrong:
            self._refuse(name, f"has an entry (number {number}) that {problem}")
        return {name: entries}

    def _canonical_origin(self) -> dict[str, Any]:
        name = "HARDENED_CANONICAL_ORIGIN"
        value = self._read(self.env.str, name, default=None)
        if value is None:
            return {}
        try:
            return {name: str(parse_origin(value, idna=True))}
        except InvalidHost as error:
            self._refuse(name, str(error))
            return {}

    def _policy_mode(self) -> dict[str, Any]:
        name = "HARDENED_CSP_MODE"
        mode = self._read(self.env.str, name, default=None, choices=POLICY_MODES)
        return {name: mode} if mode else {}

    def _forwarded_header(self) -> dict[str, Any]:
        name = "HARDENED_FORWARDED_HEADER"
        default = FORWARDED_HEADERS[0]
        return {name: self._read(self.env.str, name, default=default, choices=FORWARDED_HEADERS)}


def _read_allowed_host(entry: str, *, strict: bool) -> tuple[str, str | None]:
    """Return an entry of ``ALLOWED_HOSTS`` in ASCII, and what is wrong with it.

    Whom else it admits matters only where it is ``strict``; that it admits nobody always does.
    """
    try:
        host = encode_idna(entry)
    except InvalidHost as error:
        return entry, str(error)
    if strict and host == "*":
        return host, "admits every host"
    if strict and is_overbroad(host):
        return host, "admits hosts of strangers"
    return host, pattern_problem(host)


def mail_settings(config: dict[str, Any], *, mailers: bool) -> dict[str, Any]:
    """Turn django-environ's ``EMAIL_*`` into ``MAILERS`` (Django 6.1), or leave them as they are.

    Django 6.1 refuses a project that has both, so it is one or the other.
    """
    options = {key.lower(): value for key, value in config.get("OPTIONS", {}).items()}
    legacy = {key: value for key, value in config.items() if value and key != "OPTIONS"}
    if not mailers:
        return legacy | {f"EMAIL_{key.upper()}": value for key, value in options.items()}
    options |= {_MAILER_OPTIONS[key]: legacy[key] for key in _MAILER_OPTIONS.keys() & legacy}
    return {"MAILERS": {"default": {"BACKEND": legacy["EMAIL_BACKEND"], "OPTIONS": options}}}


def _encoded(origin: str) -> str:
    """Return ``origin`` with its host as browsers send it, where it has such a form."""
    scheme, separator, authority = origin.partition("://")
    host, colon, port = authority.partition(":")
    with suppress(InvalidHost):
        host = "*." + encode_idna(host[2:]) if host.startswith("*.") else encode_idna(host)
    return f"{scheme}{separator}{host}{colon}{port}"


def _origin_problem(origin: str, *, https: bool) -> str | None:
    """Say what is wrong with an entry of ``CSRF_TRUSTED_ORIGINS`` (RFC 6454 section 6.2)."""
    scheme, separator, authority = origin.partition("://")
    if not separator or scheme not in ("http", "https"):
        return "does not begin with https://"
    if https and scheme != "https":
        return "is not https"
    if set("/?#@") & set(authority):
        return "is more than a scheme, a host and a port"
    if authority.startswith("*."):
        authority = authority[2:]
        if is_overbroad(f".{authority}"):
            return "trusts hosts of strangers"
    try:
        parse_host(authority)
    except InvalidHost as error:
        return f"has a host that {error}"
    return None


def _is_remote(config: dict[str, Any]) -> bool:
    """Whether any of the database's hosts is on another machine.

    libpq takes them from the URL's options too, and several separated by commas.
    """
    options = config.get("OPTIONS", {})
    named = (config["HOST"], options.get("host"), options.get("hostaddr"))
    hosts = [host for hosts in named if hosts for host in str(hosts).split(",")]
    return any(host and host[0] not in "/@" and not _is_local_name(host) for host in hosts)


def _is_local_name(host: str) -> bool:
    bare = host.strip("[]").lower()
    return is_loopback(f"[{bare}]" if ":" in bare else bare)
