"""2xx: what an enforced content security policy still admits.

A policy that only reports is not judged: it is on its way, and stops nothing yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.checks import CheckMessage

from django_hardened.checks.csp_hosts import is_open_to_anybody
from django_hardened.checks.csp_policies import (
    ANY_HTTPS,
    ANYWHERE,
    Policy,
    admits_anybody,
    policies,
)
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.conf import conf

_FRAME_MIDDLEWARE = "django.middleware.clickjacking.XFrameOptionsMiddleware"

_SCRIPTS = (
    'Name what the site needs: "script-src": ["\'self\'", "https://cdn.example.com"], and a nonce '
    "for inline scripts: "
    "CSP.NONCE from django.utils.csp, or NONCE from csp.constants."
)

E260 = Rule(
    "E260",
    "{setting} admits scripts from anywhere: {offences}.",
    _SCRIPTS,
    asvs="3.4.3",
    cwe=79,
)
W261 = Rule(
    "W261",
    "{setting} admits scripts from every host that has a certificate: {offences}.",
    _SCRIPTS,
    asvs="3.4.3",
    cwe=79,
)
W262 = Rule(
    "W262",
    "{setting} admits inline scripts, and an injected script is one: {offences}.",
    _SCRIPTS,
    asvs="3.4.3",
    cwe=79,
)
W263 = Rule(
    "W263",
    "{setting} lets scripts turn text into code: {offences}.",
    "Remove 'unsafe-eval'; for WebAssembly 'wasm-unsafe-eval' is enough.",
    asvs="3.4.3",
    cwe=95,
)
W264 = Rule(
    "W264",
    "{setting} restricts no scripts: it has neither script-src nor default-src.",
    _SCRIPTS,
    asvs="3.4.3",
    cwe=79,
)
W265 = Rule(
    "W265",
    "{setting} leaves open what no other directive closes: {directives}.",
    "Write {lines}.",
    asvs="3.4.3",
    cwe=693,
)
W266 = Rule(
    "W266",
    "{setting} admits scripts of anybody, from hosts where everybody can have one: {offences}.",
    "Serve the libraries from your own host; or name the file, as in "
    '"https://cdn.jsdelivr.net/npm/htmx.org@2.0.4/dist/htmx.min.js"; or use a nonce and '
    "'strict-dynamic'.",
    asvs="3.4.3",
    cwe=79,
)
RULES = (E260, W261, W262, W263, W264, W265, W266)

_CLOSED = {name: f'"{name}": ["\'none\'"]' for name in ("object-src", "base-uri")}
_CLOSED |= {name: f'"{name}": ["\'self\'"]' for name in ("frame-ancestors", "form-action")}


def check_policy_sources(**kwargs: Any) -> list[CheckMessage]:
    """An edge that sends a policy too excuses what this one lacks, and not what it admits."""
    enforced = [policy for policy in policies() if policy.is_enforced]
    return [finding for policy in enforced for finding in _judge(policy)]


def _judge(policy: Policy) -> list[CheckMessage]:
    if not policy.script_directives:
        lacking = [] if "csp" in conf.edge else [W264.found(setting=policy.setting)]
        return lacking + _check_open(policy)
    findings = []
    # The widest of them says it all.
    wide = ((E260, ANYWHERE.__contains__), (W261, ANY_HTTPS.__contains__))
    for rule, admits in (*wide, (W266, is_open_to_anybody)):
        offences = _offences(policy, admits)
        if offences:
            findings.append(rule.found(setting=policy.setting, offences=offences))
            break
    for rule, source in ((W262, "'unsafe-inline'"), (W263, "'unsafe-eval'")):
        offences = _offences(policy, source.__eq__)
        if offences:
            findings.append(rule.found(setting=policy.setting, offences=offences))
    return findings + _check_open(policy)


def _offences(policy: Policy, is_one: Callable[[str], bool]) -> str:
    """Return the script directives with a source that ``is_one``: ``script-src * data:``."""
    found = {
        directive: [s for s in policy.effective_sources(directive) if is_one(s)]
        for directive in policy.script_directives
    }
    return ", ".join(f"{name} {' '.join(bad)}" for name, bad in found.items() if bad)


def _check_open(policy: Policy) -> list[CheckMessage]:
    found = {name: shown for name in _CLOSED if (shown := _open(policy, name))}
    if not found:
        return []
    lines = ", ".join(_CLOSED[name] for name in found)
    directives = ", ".join(found.values())
    return [W265.found(setting=policy.setting, directives=directives, lines=lines)]


def _open(policy: Policy, directive: str) -> str:
    """Return how ``policy`` leaves ``directive`` open: its name, or what it admits; or ""."""
    sources = policy.directives.get(directive)
    if sources is None:
        return directive if _is_missed(policy, directive) else ""
    if directive == "form-action":  # a login elsewhere is often at a host not known beforehand
        is_open = not ANYWHERE.isdisjoint(sources)
    else:
        is_open = admits_anybody(sources)
    return f"{directive} {' '.join(sources)}" if is_open else ""


def _is_missed(policy: Policy, directive: str) -> bool:
    """Whether nothing else closes ``directive``, which ``policy`` does not have."""
    if "csp" in conf.edge or directive == "form-action" or not policy.script_directives:
        return False
    if directive == "object-src":  # the only one of them that falls back to default-src
        default = policy.directives.get("default-src")
        return default is None or admits_anybody(default)
    if directive == "frame-ancestors":
        return not is_present(_FRAME_MIDDLEWARE) and "headers" not in conf.edge
    return True


CHECKS = (check_policy_sources,)
