"""Content security policies as the settings give them, whichever package reads them.

Django's own ``SECURE_CSP`` (6.0), django-csp 4's ``CONTENT_SECURITY_POLICY`` and django-csp 3's
``CSP_*`` become one form here. How browsers read a policy: https://www.w3.org/TR/CSP3/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from django_hardened.checks import stack
from django_hardened.checks.dictionaries import mapping

OWN = "HARDENED_CSP"
HEADERS = "django_hardened.middleware.HeadersMiddleware"
_NONCE = "'nonce-"
# How Django and django-csp mark the place of the nonce in their settings, in lower case.
_SENTINELS = frozenset({"<csp_nonce_sentinel>", "csp.constants.nonce"})
_HASH = re.compile(r"'sha(?:256|384|512)-")
# A policy without it gets it from django-csp. Django adds nothing.
_DJANGO_CSP_DEFAULT = {"default-src": ("'self'",)}
_SCRIPT_DIRECTIVES = ("script-src", "script-src-elem", "script-src-attr")
# Whoever can have a host has one at such a source.
ANYWHERE = frozenset({"*", "*:*", "data:", "http:", "http://*", "http://*:*"})
ANY_HTTPS = frozenset({"https:", "https://*", "https://*:*"})
_IN_3 = (
    *("default-src", *_SCRIPT_DIRECTIVES, "object-src", "base-uri", "frame-ancestors"),
    *("style-src", "img-src", "connect-src", "font-src", "frame-src", "form-action"),
)


@dataclass(frozen=True)
class Policy:
    """One policy: directives in lower case, each with its sources in lower case.

    Attributes:
        setting: the setting that holds it.
        is_core: whether Django itself reads the setting.
        is_enforced: whether browsers obey it, or only report what it would have stopped.
    """

    setting: str
    directives: Mapping[str, tuple[str, ...]]
    is_core: bool = False
    is_enforced: bool = True

    @property
    def has_nonce(self) -> bool:
        """Whether any directive asks for the nonce of the response."""
        return any(source == _NONCE for sources in self.directives.values() for source in sources)

    @property
    def script_directives(self) -> tuple[str, ...]:
        """The directives that decide which scripts run; none where nothing restricts them."""
        own = tuple(name for name in _SCRIPT_DIRECTIVES if name in self.directives)
        if "script-src" in own or "default-src" not in self.directives:
            return own
        return ("default-src", *own)

    def effective_sources(self, directive: str) -> tuple[str, ...]:
        """Return the sources of ``directive`` that browsers do not ignore.

        A nonce or a hash switches ``'unsafe-inline'`` off, and ``'strict-dynamic'`` beside it
        every host and scheme (CSP3 section 8.2); what is still written is for old browsers.
        """
        sources = self.directives[directive]
        trusted = [s for s in sources if s.startswith(_NONCE) or _HASH.match(s)]
        if not trusted:
            return sources
        if "'strict-dynamic'" in sources:
            return tuple(s for s in sources if s.startswith("'") and s != "'unsafe-inline'")
        return tuple(s for s in sources if s != "'unsafe-inline'")


def admits_anybody(sources: tuple[str, ...]) -> bool:
    """Whether ``sources`` have one that every host on https matches."""
    return not (ANYWHERE | ANY_HTTPS).isdisjoint(sources)


def policies() -> list[Policy]:
    """Return every policy of the settings; what is no policy at all is left out."""
    found = [
        _own_policy(),
        _core_policy("SECURE_CSP", is_enforced=True),
        _core_policy("SECURE_CSP_REPORT_ONLY", is_enforced=False),
        _package_policy("CONTENT_SECURITY_POLICY", is_enforced=True),
        _package_policy("CONTENT_SECURITY_POLICY_REPORT_ONLY", is_enforced=False),
        _old_policy(),
    ]
    return [policy for policy in found if policy is not None]


def _own_policy() -> Policy | None:
    """Return ``HARDENED_CSP`` where it is sent: a setting of Django's takes its place."""
    is_reported = getattr(settings, "HARDENED_CSP_MODE", None) == "report-only"
    value = getattr(settings, OWN, None)
    of_django = "SECURE_CSP_REPORT_ONLY" if is_reported else "SECURE_CSP"
    is_sent = stack.has(HEADERS) and not getattr(settings, of_django, None)
    if not is_sent or not isinstance(value, Mapping) or not value:
        return None
    return Policy(OWN, _directives(value), is_enforced=not is_reported)


def _core_policy(setting: str, *, is_enforced: bool) -> Policy | None:
    value = getattr(settings, setting, None)
    if not isinstance(value, Mapping) or not value:
        return None
    return Policy(setting, _directives(value), is_core=True, is_enforced=is_enforced)


def _package_policy(setting: str, *, is_enforced: bool) -> Policy | None:
    value = getattr(settings, setting, None)
    if not isinstance(value, Mapping) or not value:
        return None
    own = _directives(mapping(value.get("DIRECTIVES")))
    return Policy(setting, {**_DJANGO_CSP_DEFAULT, **own}, is_enforced=is_enforced)


def _old_policy() -> Policy | None:
    names = {directive: f"CSP_{directive.upper().replace('-', '_')}" for directive in _IN_3}
    values = {directive: getattr(settings, name, None) for directive, name in names.items()}
    own = _directives(values)
    if not own:
        return None
    for directive in _listed(getattr(settings, "CSP_INCLUDE_NONCE_IN", None)):
        own[directive] = (*own.get(directive, ()), _NONCE)
    setting = names[next(iter(own))]
    is_enforced = not getattr(settings, "CSP_REPORT_ONLY", False)
    return Policy(setting, {**_DJANGO_CSP_DEFAULT, **own}, is_enforced=is_enforced)


def _directives(value: Mapping[Any, Any]) -> dict[str, tuple[str, ...]]:
    """Read a dictionary as Django's ``build_policy`` does: None and False leave a directive out."""
    return {
        str(name).strip().lower(): tuple(_source(word) for word in _listed(sources))
        for name, sources in value.items()
        if sources is not None and sources is not False
    }


def _listed(value: Any) -> list[str]:
    """Return the words of a string, or of a collection of strings; none for ``True``."""
    if value is None or value is True:
        return []
    entries = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return [word for entry in entries for word in str(entry).lower().split()]


def _source(word: str) -> str:
    return _NONCE if word in _SENTINELS else word
