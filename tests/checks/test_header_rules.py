"""Whether what sends headers, ends logins and keeps other sites out can do its work."""

from __future__ import annotations

from typing import Any

import django
import pytest
from site_support import MIDDLEWARE, codes, findings

from django_hardened import csp
from django_hardened.checks import browser_headers, csp_sources, headers
from django_hardened.checks import csp as csp_checks
from django_hardened.checks.csp_policies import policies

PROCESSOR = (
    "django.template.context_processors.csp"
    if django.VERSION >= (6, 0)
    else "csp.context_processors.nonce"
)
WITH_NONCES = [{"BACKEND": "x", "OPTIONS": {"context_processors": [PROCESSOR]}}]
WITHOUT_NONCES = [{"BACKEND": "x", "OPTIONS": {}}]
OURS, *OTHERS = MIDDLEWARE
LIFETIME = "django_hardened.middleware.SessionLifetimeMiddleware"
DJANGO_S = "django.middleware.csp.ContentSecurityPolicyMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
core_only = pytest.mark.skipif(django.VERSION < (6, 0), reason="Django sends policies from 6.0 on")


def _codes(**changes: Any) -> list[str]:
    changes = {"HARDENED_CSP": dict(csp.STRICT), "TEMPLATES": WITH_NONCES, **changes}
    return codes(headers, **changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"HARDENED_CSP": None}, []),
        ({"HARDENED_CSP": {}}, []),
        # What cannot be used.
        ({"HARDENED_CSP": {"img-scr": ["'self'"]}}, ["E281"]),
        ({"HARDENED_HEADERS": {"Referer-Policy": "x"}}, ["E281"]),
        ({"HARDENED_COOKIES": {"a": {"b": 1}}}, ["E281"]),
        ({"HARDENED_COOKIES": 7, "HARDENED_SESSION_IDLE": "1h"}, []),  # E903
        ({"HARDENED_CANONICAL_ORIGIN": "x"}, []),  # of the checks of hosts
        ({"HARDENED_CROSS_SITE_PATHS": ["x"]}, ["E281"]),
        ({"HARDENED_CSP_SCOPES": {"/x/": {"y": ["z"]}}}, ["E281"]),
        # The middleware.
        ({"MIDDLEWARE": OTHERS}, ["W282"]),
        ({"MIDDLEWARE": OTHERS, "HARDENED_EDGE": {"csp"}}, []),
        ({"MIDDLEWARE": OTHERS, "HARDENED_CSP": {}}, []),
        ({"MIDDLEWARE": []}, ["W282"]),
        ({"MIDDLEWARE": [OTHERS[0], OURS, *OTHERS[1:]]}, ["W283"]),
        # The mode.
        ({"HARDENED_CSP_MODE": "report-only"}, ["W284"]),
        ({"HARDENED_CSP_MODE": "report-only", "SECURE_CSP": {"img-src": ["'self'"]}}, []),
        ({"HARDENED_CSP_MODE": "report-only", "HARDENED_EDGE": {"csp"}}, []),
        # Nonces.
        ({"TEMPLATES": WITHOUT_NONCES}, ["I285"]),
        ({"TEMPLATES": WITHOUT_NONCES, "HARDENED_CSP": None}, ["I285"]),
        ({"TEMPLATES": WITHOUT_NONCES, "HARDENED_CSP_MODE": "report-only"}, ["W284", "I285"]),
        ({"TEMPLATES": WITHOUT_NONCES, "HARDENED_CSP": {"img-src": ["'self'"]}}, []),
        ({"TEMPLATES": []}, []),
        # The Referer.
        ({"SECURE_REFERRER_POLICY": "no-referrer"}, ["W287"]),
        ({"SECURE_REFERRER_POLICY": "same-origin, no-referrer"}, ["W287"]),
        ({"SECURE_REFERRER_POLICY": ["no-referrer", "same-origin"]}, []),
        ({"SECURE_REFERRER_POLICY": None}, []),
        # Where logins end.
        ({"MIDDLEWARE": [m for m in MIDDLEWARE if m != AUTHENTICATION]}, ["W288"]),
        ({"MIDDLEWARE": [OURS, LIFETIME, *OTHERS]}, ["W288"]),
        ({"MIDDLEWARE": [m for m in MIDDLEWARE if m != LIFETIME]}, []),
    ],
)
def test_each_finds_its_own(changes: dict[str, Any], expected: list[str]) -> None:
    assert _codes(**changes) == expected


