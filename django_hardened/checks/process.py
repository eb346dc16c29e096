"""6xx: what is for development or hides what happens, and runs in production all the same."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass, listed
from django_hardened.checks.rules import Rule

E601 = Rule(
    "E601",
    "{subject} is in MIDDLEWARE: {effect}.",
    "Add it in the development settings only: if DEBUG: MIDDLEWARE = [..., {subject!r}]",
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
W603 = Rule(
    "W603",
    "SILENCED_SYSTEM_CHECKS has {subject!r}: without a reason, an owner or an end.",
    'HARDENED_EDGE = {{"ssl_redirect", "hsts"}} says what a proxy does; HARDENED_WAIVERS = '
    '[{{"id": {subject!r}, "reason": "...", "owner": "...", "expires": "..."}}] the rest.',
    setting="SILENCED_SYSTEM_CHECKS",
)
W604 = Rule(
    "W604",
    "WHITENOISE_AUTOREFRESH is on: each request for a static file searches the disk again.",
    "WHITENOISE_AUTOREFRESH = False, or leave it out: it follows DEBUG.",
    setting="WHITENOISE_AUTOREFRESH",
    asvs="13.4.2",
)
RULES = (E601, W602, W603, W604)

_SHOWN = "it shows settings, queries and headers"
_MIDDLEWARE = {
    "debug_toolbar.middleware.DebugToolbarMiddleware": f"{_SHOWN} to whomever its callback admits",
    "silk.middleware.SilkyMiddleware": "it records every request, with cookies and passwords",
    "pyinstrument.middleware.ProfilerMiddleware": "?profile shows the code to whoever asks",
}
_APPS = {
    "debug_toolbar": _SHOWN,
    "debug_permissions": "it shows who may do what",
    "devserver": "it is a development server",
    "django.contrib.admindocs": "it describes models, views and templates to staff",
    "django_browser_reload": "it has browsers keep a connection open to wait for changes",
    "django_pdb": "it opens a debugger",
    "django_sslserver": "it is a development server",
    "livereload": "it puts a script into every page",
    "permission_tracer": "it shows who may do what",
    "silk": "it records every request, with cookies and passwords",
    "sslserver": "it is a development server",
}
_RUNSERVER_PLUS = "with Werkzeug beside it, runserver_plus runs code for who knows its PIN"
# Django's own that are about security without saying so in their name.
_SECURITY_CHECKS = ("async.E001", "caches.W002", "mail.E001")


def check_development_middleware(**kwargs: Any) -> list[CheckMessage]:
    return [E601.found(subject=entry, effect=_MIDDLEWARE[known]) for entry, known in _profilers()]


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
    if find_spec("werkzeug"):
        apps["django_extensions"] = _RUNSERVER_PLUS
    return [
        W602.found(subject=entry, effect=effect)
        for entry in listed("INSTALLED_APPS")
        for name, effect in apps.items()
        if entry == name or entry.startswith(f"{name}.apps.")
    ]


def check_silenced_checks(**kwargs: Any) -> list[CheckMessage]:
    silenced = dict.fromkeys(listed("SILENCED_SYSTEM_CHECKS"))
    return [W603.found(subject=entry) for entry in silenced if is_about_security(entry)]


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
