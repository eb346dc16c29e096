from __future__ import annotations

from typing import Any

import pytest
from django.utils.functional import lazystr
from site_support import MIDDLEWARE, codes, findings, without

from django_hardened.checks import browser_headers

DJANGO_CSP = "django.middleware.csp.ContentSecurityPolicyMiddleware"
PACKAGE_CSP = "csp.middleware.CSPMiddleware"
ALL_OFF: dict[str, Any] = {
    "SECURE_CONTENT_TYPE_NOSNIFF": False,
    "SECURE_REFERRER_POLICY": None,
    "SECURE_CROSS_ORIGIN_OPENER_POLICY": None,
    "X_FRAME_OPTIONS": "ALLOWALL",
}


def test_all_off() -> None:
    assert codes(browser_headers, **ALL_OFF) == ["E210", "W211", "W214", "E216"]
    # A value that is wrong is sent all the same.
    assert codes(browser_headers, **ALL_OFF, HARDENED_EDGE={"headers"}) == ["E216"]
    other = {"ssl_redirect", "hsts", "csp"}
    assert len(codes(browser_headers, **ALL_OFF, HARDENED_EDGE=other)) == 4


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SECURE_REFERRER_POLICY": "unsafe-url"}, ["E212"]),
        ({"SECURE_REFERRER_POLICY": "no-referrer-when-downgrade"}, ["W213"]),
        ({"SECURE_CROSS_ORIGIN_OPENER_POLICY": "unsafe-none"}, ["W214"]),
        ({"X_FRAME_OPTIONS": "ALLOW-FROM https://example.com"}, ["E216"]),
        ({"X_FRAME_OPTIONS": "SAMEORIGIN"}, []),
        ({"SECURE_REFERRER_POLICY": "", "SECURE_CROSS_ORIGIN_OPENER_POLICY": None}, []),
        ({"MIDDLEWARE": without("XFrameOptionsMiddleware")}, []),
        ({"MIDDLEWARE": without("SecurityMiddleware"), "SECURE_REFERRER_POLICY": "unsafe-url"}, []),
    ],
    ids=repr,
)
def test_an_edge_excuses_what_is_not_set(changes: dict[str, Any], expected: list[str]) -> None:
    assert codes(browser_headers, **changes, HARDENED_EDGE={"headers"}) == expected


def test_the_missing_middleware_is_said_elsewhere() -> None:
    assert codes(browser_headers, **ALL_OFF, MIDDLEWARE=without("SecurityMiddleware")) == ["E216"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, ["W211"]),
        ("", ["W211"]),
        ([], ["W211"]),
        ("same-origin", []),
        ("no-referrer", []),
        ("origin", []),
        ("strict-origin-when-cross-origin", []),
        (lazystr("origin, same-origin"), []),
        (("no-referrer", "same-origin"), []),
        ({"same-origin"}, []),
        ("unsafe-url", ["E212"]),
        (lazystr(" unsafe-url "), ["E212"]),
        ("no-referrer,unsafe-url", ["E212"]),
        (["same-origin", "unsafe-url"], ["E212"]),
        (frozenset({"unsafe-url"}), ["E212"]),
        ("unsafe-url, a-policy-of-tomorrow", ["E212"]),
        ("unsafe-url, strict-origin", []),
        ("no-referrer-when-downgrade", ["W213"]),
        ("unsafe", []),  # security.E023
        (5, []),
    ],
    ids=repr,
)
def test_referrer(policy: Any, expected: list[str]) -> None:
    assert codes(browser_headers, SECURE_REFERRER_POLICY=policy) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, ["W214"]),
        ("", ["W214"]),
        ("unsafe-none", ["W214"]),
        ("same-origin", []),
        (lazystr("same-origin-allow-popups"), []),
        ("same", []),  # security.E024
    ],
    ids=repr,
)
def test_opener(policy: Any, expected: list[str]) -> None:
    assert codes(browser_headers, SECURE_CROSS_ORIGIN_OPENER_POLICY=policy) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("DENY", []),
        ("Deny", []),
        (lazystr("denY"), []),
        ("SAMEORIGIN", ["I217"]),
        ("sameorigin", ["I217"]),
        ("ALLOWALL", ["E216"]),
        ("ALLOW-FROM https://example.com", ["E216"]),
        ("DENY, SAMEORIGIN", ["E216"]),
        ("", ["E216"]),
        (None, ["E216"]),
        (False, ["E216"]),
    ],
    ids=repr,
)
def test_frames(value: Any, expected: list[str]) -> None:
    assert codes(browser_headers, X_FRAME_OPTIONS=value) == expected


