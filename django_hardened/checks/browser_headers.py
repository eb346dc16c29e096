"""2xx: what browsers are told not to do: sniff, tell where a visitor came from, show in frames."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks.security.base import REFERRER_POLICY_VALUES

from django_hardened.checks import stack
from django_hardened.checks.cookies_in_use import SESSION
from django_hardened.checks.csp_policies import HEADERS, OWN, admits_anybody, policies
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.checks.transport import SECURITY
from django_hardened.conf import conf

_FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
_DJANGO_CSP = "django.middleware.csp.ContentSecurityPolicyMiddleware"
_DJANGO_CSP_PACKAGE = "csp.middleware.CSPMiddleware"
_REFERRER = 'SECURE_REFERRER_POLICY = "same-origin"'
_AT_THE_EDGE = 'where a proxy in front sends it, declare that: HARDENED_EDGE = {{"headers"}}'

E210 = Rule(
    "E210",
    "SECURE_CONTENT_TYPE_NOSNIFF is off: a browser may run an uploaded text or picture as "
    "a script.",
    "SECURE_CONTENT_TYPE_NOSNIFF = True",
    setting="SECURE_CONTENT_TYPE_NOSNIFF",
    replaces=("security.W006",),
    asvs="3.4.4",
)
W211 = Rule(
    "W211",
    "SECURE_REFERRER_POLICY is not set: browsers decide what other sites learn about the address "
    "that a visitor comes from.",
    f"{_REFERRER}  # {_AT_THE_EDGE}",
    setting="SECURE_REFERRER_POLICY",
    replaces=("security.W022",),
    asvs="3.4.5",
    cwe=200,
)
E212 = Rule(
    "E212",
    "SECURE_REFERRER_POLICY is {value!r}: full addresses, with the tokens in them, go to every "
    "other site, over plain http too.",
    _REFERRER,
    setting="SECURE_REFERRER_POLICY",
    asvs="3.4.5",
    cwe=200,
)
W213 = Rule(
    "W213",
    "SECURE_REFERRER_POLICY is {value!r}: full addresses, with the tokens in them, go to every "
    "other site on https.",
    _REFERRER,
    setting="SECURE_REFERRER_POLICY",
    asvs="3.4.5",
    cwe=200,
)
W214 = Rule(
    "W214",
    "SECURE_CROSS_ORIGIN_OPENER_POLICY is {value!r}: a page that opens this site keeps a handle "
    "on its window, and can send it elsewhere.",
    'SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"  # or "same-origin-allow-popups" where a '
    f"payment or login window must answer; {_AT_THE_EDGE}",
    setting="SECURE_CROSS_ORIGIN_OPENER_POLICY",
    asvs="3.4.8",
)
W215 = Rule(
    "W215",
    "XFrameOptionsMiddleware is not in MIDDLEWARE: any site may show these pages in a frame and "
    "steal clicks.",
    f'Put "{_FRAMES}" into MIDDLEWARE, or "frame-ancestors" into the Content Security Policy; '
    f"{_AT_THE_EDGE}",
    setting="MIDDLEWARE",
    replaces=("security.W002",),
    asvs="3.4.6",
    cwe=1021,
)
E216 = Rule(
    "E216",
    "X_FRAME_OPTIONS is {value!r}, which no browser knows: any site may show these pages in a "
    "frame and steal clicks.",
    'X_FRAME_OPTIONS = "DENY"  # to let named sites in, "frame-ancestors" in the Content Security '
    "Policy",
    setting="X_FRAME_OPTIONS",
    replaces=("security.W019",),
    asvs="3.4.6",
    cwe=1021,
)
I217 = Rule(
    "I217",
    "X_FRAME_OPTIONS is {value!r}: a page of this host may show any other in a frame.",
    'X_FRAME_OPTIONS = "DENY"  # with @xframe_options_sameorigin on the views that need it',
    setting="X_FRAME_OPTIONS",
    replaces=("security.W019",),
    asvs="3.4.6",
)
RULES = (E210, W211, E212, W213, W214, W215, E216, I217)


def check_content_type_sniffing(**kwargs: Any) -> list[CheckMessage]:
    is_off = not settings.SECURE_CONTENT_TYPE_NOSNIFF
    return [E210.found()] if is_off and _is_left_to_django() else []


def check_referrer_policy(**kwargs: Any) -> list[CheckMessage]:
    if not is_present(SECURITY):
        return []
    if not settings.SECURE_REFERRER_POLICY:
        return [W211.found()] if _is_left_to_django() else []
    value = effective_referrer_policy(settings.SECURE_REFERRER_POLICY)
    if value == "unsafe-url":
        return [E212.found(value=value)]
    return [W213.found(value=value)] if value == "no-referrer-when-downgrade" else []


def effective_referrer_policy(value: Any) -> str:
    """Return the last policy that browsers know: the others are fallbacks for old ones."""
    values = value if isinstance(value, list | tuple | set | frozenset) else str(value).split(",")
    known = [word for word in (str(v).strip() for v in values) if word in REFERRER_POLICY_VALUES]
    return known[-1] if known else ""


def check_opener_policy(**kwargs: Any) -> list[CheckMessage]:
    value = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
    if str(value) == "unsafe-none":
        is_open = is_present(SECURITY)
    else:
        is_open = not value and _is_left_to_django()
    return [W214.found(value=value)] if is_open else []


def _is_left_to_django() -> bool:
    """Whether Django is to send them: without SecurityMiddleware, a finding has said so.

    An edge that sends them too excuses what is not set here, and no unsafe value: Django's is the
    first of two headers, or the last that a proxy lets through.
    """
    return "headers" not in conf.edge and is_present(SECURITY)


def check_frames(**kwargs: Any) -> list[CheckMessage]:
    named = _frame_ancestors()
    if not all(map(admits_anybody, named)):
        return []  # browsers then ignore X-Frame-Options
    is_at_the_edge = "headers" in conf.edge
    if not is_present(_FRAMES):
        # Whoever is not logged in has no click to steal; W265 is about a policy that says "*".
        # HeadersMiddleware sends the field too.
        needed = is_present(SESSION) and not is_at_the_edge and not named
        return [W215.found()] if needed and not stack.has(HEADERS) else []
    value = getattr(settings, "X_FRAME_OPTIONS", "DENY")
    word = str(value).upper()
    if word == "SAMEORIGIN":
        return [] if is_at_the_edge or named else [I217.found(value=value)]
    return [] if word == "DENY" else [E216.found(value=value)]


def _frame_ancestors() -> list[tuple[str, ...]]:
    """Return what each Content Security Policy of others that is sent says of frames.

    Not what ``HARDENED_CSP`` does: beside it, nobody has a reason for another X_FRAME_OPTIONS.
    """
    has_core, has_package = is_present(_DJANGO_CSP), stack.has(_DJANGO_CSP_PACKAGE)
    return [
        sources
        for policy in policies()
        if policy.is_enforced
        and policy.setting != OWN
        and (has_core if policy.is_core else has_package)
        if (sources := policy.directives.get("frame-ancestors", ()))
    ]


CHECKS = (
    check_content_type_sniffing,
    check_referrer_policy,
    check_opener_policy,
    check_frames,
)
