"""6xx: what the URLconf has that is meant for development."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.views import serve as serve_staticfiles
from django.core.checks import CheckMessage
from django.urls import URLPattern, URLResolver, get_resolver
from django.views.static import serve

from django_hardened.checks.project_files import secrets_in
from django_hardened.checks.rules import Rule
from django_hardened.checks.setting_types import has_urls

W660 = Rule(
    "W660",
    "The URL {subject!r} has Django hand out files: slow, and with no care for what the browser "
    "makes of them.",
    "Let the web server or WhiteNoise do it. For development, urlpatterns += "
    "static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT) is there only while DEBUG is "
    "on.",
    cwe=430,
)
E661 = Rule(
    "E661",
    "The URL {subject!r} lists the files of a folder to everybody (show_indexes).",
    "Remove show_indexes from its arguments.",
    asvs="13.4.3",
    cwe=548,
)
E662 = Rule(
    "E662",
    "The URL {subject!r} shows everybody the requests that Silk recorded, with cookies and "
    "passwords.",
    "SILKY_AUTHENTICATION = SILKY_AUTHORISATION = True  # or leave Silk out of production",
    setting="SILKY_AUTHENTICATION",
    asvs="13.4.5",
    cwe=497,
)
E663 = Rule(
    "E663",
    "The URL {subject!r} hands out {folder}, in which {what} lies: whoever asks for it gets it.",
    "Point document_root to a folder of its own that holds no code and no secrets; then change "
    "every secret in {folder}.",
    setting="ROOT_URLCONF",
    asvs="13.4.1",
    cwe=552,
)
W664 = Rule(
    "W664",
    "The URL {subject!r} is of {tool}: {effect}.",
    "Add it to urlpatterns while settings.DEBUG is on only.",
    setting="ROOT_URLCONF",
    asvs="13.4.2",
    cwe=489,
)
I665 = Rule(
    "I665",
    "The URL {subject!r} is of {tool}, and {effect}.",
    "Where production has no use for it, add it to urlpatterns while settings.DEBUG is on only.",
    setting="ROOT_URLCONF",
    asvs="13.4.2",
)
RULES = (W660, E661, E662, E663, W664, I665)

# The modules of their views; each has several, and its first URL says enough.
_TOOLS = {
    "debug_toolbar": (W664, "it shows settings, queries and headers to whom it lets in"),
    "django_browser_reload": (W664, "it has browsers keep a connection open to wait for changes"),
    "django.contrib.admindocs": (I665, "it describes models, views and templates to staff"),
}


def check_static_views(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG:  # static() adds its patterns then, and E001 has said all there is to say
        return []
    findings = []
    for route, pattern in _patterns():
        view, arguments = _view_of(pattern)
        if secrets := _check_document_root(route, pattern):
            findings += secrets
        elif view is serve:
            rule = E661 if arguments.get("show_indexes") else W660
            findings.append(rule.found(subject=route))
        elif view is serve_staticfiles and arguments.get("insecure"):
            findings.append(W660.found(subject=route))
    return findings


def _check_document_root(route: str, pattern: URLPattern) -> list[CheckMessage]:
    # Also below a login: whoever has an account may not read them either.
    view, arguments = _view_of(pattern, decorated=True)
    root = arguments.get("document_root") if view is serve else None
    what = secrets_in(Path(str(root))) if root else ""
    return [E663.found(subject=route, folder=str(root), what=what)] if what else []


def check_silk(**kwargs: Any) -> list[CheckMessage]:
    if getattr(settings, "SILKY_AUTHENTICATION", False):
        return []
    routes = (
        route
        for route, pattern in _patterns()
        if (getattr(_view_of(pattern)[0], "__module__", None) or "").startswith("silk.views")
    )
    return [E662.found(subject=route) for route in list(routes)[:1]]  # they come by the dozen


def _view_of(pattern: URLPattern, *, decorated: bool = False) -> tuple[object, dict[str, Any]]:
    """Return the view as it was given, without ``partial``, and its fixed arguments.

    With ``decorated`` also without its decorators.
    """
    view: Any = pattern.callback
    arguments: dict[str, Any] = {}
    while isinstance(view, partial) or (decorated and hasattr(view, "__wrapped__")):
        if isinstance(view, partial):
            arguments = {**view.keywords, **arguments}
        view = view.func if isinstance(view, partial) else view.__wrapped__
    return view, {**arguments, **pattern.default_args}


def _patterns() -> Iterator[tuple[str, URLPattern]]:
    if has_urls():
        yield from _walk(get_resolver(), "")


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            yield route, pattern


def check_development_tools(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG:  # as for static()
        return []
    found: dict[str, CheckMessage] = {}
    for route, pattern in _patterns():
        module = getattr(_view_of(pattern)[0], "__module__", None) or ""
        for tool, (rule, effect) in _TOOLS.items():
            if f"{module}.".startswith(f"{tool}.") and tool not in found:
                found[tool] = rule.found(subject=route, tool=tool, effect=effect)
    return [*found.values()]


def is_development_tool(view: str) -> bool:
    """Whether the view with this dotted name is of a tool that has a rule of its own here."""
    return view.startswith((*(f"{tool}." for tool in _TOOLS), "silk."))


CHECKS = (check_static_views, check_silk, check_development_tools)
