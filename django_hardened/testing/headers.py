"""Asserting that a response has the headers that protect browsers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

_SAFE_REFERRERS = {
    "no-referrer",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
}
_UNSAFE_SOURCES = {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:", "data:"}
_TELLTALES = ("X-Powered-By", "X-AspNet-Version")


def assert_secure_headers(response: Any, *, except_: Collection[str] = ()) -> None:
    """Assert that ``response`` has the headers that protect browsers, and safe cookies.

    Args:
        response: what the test client returned.
        except_: names of headers that need not be there, such as those that a proxy adds.

    Raises:
        AssertionError: names each header that is missing or too weak.
    """
    skipped = {name.lower() for name in except_}
    problems = [text for name, text in _header_problems(response) if name.lower() not in skipped]
    if problems:
        raise AssertionError("\n".join(["The response is not protected:", *problems]))


def _header_problems(response: Any) -> Iterator[tuple[str, str]]:
    headers = response.headers
    csp = _directives(headers.get("Content-Security-Policy", ""))
    is_secure = _is_secure(response)
    if headers.get("X-Content-Type-Options", "").lower() != "nosniff":
        yield "X-Content-Type-Options", "  X-Content-Type-Options is not nosniff"
    framing = headers.get("X-Frame-Options", "").upper()
    if framing not in {"DENY", "SAMEORIGIN"} and "frame-ancestors" not in csp:
        yield "X-Frame-Options", "  neither X-Frame-Options nor frame-ancestors of a CSP"
    policies = {each.strip() for each in headers.get("Referrer-Policy", "").split(",")}
    if not policies & _SAFE_REFERRERS:
        yield "Referrer-Policy", "  Referrer-Policy lets other sites read the path"
    if headers.get("Cross-Origin-Opener-Policy", "").partition(";")[0] not in {
        "same-origin",
        "same-origin-allow-popups",
        "noopener-allow-popups",
    }:
        yield "Cross-Origin-Opener-Policy", "  Cross-Origin-Opener-Policy is not same-origin"
    age = re.search(r"max-age\s*=\s*\"?(\d+)", headers.get("Strict-Transport-Security", ""))
    if is_secure and not (age and int(age[1])):
        yield "Strict-Transport-Security", "  Strict-Transport-Security is missing"
    yield from _csp_problems(csp)
    for name in _TELLTALES:
        if name in headers:
            yield name, f"  {name} tells what runs here"
    yield from _cookie_problems(response, is_secure=is_secure)


def _is_secure(response: Any) -> bool:
    request = getattr(response, "wsgi_request", None) or getattr(response, "asgi_request", None)
    return bool(request and request.is_secure())


def _directives(policy: str) -> dict[str, list[str]]:
    # The first of two directives counts; https://www.w3.org/TR/CSP3/#parse-serialized-policy
    found: dict[str, list[str]] = {}
    for directive in policy.lower().split(";"):
        name, *sources = directive.split() or [""]
        if name:
            found.setdefault(name, sources)
    return found


def _csp_problems(csp: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    name = "Content-Security-Policy"
    if not csp:
        yield name, f"  {name} is missing"
        return
    scripts = csp.get("script-src", csp.get("default-src"))
    if scripts is None:
        yield name, f"  {name} says nothing of scripts"
        return
    # Browsers that know nonces and hashes take no notice of 'unsafe-inline' beside them.
    is_strict = any(each.startswith(("'nonce-", "'sha")) for each in scripts)
    unsafe = [
        each
        for each in scripts
        if each in _UNSAFE_SOURCES and not (is_strict and each == "'unsafe-inline'")
    ]
    if unsafe and not ("'strict-dynamic'" in scripts and "'unsafe-eval'" not in unsafe):
        yield name, f"  {name} allows scripts from {' '.join(unsafe)}"


def _cookie_problems(response: Any, *, is_secure: bool) -> Iterator[tuple[str, str]]:
    for name, cookie in getattr(response, "cookies", {}).items():
        if is_secure and not cookie["secure"]:
            yield name, f"  the cookie {name} is sent over HTTP as well"
        if not cookie["samesite"]:
            yield name, f"  the cookie {name} has no SameSite"
        if not cookie["httponly"] and "csrf" not in name.lower():
            yield name, f"  the cookie {name} can be read by scripts"
