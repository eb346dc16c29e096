"""5xx: mail: where it goes, and whether its password travels in the clear."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import django
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass
from django_hardened.checks.dictionaries import entries, options_of
from django_hardened.checks.rules import Rule
from django_hardened.checks.services import is_default_password, is_remote

E540 = Rule(
    "E540",
    "The mailer {subject!r} sends its password to {host} without TLS: whoever listens on the way "
    "can send mail in your name.",
    "{fix}  # with port 587",
    asvs="12.3.1",
    cwe=319,
)
E541 = Rule(
    "E541",
    "The mailer {subject!r} has a password for {host} that everybody tries first.",
    "Put the one that the provider gave you into the environment, as EMAIL_URL or "
    "EMAIL_HOST_PASSWORD.",
    asvs="13.2.3",
    cwe=1392,
)
W542 = Rule(
    "W542",
    "The mailer {subject!r} sends nothing: {backend} is for development, and nobody receives a "
    "password reset.",
    "{fix}",
)
W543 = Rule(
    "W543",
    "The mailer {subject!r} talks to {host} without TLS: links to reset passwords can be read on "
    "the way.",
    "{fix}  # with port 587",
    asvs="12.3.1",
    cwe=319,
)
RULES = (E540, E541, W542, W543)

_BACKENDS = "django.core.mail.backends."
_SMTP = f"{_BACKENDS}smtp.EmailBackend"
_DEVELOPMENT = tuple(
    f"{_BACKENDS}{name}.EmailBackend" for name in ("console", "dummy", "filebased", "locmem")
)


class _Mailer(NamedTuple):
    """One mailer, in the words of ``MAILERS`` whatever it was configured with."""

    alias: str
    backend: str
    options: dict[str, Any]
    is_legacy: bool

    def find(self, rule: Rule, fix: _Fix, **particulars: object) -> CheckMessage:
        """Return a finding whose hint is a line for the setting that configures this mailer."""
        setting = fix.legacy if self.is_legacy else "MAILERS"
        target = setting if self.is_legacy else f"MAILERS[{self.alias!r}]{fix.keys}"
        line = f"{target} = {fix.value!r}"
        return rule.found(setting=setting, subject=self.alias, fix=line, **particulars)


class _Fix(NamedTuple):
    """What to assign: to an ``EMAIL_*`` setting, or under these keys of a mailer."""

    legacy: str
    keys: str
    value: object


_USE_SMTP = _Fix("EMAIL_BACKEND", '["BACKEND"]', _SMTP)
_USE_TLS = _Fix("EMAIL_USE_TLS", '["OPTIONS"]["use_tls"]', True)


def _mailers() -> Iterator[_Mailer]:
    if hasattr(settings, "MAILERS") and django.VERSION >= (6, 1):  # EMAIL_* are out of force then
        for alias, config in entries(getattr(settings, "MAILERS", None)):
            backend = str(config.get("BACKEND", _SMTP))
            yield _Mailer(alias, backend, options_of(config), is_legacy=False)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that they are deprecated, Django says elsewhere
        options = {
            "host": settings.EMAIL_HOST,
            "username": settings.EMAIL_HOST_USER,
            "password": settings.EMAIL_HOST_PASSWORD,
            "use_tls": settings.EMAIL_USE_TLS,
            "use_ssl": settings.EMAIL_USE_SSL,
        }
        yield _Mailer("default", str(settings.EMAIL_BACKEND), options, is_legacy=True)


def check_mail_backends(**kwargs: Any) -> list[CheckMessage]:
    return [
        mailer.find(W542, _USE_SMTP, backend=mailer.backend)
        for mailer in _mailers()
        if is_subclass(mailer.backend, *_DEVELOPMENT)
        and not is_subclass(mailer.backend, _SMTP)
        and not _is_found_by_django(mailer)
    ]


def _is_found_by_django(mailer: _Mailer) -> bool:
    """Whether ``mail.E001`` says the same: of the default mailer, by its dotted path."""
    return not mailer.is_legacy and mailer.alias == "default" and mailer.backend in _DEVELOPMENT


def check_mail_transport(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for mailer in _mailers():
        options = mailer.options
        host = str(options.get("host") or "")
        if not is_subclass(mailer.backend, _SMTP) or not is_remote(host):
            continue
        user, password = (str(options.get(key) or "") for key in ("username", "password"))
        if not (options.get("use_tls") or options.get("use_ssl")):
            rule = E540 if user and password else W543
            findings.append(mailer.find(rule, _USE_TLS, host=host))
        if is_default_password(password, user):
            where = "EMAIL_HOST_PASSWORD" if mailer.is_legacy else "MAILERS"
            findings.append(E541.found(setting=where, subject=mailer.alias, host=host))
    return findings


CHECKS = (check_mail_backends, check_mail_transport)
