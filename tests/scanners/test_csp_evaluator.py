"""Google's CSP Evaluator: nothing worse than its advice for strict policies."""

from __future__ import annotations

import re

import django
import pytest
from scanned_sites_support import Site
from scanners_support import csp_findings

POLICY = "Content-Security-Policy"
# What it says to a policy with a nonce: that old browsers would need a fallback.
FALLBACK = {"UNSAFE_INLINE_FALLBACK": "STRICT_CSP", "ALLOWLIST_FALLBACK": "STRICT_CSP"}
# What it says to an answer for programs, which has no scripts.
UNTRUSTED_TYPES = {"REQUIRE_TRUSTED_TYPES_FOR_SCRIPTS": "INFO"}
# That a site may serve what it should not; it has no file of a library of which that is known.
ALLOWLIST = {"SCRIPT_ALLOWLIST_BYPASS": "MEDIUM_MAYBE"}
# The admin has nonces since Django 6.1.
ADMIN_NONCES = django.VERSION >= (6, 1)
FINDINGS = {
    "/": ALLOWLIST,
    "/no-such-page/": ALLOWLIST,
    "/accounts/login/": FALLBACK,
    "/admin/login/": FALLBACK if ADMIN_NONCES else ALLOWLIST,
    "/api/health/": UNTRUSTED_TYPES,
}


@pytest.mark.parametrize("path", FINDINGS)
def test_nothing_is_worse_than_advice(site: Site, path: str) -> None:
    assert csp_findings(site.header(path)[POLICY]) == FINDINGS[path]


def test_with_its_fallback_for_old_browsers_a_policy_is_clean(site: Site) -> None:
    policy = site.header("/accounts/login/")[POLICY]
    with_fallback = policy.replace("'strict-dynamic'", "'strict-dynamic' 'unsafe-inline' https:")
    assert with_fallback != policy
    assert csp_findings(with_fallback) == {}


@pytest.mark.parametrize("path", ["/accounts/login/", *(["/admin/login/"] if ADMIN_NONCES else [])])
def test_no_nonce_comes_twice(site: Site, path: str) -> None:
    policies = [site.header(path)[POLICY] for _ in range(10)]
    nonces = {nonce for policy in policies for nonce in re.findall(r"'nonce-([^']{22,})'", policy)}
    assert len(nonces) == 10


def test_it_tells_a_bad_policy() -> None:
    findings = csp_findings("default-src 'self' 'unsafe-inline' https:")
    assert findings["SCRIPT_UNSAFE_INLINE"] == "HIGH"
