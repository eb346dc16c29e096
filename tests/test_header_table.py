"""The table of fields, and what may be changed in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_hardened import decorators
from django_hardened.browser_headers import TABLE, fields, read_changes
from django_hardened.header_plan import is_data


def test_each_field_is_the_safe_one() -> None:
    assert {name: row.value for name, row in TABLE.items()} == {
        "Strict-Transport-Security": None,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": None,
        "Permissions-Policy": (
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), "
            "gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), "
            "microphone=(), midi=(), payment=(), screen-wake-lock=(), serial=(), usb=(), "
            "xr-spatial-tracking=()"
        ),
        "Origin-Agent-Cluster": "?1",
        "X-Permitted-Cross-Domain-Policies": "none",
        "Clear-Site-Data": '"cache", "storage"',
    }


@pytest.mark.parametrize(
    ("changes", "read"),
    [
        ({}, {}),
        ({"REFERRER-policy": None}, {"Referrer-Policy": None}),
        ({"referrer-policy": "origin"}, {"Referrer-Policy": "origin"}),
        # The last one that a browser knows counts.
        ({"Referrer-Policy": "no-referrer, origin"}, {"Referrer-Policy": "no-referrer, origin"}),
        ({"X-DNS-Prefetch-Control": "off"}, {"X-DNS-Prefetch-Control": "off"}),
    ],
)
def test_changes_by_name(changes: Any, read: Any) -> None:
    assert read_changes(changes) == read


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (["Referrer-Policy"], "is a list and not a dictionary"),
        ({"": "x"}, "no name of a header field"),
        ({7: "x"}, "no name of a header field"),
        ({"X:Y": "x"}, "no name of a header field"),
        ({"Referer-Policy": "origin"}, "did you mean Referrer-Policy"),
        ({"Permission-Policy": None}, "did you mean Permissions-Policy"),
        ({"X-Own": None}, "turns X-Own off, which is not sent"),
        ({"Content-Security-Policy": "x"}, "which HARDENED_CSP decides"),
        ({"content-security-policy-report-only": "x"}, "HARDENED_CSP and HARDENED_CSP_MODE"),
        ({"Set-Cookie": "x"}, "which HARDENED_COOKIES decides"),
        ({"Reporting-Endpoints": "x"}, "which HARDENED_CSP_REPORT_URI decides"),
        ({"X-Own": False}, "has a bool for X-Own; None turns it off"),
        ({"X-Own": ""}, "cannot be sent"),
        ({"X-Own": "a\r\nSet-Cookie: b=c"}, "cannot be sent"),
        ({"X-Own": "\u00fc"}, "cannot be sent"),
        ({"Referrer-Policy": "no-referrer"}, "CSRF protection refuses"),
        ({"Referrer-Policy": "origin, no-referrer"}, "CSRF protection refuses"),
    ],
)
def test_what_cannot_be_sent_is_refused(changes: Any, problem: str) -> None:
    for refuse in (read_changes, decorators.response_headers):
        with pytest.raises((TypeError, ValueError), match=problem):
            refuse(changes)


@given(st.text(), st.text())
def test_whatever_is_accepted_is_one_line(name: str, value: str) -> None:
    try:
        ((read, sent),) = read_changes({name: value}).items()
    except ValueError:
        return
    assert re.fullmatch(r"[A-Za-z0-9-]+", read)
    assert sent is not None
    assert sent.isascii()
    assert sent.isprintable()
    assert sent == sent.strip()


def test_when_fields_are_sent() -> None:
    values = {"Clear-Site-Data": "x", "X-Own": "y", "Referrer-Policy": None}
    assert fields(values, "log-out") == {"clear-site-data": ("Clear-Site-Data", "x")}
    assert fields(values, "always") == {"x-own": ("X-Own", "y")}
    assert fields(values, "https") == {}


@pytest.mark.parametrize(
    "decorator",
    [
        lambda: decorators.csp_add({"img-scr": ["'self'"]}),
        lambda: decorators.csp_change({"img-src": ["self"]}),
    ],
    ids=["csp_add", "csp_change"],
)
def test_a_decorator_says_at_once_what_is_wrong(decorator: Any) -> None:
    with pytest.raises(ValueError, match="has "):
        decorator()


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/json", "application/problem+json; charset=utf-8", "text/plain", "text/csv"),
        *("application/vnd.oai.openapi", "application/octet-stream", "text/event-stream"),
        *("multipart/form-data", "application/yaml", "nonsense"),
    ],
)
def test_data(content_type: str) -> None:
    assert is_data(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        *(
            "",
            ";",
            "text/html; charset=utf-8",
            "TEXT/HTML",
            "application/xhtml+xml",
            "image/svg+xml",
        ),
        *("image/png", "application/pdf", "text/css", "text/javascript", "application/javascript"),
        *("font/woff2", "video/mp4", "application/rss+xml", "application/xml", "text/xml"),
    ],
)
def test_what_a_browser_shows(content_type: str) -> None:
    assert not is_data(content_type)
