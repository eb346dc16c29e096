"""2xx: the middleware that sends the response headers, ends logins and keeps other sites out."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

import django
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from django_hardened import cross_site, csp, header_settings, sessions
from django_hardened.checks import stack
from django_hardened.checks.browser_headers import effective_referrer_policy
from django_hardened.checks.classes import listed
from django_hardened.checks.csp_policies import HEADERS
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.conf import conf
from django_hardened.header_plan import HeaderPlan
from django_hardened.own_settings import OWN_SETTINGS

_LIFETIME: Final = "django_hardened.middleware.SessionLifetimeMiddleware"
_CROSS_SITE: Final = "django_hardened.middleware.CrossSiteMiddleware"
_AUTHENTICATION: Final = "django.contrib.auth.middleware.AuthenticationMiddleware"
_CSRF: Final = "django.middleware.csrf.CsrfViewMiddleware"
_OTHERS: Final = (
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "csp.middleware.CSPMiddleware",
)

E281 = Rule(
    "E281",
    "{problem}: no process of the site starts.",
    "Repair {setting}; the reference of settings says what it may be.",
)
W282 = Rule(
    "W282",
    "HARDENED_CSP is set, but HeadersMiddleware is not in MIDDLEWARE: browsers get no policy.",
    f'Put "{HEADERS}" at the top of MIDDLEWARE; if a proxy sends a policy: '
    'HARDENED_EDGE = {{"csp"}}.',
    setting="MIDDLEWARE",
    asvs="3.4.3",
    cwe=693,
)
W283 = Rule(
    "W283",
    "HeadersMiddleware comes after {subject}: what that answers itself has none of its fields.",
    f'Put "{HEADERS}" at the top of MIDDLEWARE.',
    setting="MIDDLEWARE",
    cwe=693,
)
W284 = Rule(
    "W284",
    'HARDENED_CSP_MODE is "report-only": no policy is enforced, and a script that gets into a '
    "page runs.",
    'HARDENED_CSP_MODE = "enforce"  # when the reports show nothing that the site needs',
    setting="HARDENED_CSP_MODE",
    asvs="3.4.3",
    cwe=693,
)
I285 = Rule(
    "I285",
    "The policy has a place for a nonce, and templates get none: scripts run only from files of "
    "the site.",
    "{remedy}",
    setting="TEMPLATES",
    asvs="3.4.3",
)
I286 = Rule(
    "I286",
    "{subject} is in MIDDLEWARE beside HeadersMiddleware, which sends the policy in its place: "
    "what it makes for each response is thrown away.",
    "Remove {subject} from MIDDLEWARE: SECURE_CSP and the decorators work without it.",
    setting="MIDDLEWARE",
)
W287 = Rule(
    "W287",
    "SECURE_REFERRER_POLICY is {value!r}: on https, Django's CSRF protection refuses each form, "
    "which comes without a Referer.",
    'SECURE_REFERRER_POLICY = "same-origin"',
    setting="SECURE_REFERRER_POLICY",
)
W288 = Rule(
    "W288",
    "{subject} is not below {other} in MIDDLEWARE, and does nothing: no login ends but with its "
    "session.",
    "Put {subject} right below {other}.",
    setting="MIDDLEWARE",
    asvs="7.3.1",
    cwe=613,
)
RULES = (E281, W282, W283, W284, I285, I286, W287, W288)


def check_settings_can_be_used(**kwargs: Any) -> list[CheckMessage]:
    readers: list[tuple[str, Any]] = [
        (HEADERS, header_settings.header_plan),
        (_CROSS_SITE, cross_site.cross_site_rules),
        (_LIFETIME, sessions.Lifetime.of_settings),
    ]
    return [
        finding
        for middleware, read in readers
        if stack.has(middleware)
        for finding in _problem_of(read)
    ]


def _problem_of(read: Any) -> list[CheckMessage]:
    try:
        read()
    except ImproperlyConfigured as error:
        setting = str(error).split(" ", 1)[0].split("[", 1)[0]
        # Of another type altogether, E903 says so; of a host, the checks of hosts do.
        kind = OWN_SETTINGS.get(setting)
        is_said = setting == "HARDENED_CANONICAL_ORIGIN" or (
            kind is not None and not kind.admits(getattr(settings, setting, None))
        )
        return [] if is_said else [E281.found(setting=setting, subject=setting, problem=error)]
    return []


def check_policy_has_its_middleware(**kwargs: Any) -> list[CheckMessage]:
    is_missing = bool(getattr(settings, "HARDENED_CSP", None)) and not stack.has(HEADERS)
    return [W282.found()] if is_missing and "csp" not in conf.edge else []


def check_headers_come_first(**kwargs: Any) -> list[CheckMessage]:
    positions = stack.positions(HEADERS)
    is_behind = bool(positions) and 0 not in positions
    return [W283.found(subject=listed("MIDDLEWARE")[0])] if is_behind else []


def check_policy_mode(**kwargs: Any) -> list[CheckMessage]:
    is_reported = getattr(settings, "HARDENED_CSP_MODE", None) == "report-only"
    is_sent = stack.has(HEADERS) and "csp" not in conf.edge
    # Another policy may be in force meanwhile.
    is_alone = not getattr(settings, "SECURE_CSP", None)
    return [W284.found()] if is_sent and is_reported and is_alone else []


def check_nonces(**kwargs: Any) -> list[CheckMessage]:
    plan = _plan()
    if plan is None:
        return []
    policies = (plan.policies.enforced or {}, plan.policies.reported or {})
    has_place = any(csp.NONCE in sources for each in policies for sources in each.values())
    engines: Any = settings.TEMPLATES
    if not has_place or plan.gives_nonces or not engines:
        return []
    return [I285.found(remedy=_nonce_remedy())]


def _plan() -> HeaderPlan | None:
    """Return what ``HeadersMiddleware`` sends, if it is there and the settings can be used."""
    try:
        return header_settings.header_plan() if stack.has(HEADERS) else None
    except ImproperlyConfigured:
        return None  # E281


def _nonce_remedy() -> str:
    processor = header_settings.CONTEXT_PROCESSORS[0 if django.VERSION >= (6, 0) else 1]
    add = f'Add "{processor}" to TEMPLATES[0]["OPTIONS"]["context_processors"]'
    if django.VERSION < (6, 0) and find_spec("csp") is None:
        return f'{add}, and install django-csp, of which it is: pip install "django-hardened[csp]".'
    return f"{add}, and nonce attributes to the scripts of the pages."


def check_no_other_sends_policies(**kwargs: Any) -> list[CheckMessage]:
    plan = _plan()
    # Where it has no policy, the other may be the only one that has.
    if plan is None or (plan.policies.enforced is None and plan.policies.reported is None):
        return []
    return [I286.found(subject=other) for other in _OTHERS if stack.has(other)]


def check_referrer(**kwargs: Any) -> list[CheckMessage]:
    value = settings.SECURE_REFERRER_POLICY
    is_silent = effective_referrer_policy(value) == "no-referrer" and is_present(_CSRF)
    return [W287.found(value=value)] if is_silent else []


def check_lifetime_order(**kwargs: Any) -> list[CheckMessage]:
    ours, authentication = stack.positions(_LIFETIME), stack.positions(_AUTHENTICATION)
    if not ours or (authentication and min(authentication) < min(ours)):
        return []
    return [W288.found(subject=_LIFETIME, other=_AUTHENTICATION)]


CHECKS = (
    check_settings_can_be_used,
    check_policy_has_its_middleware,
    check_headers_come_first,
    check_policy_mode,
    check_nonces,
    check_no_other_sends_policies,
    check_referrer,
    check_lifetime_order,
)