@core_only
def test_two_that_send_policies() -> None:
    assert _codes(MIDDLEWARE=[*MIDDLEWARE, DJANGO_S]) == ["I286"]
    assert "I286" not in _codes(MIDDLEWARE=[*MIDDLEWARE, DJANGO_S], HARDENED_CSP={})
    broken = _codes(MIDDLEWARE=[*MIDDLEWARE, DJANGO_S], HARDENED_CSP={"img-scr": ["'self'"]})
    assert "E281" in broken
    assert "I286" not in broken


def test_what_cannot_be_used_is_named() -> None:
    (finding,) = findings(headers, HARDENED_CSP={"img-scr": ["'self'"]}, TEMPLATES=WITH_NONCES)
    assert finding.setting == "HARDENED_CSP"  # type: ignore[attr-defined]
    assert "did you mean img-src" in finding.msg
    (finding,) = findings(headers, HARDENED_CSP_SCOPES={"/x/": 7}, TEMPLATES=WITH_NONCES)
    assert finding.setting == "HARDENED_CSP_SCOPES"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("version", "installed", "remedy"),
    [
        ((6, 0), False, '"django.template.context_processors.csp" to TEMPLATES[0]'),
        ((5, 2), True, '"csp.context_processors.nonce" to TEMPLATES[0]'),
        ((5, 2), False, 'pip install "django-hardened[csp]"'),
    ],
)
def test_what_is_missing_for_nonces(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], installed: bool, remedy: str
) -> None:
    monkeypatch.setattr(django, "VERSION", version)
    monkeypatch.setattr(headers, "find_spec", lambda name: installed or None)
    (finding,) = findings(headers, TEMPLATES=WITHOUT_NONCES)
    assert remedy in (finding.hint or "")
    assert ("pip install" in (finding.hint or "")) is not (installed or version >= (6, 0))


# -- What other checks make of it ----------------------------------------------------------------

POLICY_CHECKS = (csp_checks, csp_sources)


def _of_policies(**changes: Any) -> list[str]:
    return codes(*POLICY_CHECKS, **{"TEMPLATES": WITH_NONCES, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"HARDENED_CSP_MODE": "report-only"}, []),  # W284
        ({"HARDENED_CSP": {"default-src": ["*"], "object-src": "'none'"}}, ["E260"]),
        ({"SECURE_CSP": dict(csp.STRICT)}, []),
        ({"SECURE_CSP_REPORT_ONLY": dict(csp.STRICT)}, []),
        ({"SECURE_CSP": dict(csp.STRICT), "HARDENED_CSP_MODE": "report-only"}, []),
        ({"HARDENED_CSP": {}}, ["I255"]),
    ],
)
def test_the_policy_is_judged_like_any_other(changes: Any, expected: list[str]) -> None:
    found = _of_policies(**{"HARDENED_CSP": dict(csp.STRICT), **changes})
    assert [code for code in found if code in ("E250", "E251", "E260", "I255", "I256")] == expected


def test_a_policy_that_is_not_sent_is_not_judged(settings: Any) -> None:
    settings.HARDENED_CSP, settings.MIDDLEWARE = {"default-src": ["*"]}, []
    assert policies() == []
    settings.MIDDLEWARE = MIDDLEWARE
    assert [policy.setting for policy in policies()] == ["HARDENED_CSP"]
    settings.SECURE_CSP = {"img-src": ["'self'"]}
    assert [policy.setting for policy in policies()] == ["SECURE_CSP"]
    settings.HARDENED_CSP_MODE = "report-only"
    assert {policy.setting: policy.is_enforced for policy in policies()} == {
        "HARDENED_CSP": False,
        "SECURE_CSP": True,
    }


def test_frames_need_no_middleware_of_django_s() -> None:
    without = [m for m in MIDDLEWARE if not m.endswith("XFrameOptionsMiddleware")]
    assert codes(browser_headers, MIDDLEWARE=without) == []
    assert codes(browser_headers, MIDDLEWARE=[m for m in without if m != OURS]) == ["W215"]
