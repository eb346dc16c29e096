"""6xx: what is for development or hides what happens, and runs in production all the same."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.utils.functional import Promise

from django_hardened.checks.classes import is_always_true, is_subclass, listed
from django_hardened.checks.rules import Rule
from django_hardened.waivers import DRAFT_DAYS, today

E601 = Rule(
    "E601",
    "{subject} is in MIDDLEWARE: {effect}.",
    "Add it in the development settings only: if DEBUG: MIDDLEWARE = [{subject!r}, *MIDDLEWARE]",
    setting="MIDDLEWARE",
    asvs="13.4.2",
    cwe=489,
)
W605 = Rule(
    "W605",
    "{subject} is in MIDDLEWARE, and only {guard} keeps it from showing what it knows.",
    "Add it in the development settings only: if DEBUG: MIDDLEWARE = [{subject!r}, *MIDDLEWARE]",
    setting="MIDDLEWARE",
    asvs="13.4.2",
    cwe=489,
)
W602 = Rule(
    "W602",
    "{subject} is in INSTALLED_APPS: {effect}.",
    "Add it in the development settings only: if DEBUG: INSTALLED_APPS += [{subject!r}]",
    setting="INSTALLED_APPS",
    asvs="13.4.2",
    cwe=489,
)
I606 = Rule(
    "I606",
    "{subject} is installed: {effect}.",
    "Where production has no use for it: if DEBUG: INSTALLED_APPS += [{subject!r}]",
    setting="INSTALLED_APPS",
    asvs="13.4.2",
)
W603 = Rule(
    "W603",
    "SILENCED_SYSTEM_CHECKS has {entries}: without a reason, an owner or an end.",
    'HARDENED_WAIVERS = [{{"id": {first!r}, "reason": "<why it may stand>", "owner": "<who>", '
    '"expires": "{expires}"}}]  # what a proxy does needs none: HARDENED_EDGE = '
    '{{"ssl_redirect", "hsts"}}',
    setting="SILENCED_SYSTEM_CHECKS",
)
W604 = Rule(
    "W604",
    "WHITENOISE_AUTOREFRESH is on: each request for a static file searches the disk again.",
    "WHITENOISE_AUTOREFRESH = False  # or leave it out: it follows DEBUG",
    setting="WHITENOISE_AUTOREFRESH",
    asvs="13.4.2",
)
RULES = (E601, W605, W602, I606, W603, W604)

_TOOLBAR = "debug_toolbar.middleware.DebugToolbarMiddleware"
_SILK = "silk.middleware.SilkyMiddleware"
_PYINSTRUMENT = "pyinstrument.middleware.ProfilerMiddleware"
_SHOWN = "it shows settings, queries and headers"
_MIDDLEWARE = {
    _TOOLBAR: f"{_SHOWN} to everybody",
    _SILK: "it records every request, with cookies and passwords",
    _PYINSTRUMENT: "?profile shows the code to whoever asks",
}
_APPS = {
    "debug_toolbar": _SHOWN,
    "debug_permissions": "it shows who may do what",
    "devserver": "it is a development server",
    "django_browser_reload": "it has browsers keep a connection open to wait for changes",
    "django_pdb": "it opens a debugger",
    "django_sslserver": "it is a development server",
    "livereload": "it puts a script into every page",
    "permission_tracer": "it shows who may do what",
    "silk": "it records every request, with cookies and passwords",
    "sslserver": "it is a development server",
}
_APPS_WITH_A_USE = {"django.contrib.admindocs": "it describes models, views and templates to staff"}
_RUNSERVER_PLUS = "with Werkzeug beside it, runserver_plus runs code for who knows its PIN"
# Django's own that are about security without saying so in their name.
_SECURITY_CHECKS = ("async.E001", "caches.W002", "mail.E001")


def check_development_middleware(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for entry, known in _profilers():
        guard = _guard(known)
        if guard:
            findings.append(W605.found(subject=entry, guard=guard))
        else:
            findings.append(E601.found(subject=entry, effect=_MIDDLEWARE[known]))
    return findings


def _guard(known: str) -> str:
    """Say what decides who sees the tool; "" if nothing does."""
    if known == _SILK:
        names = ("SILKY_AUTHENTICATION", "SILKY_AUTHORISATION")
        return names[1] if all(getattr(settings, name, False) for name in names) else ""
    if known == _PYINSTRUMENT:
        callback = getattr(settings, "PYINSTRUMENT_SHOW_CALLBACK", None)
        return "PYINSTRUMENT_SHOW_CALLBACK" if callback and not is_always_true(callback) else ""
    callback = dict(getattr(settings, "DEBUG_TOOLBAR_CONFIG", {})).get("SHOW_TOOLBAR_CALLBACK")
    if callback is None:  # its own asks DEBUG, and E001 is about that
        return "" if settings.DEBUG else "DEBUG"
    return "" if is_always_true(callback) else "SHOW_TOOLBAR_CALLBACK"


def _profilers() -> list[tuple[str, str]]:
    """Return the entries of ``MIDDLEWARE`` that are such a tool, each with its own name."""
    return [
        (entry, known)
        for entry in listed("MIDDLEWARE")
        for known in _MIDDLEWARE
        if is_subclass(entry, known)
    ]


def check_development_apps(**kwargs: Any) -> list[CheckMessage]:
    # The app of a middleware that E601 is about is the same problem.
    told = {known.partition(".")[0] for _, known in _profilers()}
    apps = {name: effect for name, effect in _APPS.items() if name not in told}
    with_a_use = dict(_APPS_WITH_A_USE)
    if find_spec("werkzeug"):
        with_a_use["django_extensions"] = _RUNSERVER_PLUS
    return [
        rule.found(subject=entry, effect=effect)
        for entry in listed("INSTALLED_APPS")
        for rule, known in ((W602, apps), (I606, with_a_use))
        for name, effect in known.items()
        if entry == name or entry.startswith(f"{name}.apps.")
    ]


def check_silenced_checks(**kwargs: Any) -> list[CheckMessage]:
    value: Any = settings.SILENCED_SYSTEM_CHECKS
    # Django asks whether the id is in it, and so does a text say yes.
    is_text = isinstance(value, str | Promise)
    silenced = re.findall(r"\w+\.\w+", str(value)) if is_text else listed("SILENCED_SYSTEM_CHECKS")
    entries = [*dict.fromkeys(filter(is_about_security, silenced))]
    if not entries:
        return []
    expires = today() + timedelta(days=DRAFT_DAYS)
    return [W603.found(entries=", ".join(entries), first=entries[0], expires=expires.isoformat())]


def is_about_security(check_id: str) -> bool:
    """Whether a check with this id, Django's or ours, guards security."""
    app = check_id.partition(".")[0]
    return app in ("security", "django_hardened") or check_id in _SECURITY_CHECKS


def check_whitenoise(**kwargs: Any) -> list[CheckMessage]:
    # Where DEBUG is on, E001 has said so.
    on = getattr(settings, "WHITENOISE_AUTOREFRESH", False) and not settings.DEBUG
    return [W604.found()] if on else []


CHECKS = (
    check_development_middleware,
    check_development_apps,
    check_silenced_checks,
    check_whitenoise,
)
