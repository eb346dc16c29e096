"""A finding as the machine-readable reports see it: one row, the same in each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.core import checks

from django_hardened.assignments import locate
from django_hardened.checks import RULES
from django_hardened.conf import conf
from django_hardened.dotenv import Place
from django_hardened.gate import Verdict, subject_of
from django_hardened.repository import relative
from django_hardened.waivers import Waiver, encodable

HOME = "https://github.com/django-hardened/django-hardened"
RULES_BY_ID = {rule.id: rule for rule in RULES}

_DOCS = f"{HOME}/blob/main/docs/reference/checks.md"
_LEVELS = (
    (checks.CRITICAL, "critical"),
    (checks.ERROR, "error"),
    (checks.WARNING, "warning"),
    (checks.INFO, "info"),
)
# What Django's own security checks are about; their messages do not say it apart.
_SETTINGS_OF_DJANGO = {
    **{twin: rule.setting for rule in RULES for twin in rule.replaces},
    "security.W005": "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "security.W021": "SECURE_HSTS_PRELOAD",
    "security.E023": "SECURE_REFERRER_POLICY",
    "security.E024": "SECURE_CROSS_ORIGIN_OPENER_POLICY",
    "security.E026": "SECURE_CSP",
    "security.E101": "CSRF_FAILURE_VIEW",
    "security.E102": "CSRF_FAILURE_VIEW",
    "caches.W002": "CACHES",
    "mail.E001": "MAILERS",
}
# The variables that hardened_settings() makes them of.
_EMAIL = ("EMAIL_URL",)
_VARIABLES = {
    "DATABASES": ("DATABASE_URL",),
    "CACHES": ("CACHE_URL", "REDIS_URL"),
    "MAILERS": _EMAIL,
    "EMAIL_BACKEND": _EMAIL,
    "EMAIL_USE_TLS": _EMAIL,
    "EMAIL_HOST_PASSWORD": _EMAIL,
}


class Row(NamedTuple):
    """The fields of a finding in the JSON report, version 1."""

    id: str
    level: str
    message: str
    hint: str | None
    setting: str | None
    subject: str | None
    file: str | None
    line: int | None
    docs: str | None
    asvs: str | None
    cwe: int | None
    waiver: dict[str, str] | None

    @property
    def text(self) -> str:
        """The message, and the hint on the next line if there is one."""
        return f"{self.message}\n{self.hint}" if self.hint else self.message


def rows(verdicts: Iterable[Verdict]) -> list[Row]:
    """Return a row for each finding that is not silenced, the most serious first."""
    # Django keeps its checks in a set: the order in which they ran is chance.
    shown = sorted((verdict for verdict in verdicts if not verdict.is_silenced), key=_rank)
    return [_row(verdict) for verdict in shown]


def _rank(verdict: Verdict) -> tuple[int, str, str, str]:
    message = verdict.message
    return -message.level, str(message.id), subject_of(message), str(message.msg)


def edge_names() -> str:
    """Return the words of ``HARDENED_EDGE``, joined by commas."""
    return ", ".join(sorted(conf.edge))


def edge_line() -> str | None:
    """Return what ``HARDENED_EDGE`` declares, in a sentence."""
    words = edge_names()
    return f"Declared to be done by a proxy in front: {words}." if words else None


def place_of(setting: str, subject: str = "") -> tuple[str | None, int | None]:
    """Return where the value comes from: the settings source, or the ``.env`` file.

    ``subject`` is the part of the value that is meant, such as an alias or a key.
    """
    location = locate(setting, subject) if setting else None
    if location:
        return relative(location.file), location.line
    sources = conf.env_sources if isinstance(conf.env_sources, Mapping) else {}
    names = (name for name in (setting, *_VARIABLES.get(setting, ())) if name in sources)
    place = next((sources[name].place for name in names), None)
    if isinstance(place, Place):
        return relative(place.path), place.line
    return (relative(place) if place else None), None


def _row(verdict: Verdict) -> Row:
    message, identifier = verdict.message, encodable(str(verdict.message.id or ""))
    setting = getattr(message, "setting", "") or _SETTINGS_OF_DJANGO.get(identifier, "")
    file, line = place_of(setting, subject_of(message))
    rule = RULES_BY_ID.get(identifier)
    return Row(
        id=identifier,
        level=next((name for level, name in _LEVELS if message.level >= level), "debug"),
        message=encodable(str(message.msg)),
        hint=encodable(str(message.hint)) if message.hint else None,
        setting=setting or None,
        subject=subject_of(message) or None,
        file=file,
        line=line,
        docs=f"{_DOCS}#{identifier.replace('.', '').lower()}" if rule else None,
        asvs=(rule.asvs or None) if rule else None,
        cwe=(rule.cwe or None) if rule else None,
        waiver=_describe(verdict.waiver) if verdict.waiver else None,
    )


def _describe(waiver: Waiver) -> dict[str, str]:
    return {
        "reason": encodable(waiver.reason),
        "owner": encodable(waiver.owner),
        "expires": waiver.expires.isoformat(),
    }
