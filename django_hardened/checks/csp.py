"""2xx: the content security policy, and whether browsers get one that they obey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

import django
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks import stack
from django_hardened.checks.classes import listed
from django_hardened.checks.csp_policies import HEADERS, OWN, Policy, policies
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.checks.transport import SECURITY
from django_hardened.conf import conf

_SIGNS = ("csp", "contentsecuritypolicy", "securitymiddleware", "securityheaders")
_CORE_MIDDLEWARE = "django.middleware.csp.ContentSecurityPolicyMiddleware"
_PACKAGE_MIDDLEWARE = "csp.middleware.CSPMiddleware"

E250 = Rule(
    "E250",
    "{setting} is set, but no middleware sends it: browsers get no policy.",
    'Add "{middleware}" to MIDDLEWARE, after SecurityMiddleware.',
    asvs="3.4.3",
    cwe=693,
)
E251 = Rule(
    "E251",
    "{setting} is set, but Django {version} does not know it: browsers get no policy.",
    "Upgrade to Django 6.0; or use django-csp, with "
    'CONTENT_SECURITY_POLICY = {{"DIRECTIVES": {{"default-src": ["\'self\'"]}}}} and '
    '"csp.middleware.CSPMiddleware" in MIDDLEWARE.',
    asvs="3.4.3",
    cwe=693,
)
W252 = Rule(
    "W252",
    "MIDDLEWARE has Django's policy middleware and that of django-csp: the inner one decides, and "
    "what the other is told is ignored.",
    'Keep one of them, and its setting: "django.middleware.csp.ContentSecurityPolicyMiddleware" '
    "reads SECURE_CSP.",
    setting="MIDDLEWARE",
)
W253 = Rule(
    "W253",
    "{setting} asks for a nonce, but templates do not get it: the nonce is never sent, and "
    "inline scripts are blocked.",
    'Add "django.template.context_processors.csp" to '
    'TEMPLATES[0]["OPTIONS"]["context_processors"].',
    replaces=("security.W027",),
)
E254 = Rule(
    "E254",
    "{setting} exempts {subject!r}, with which every path begins: no response has the policy.",
    'Name the paths that need it: "EXCLUDE_URL_PREFIXES": ["/reports/"].',
    asvs="3.4.3",
    cwe=693,
)
I255 = Rule(
    "I255",
    "No content security policy is set: a script that gets into a page runs.",
    "Begin with SECURE_CSP_REPORT_ONLY = "
    '{{"default-src": ["\'self\'"], "object-src": ["\'none\'"], "base-uri": ["\'none\'"]}} and '
    '"django.middleware.csp.ContentSecurityPolicyMiddleware" in MIDDLEWARE; before Django 6.0, '
    'with django-csp. If a proxy sends a policy: HARDENED_EDGE = {{"csp"}}.',
    setting="SECURE_CSP",
    asvs="3.4.3",
    cwe=693,
)
I256 = Rule(
    "I256",
    "{setting} only reports: no policy is enforced.",
    "Move the policy to {enforced} when its reports show nothing that the site needs.",
    asvs="3.4.3",
    cwe=693,
)
RULES = (E250, E251, W252, W253, E254, I255, I256)


def check_policy_is_sent(**kwargs: Any) -> list[CheckMessage]:
    if "csp" in conf.edge:
        return []
    return [finding for policy in policies() for finding in _check_sent(policy)]


def _check_sent(policy: Policy) -> list[CheckMessage]:
    if policy.setting == OWN or (policy.is_core and stack.has(HEADERS)):
        return []  # HeadersMiddleware sends both
    needed = _CORE_MIDDLEWARE if policy.is_core else _PACKAGE_MIDDLEWARE
    if is_present(needed) or _has_other_middleware():
        return []
    if policy.is_core and django.VERSION < (6, 0):
        return [E251.found(setting=policy.setting, version=django.get_version())]
    if not policy.is_core and find_spec("csp") is None:
        return []  # names that the project itself reads: nobody else would
    return [E250.found(setting=policy.setting, middleware=needed)]


def _has_other_middleware() -> bool:
    """Whether a middleware of neither package may send the policy, by its name."""
    known = {_CORE_MIDDLEWARE, _PACKAGE_MIDDLEWARE, SECURITY}
    names = {*listed("MIDDLEWARE")} - known
    words = [name.lower().replace("_", "") for name in names]
    return any(sign in word for word in words for sign in _SIGNS)


def check_one_package(**kwargs: Any) -> list[CheckMessage]:
    both = stack.has(_CORE_MIDDLEWARE) and stack.has(_PACKAGE_MIDDLEWARE)
    return [W252.found()] if both else []


def check_nonce(**kwargs: Any) -> list[CheckMessage]:
    wanting = [policy for policy in policies() if policy.is_core and policy.has_nonce]
    if not wanting or not stack.has(_CORE_MIDDLEWARE) or _has_context_processor():
        return []
    return [W253.found(setting=wanting[0].setting)]


def _has_context_processor() -> bool:
    """Whether templates get the nonce, from Django's context processor or one named like it."""
    engines: Iterable[Any] = settings.TEMPLATES
    options = [engine.get("OPTIONS", {}) for engine in engines]
    processors = [str(name) for each in options for name in each.get("context_processors", ())]
    return any("csp" in name or "nonce" in name for name in processors)


def check_exempt_prefixes(**kwargs: Any) -> list[CheckMessage]:
    return [
        E254.found(setting=setting, subject=prefix)
        for setting in ("CONTENT_SECURITY_POLICY", "CSP_EXCLUDE_URL_PREFIXES")
        for prefix in _exempt_prefixes(setting)
        if prefix in ("", "/")
    ]


def _exempt_prefixes(setting: str) -> list[str]:
    value = getattr(settings, setting, None)
    if isinstance(value, Mapping):
        value = value.get("EXCLUDE_URL_PREFIXES")
    # For a string django-csp has an Error of its own.
    return [str(entry) for entry in value] if isinstance(value, list | tuple | set) else []


def check_policy_is_enforced(**kwargs: Any) -> list[CheckMessage]:
    found = policies()
    if "csp" in conf.edge or any(policy.is_enforced for policy in found):
        return []
    if any(policy.setting == OWN for policy in found):
        return []  # W284 says so
    if found:
        setting = found[0].setting
        enforced = setting.removesuffix("_REPORT_ONLY")
        return [I256.found(setting=setting, enforced=enforced)]
    # django-csp 3 sends a policy without being told one.
    is_sent = is_present(_PACKAGE_MIDDLEWARE) or _has_other_middleware()
    return [] if is_sent else [I255.found()]


CHECKS = (
    check_policy_is_sent,
    check_one_package,
    check_nonce,
    check_exempt_prefixes,
    check_policy_is_enforced,
)
