"""The plan of response headers, made of the settings: late, once, and anew when one changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from django_hardened import browser_headers, csp
from django_hardened.conf import conf
from django_hardened.cookies import CookieRules, read_declarations
from django_hardened.defaults import POLICY_MODES
from django_hardened.header_plan import BROWSABLE_API, HeaderPlan, Policies

# Pages of others that are known to need changes, wherever they are found.
SCOPES: Final[Mapping[str, csp.Policy]] = {
    "admin": csp.ADMIN,
    "rest_framework": csp.BROWSABLE_API_LOGIN,
    BROWSABLE_API: csp.BROWSABLE_API,
}
CONTEXT_PROCESSORS: Final = (
    "django.template.context_processors.csp",
    "csp.context_processors.nonce",
)
_ENDPOINT: Final = "csp"
# RFC 3986, without what ends a directive, a policy, or the string in Reporting-Endpoints.
_ADDRESS: Final = re.compile(r"[!#-+\--:=?-\[\]_a-z~]+")

_plan: HeaderPlan | None = None


def header_plan() -> HeaderPlan:
    """Return what the settings say of response headers.

    Raises:
        ImproperlyConfigured: a setting cannot be used; the message names it.
    """
    global _plan  # noqa: PLW0603  # the one copy
    if _plan is None:
        _plan = _make()
    return _plan


def policy_to_edit() -> csp.Directives | None:
    """Return the policy that ``HARDENED_CSP`` is, or stands for: by its mode, enforced or reported.

    Raises:
        ImproperlyConfigured: as :func:`header_plan`.
    """
    policies = header_plan().policies
    own = policies.enforced if _mode() == "enforce" else policies.reported
    return own or policies.enforced or policies.reported


def forget(**kwargs: object) -> None:
    """Drop what was made of settings; connected to ``setting_changed``."""
    global _plan  # noqa: PLW0603
    _plan = None


setting_changed.connect(forget, dispatch_uid="django_hardened.header_settings")


def is_https() -> bool:
    """Whether visitors of the site come in over https only, by the settings that say so."""
    # As it is written: whether it can be read is another question, which others ask.
    origin = str(getattr(settings, "HARDENED_CANONICAL_ORIGIN", None))
    return bool(
        settings.SECURE_SSL_REDIRECT
        or settings.SECURE_HSTS_SECONDS
        or settings.SESSION_COOKIE_SECURE
        or not conf.edge.isdisjoint({"ssl_redirect", "hsts"})
        # A proxy of ours that says how the visitor came in is there for that.
        or (settings.SECURE_PROXY_SSL_HEADER and getattr(settings, "HARDENED_TRUSTED_PROXIES", ()))
        or origin.lower().startswith("https://")
    )


def _make() -> HeaderPlan:
    edge = conf.edge
    values = {} if "headers" in edge else _values()
    report_uri = _report_uri()
    policies = Policies(None) if "csp" in edge else _policies()
    if report_uri and policies != Policies(None):
        values["Reporting-Endpoints"] = f'{_ENDPOINT}="{report_uri}"'
    fields = browser_headers.fields(values, "always")
    return HeaderPlan(
        cache_control=fields.pop("cache-control", None),
        fields=fields,
        removed=frozenset(name.lower() for name, value in values.items() if value is None),
        https=browser_headers.fields(values, "https"),
        log_out=browser_headers.fields(values, "log-out") if is_https() else {},
        policies=policies,
        api=Policies(None if policies == Policies(None) else csp.read(csp.API)),
        scopes=_scopes(policies),
        finish=partial(_finish, is_https=is_https(), report_uri=report_uri),
        gives_nonces=_has_context_processor(),
        cookies=CookieRules(secure=is_https(), declared=_declared_cookies()),
        spares_failures=settings.DEBUG and django.VERSION < (6, 0),
        frame_option=_frame_option(),
    )


# -- Fields --------------------------------------------------------------------------------------


def _values() -> dict[str, str | None]:
    """Return the fields of the table with the values of the settings; None for what is off."""
    given = getattr(settings, "HARDENED_HEADERS", None) or {}
    try:
        changes = browser_headers.read_changes(given)
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"HARDENED_HEADERS {error}") from None
    values = {
        name: _of_django(row.setting, row.value) if row.setting else row.value
        for name, row in browser_headers.TABLE.items()
    }
    # Off unless asked for is not the same as turned off: a view's own value stays.
    return {**{name: value for name, value in values.items() if value is not None}, **changes}


def _of_django(setting: str, default: str | None) -> str | None:
    """Return the value that Django's middleware would send for ``setting``."""
    value = getattr(settings, setting, default)
    if not value:
        return None
    if setting == "SECURE_CONTENT_TYPE_NOSNIFF":
        return "nosniff"
    if setting == "X_FRAME_OPTIONS":
        return _frame_option()
    if setting == "SECURE_HSTS_SECONDS":
        parts = [
            f"max-age={value}",
            *(["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []),
            *(["preload"] if settings.SECURE_HSTS_PRELOAD else []),
        ]
        return "; ".join(parts)
    words = value.split(",") if isinstance(value, str) else value
    return ",".join(str(word).strip() for word in words)


def _frame_option() -> str:
    """Return ``X_FRAME_OPTIONS``; browsers ignore what they do not know, so that is DENY."""
    value = str(getattr(settings, "X_FRAME_OPTIONS", "DENY")).upper()
    return value if value in ("DENY", "SAMEORIGIN") else "DENY"


# -- Policies ------------------------------------------------------------------------------------


def _policies() -> Policies:
    """Return the policies of a page.

    ``HARDENED_CSP`` goes where ``HARDENED_CSP_MODE`` says, and gives way there to a setting of
    Django's, which nobody has who has not written it. Without it, the strict policy holds: an
    empty dictionary, and not an omission, turns it off.
    """
    given = getattr(settings, "HARDENED_CSP", None)
    own = _read("HARDENED_CSP", csp.STRICT if given is None else given)
    enforced, reported = _of_setting("SECURE_CSP"), _of_setting("SECURE_CSP_REPORT_ONLY")
    if _mode() == "enforce":
        return Policies(enforced or own, reported)
    return Policies(enforced, reported or own)


def _mode() -> str:
    mode = getattr(settings, "HARDENED_CSP_MODE", None) or POLICY_MODES[0]
    if mode not in POLICY_MODES:
        raise ImproperlyConfigured(
            f"HARDENED_CSP_MODE is neither {POLICY_MODES[0]!r} nor {POLICY_MODES[1]!r}"
        )
    return str(mode)


def _of_setting(name: str) -> csp.Directives | None:
    return _read(name, getattr(settings, name, None) or {})


def _read(name: str, value: Any) -> csp.Directives | None:
    try:
        return csp.read(value) or None
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"{name} {error}") from None


def _scopes(policies: Policies) -> dict[str, csp.Policy]:
    """Return ``HARDENED_CSP_SCOPES`` over the built-in ones, each tried."""
    given = getattr(settings, "HARDENED_CSP_SCOPES", None) or {}
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("HARDENED_CSP_SCOPES is no dictionary")
    scopes = {**SCOPES, **{str(scope): changes for scope, changes in given.items()}}
    for scope, changes in scopes.items():
        try:
            csp.change({}, changes)
        except (AttributeError, TypeError, ValueError) as error:
            raise ImproperlyConfigured(f"HARDENED_CSP_SCOPES[{scope!r}] {error}") from None
    return scopes


def _report_uri() -> str:
    uri = str(getattr(settings, "HARDENED_CSP_REPORT_URI", None) or "")
    if uri and not (uri.startswith(("/", "https://", "http://")) and _ADDRESS.fullmatch(uri)):
        raise ImproperlyConfigured("HARDENED_CSP_REPORT_URI is neither a path nor a URL")
    return uri


def _finish(policies: Policies, *, is_https: bool, report_uri: str) -> Policies:
    """Return ``policies`` without what does not hold here, and with where to report to."""
    reports = {"report-uri": (report_uri,), "report-to": (_ENDPOINT,)} if report_uri else {}

    def without(policy: csp.Directives, *names: str) -> csp.Directives:
        return {name: sources for name, sources in policy.items() if name not in names}

    enforced, reported = policies.enforced, policies.reported
    if enforced and not is_https:
        # A browser would look for each picture and script on a port that nobody listens on.
        enforced = without(enforced, "upgrade-insecure-requests")
    if reported:
        # Neither can be reported, and browsers complain.
        reported = without(reported, "upgrade-insecure-requests", "sandbox")
    return Policies(enforced, reported).each(lambda policy: {**reports, **policy})


def _has_context_processor() -> bool:
    """Whether templates get the nonce: a project's TEMPLATES are its own."""
    engines: Any = settings.TEMPLATES
    return any(
        str(processor) in CONTEXT_PROCESSORS
        for engine in engines
        for processor in engine.get("OPTIONS", {}).get("context_processors", ())
    )


# -- Cookies -------------------------------------------------------------------------------------


def _declared_cookies() -> dict[str, dict[str, Any]]:
    """Return what ``HARDENED_COOKIES`` says, over what Django's settings declare."""
    given = getattr(settings, "HARDENED_COOKIES", None) or {}
    try:
        declared = read_declarations(given)
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"HARDENED_COOKIES {error}") from None
    of_django: dict[str, dict[str, Any]] = {}
    for prefix in ("SESSION", "CSRF", "LANGUAGE"):
        samesite = getattr(settings, f"{prefix}_COOKIE_SAMESITE")
        is_open = isinstance(samesite, str) and samesite.lower() == "none"
        name = str(getattr(settings, f"{prefix}_COOKIE_NAME"))
        of_django[name] = {"samesite": "None"} if is_open else {}
    # Scripts send the token back in a field of the header.
    of_django[str(settings.CSRF_COOKIE_NAME)]["httponly"] = bool(settings.CSRF_COOKIE_HTTPONLY)
    return {
        name: {**of_django.get(name, {}), **declared.get(name, {})}
        for name in of_django.keys() | declared.keys()
    }