ANCESTORS = {"frame-ancestors": ["'none'"]}


@pytest.mark.parametrize(
    ("middleware", "policy", "is_enough"),
    [
        (DJANGO_CSP, {"SECURE_CSP": ANCESTORS}, True),
        (DJANGO_CSP, {"SECURE_CSP": {"default-src": ["'self'"]}}, False),
        (DJANGO_CSP, {"SECURE_CSP": {"frame-ancestors": []}}, False),
        (DJANGO_CSP, {"SECURE_CSP": "frame-ancestors 'none'"}, False),
        (DJANGO_CSP, {"SECURE_CSP_REPORT_ONLY": ANCESTORS}, False),
        (PACKAGE_CSP, {"SECURE_CSP": ANCESTORS}, False),
        (PACKAGE_CSP, {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": ANCESTORS}}, True),
        (PACKAGE_CSP, {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": None}}, False),
        (PACKAGE_CSP, {"CONTENT_SECURITY_POLICY": {}}, False),
        (PACKAGE_CSP, {"CONTENT_SECURITY_POLICY": None}, False),
        (PACKAGE_CSP, {"CSP_FRAME_ANCESTORS": ("'self'",)}, True),
        (PACKAGE_CSP, {"CSP_FRAME_ANCESTORS": None}, False),
        (None, {"SECURE_CSP": ANCESTORS, "CSP_FRAME_ANCESTORS": ("'self'",)}, False),
    ],
)
def test_frame_ancestors(middleware: str | None, policy: dict[str, Any], is_enough: bool) -> None:
    added = [middleware] if middleware else []
    missing = {
        "MIDDLEWARE": [*without("XFrameOptionsMiddleware", "HeadersMiddleware"), *added],
        **policy,
    }
    assert codes(browser_headers, **missing) == ([] if is_enough else ["W215"])
    wrong = {"MIDDLEWARE": [*MIDDLEWARE, *added], "X_FRAME_OPTIONS": "ALLOWALL", **policy}
    assert codes(browser_headers, **wrong) == ([] if is_enough else ["E216"])


@pytest.mark.parametrize(
    ("sources", "value", "expected"),
    [
        (["*"], "ALLOWALL", ["E216"]),
        ("https:", "ALLOWALL", ["E216"]),
        (["'self'", "http://*"], "", ["E216"]),
        (["'self'", "*"], "SAMEORIGIN", []),
        (["*"], "DENY", []),  # W265: browsers heed the policy
        (["'self'", "https://*.example.com"], "ALLOWALL", []),
    ],
    ids=repr,
)
def test_frame_ancestors_that_admit_everybody(sources: Any, value: str, expected: Any) -> None:
    policy = {"SECURE_CSP": {"frame-ancestors": sources}, "MIDDLEWARE": [*MIDDLEWARE, DJANGO_CSP]}
    assert codes(browser_headers, X_FRAME_OPTIONS=value, **policy) == expected
    policy["MIDDLEWARE"] = [*without("XFrameOptionsMiddleware"), DJANGO_CSP]
    assert codes(browser_headers, X_FRAME_OPTIONS=value, **policy) == []


def test_a_second_policy_closes_frames() -> None:
    policies = {
        "SECURE_CSP": {"frame-ancestors": ["*"]},
        "CONTENT_SECURITY_POLICY": {"DIRECTIVES": ANCESTORS},
        "MIDDLEWARE": [*MIDDLEWARE, DJANGO_CSP, PACKAGE_CSP],
    }
    assert codes(browser_headers, X_FRAME_OPTIONS="ALLOWALL", **policies) == []


def test_the_value_is_quoted() -> None:
    [message] = findings(browser_headers, X_FRAME_OPTIONS="ALLOWALL")
    assert message.msg.startswith("X_FRAME_OPTIONS is 'ALLOWALL', which no browser knows")
