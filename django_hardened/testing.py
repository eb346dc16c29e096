"""What a project says of itself in its own tests, in a line each.

    def test_every_endpoint_is_closed():
        assert_endpoints_closed(except_=["GET /posts/*"])

From unittest they are imported from here; under pytest they are fixtures of the same names, too.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, cast
from unittest import mock

from django.http.response import HttpResponseBase
from django.test import override_settings
from django.test.client import Client

from django_hardened.audit import requests
from django_hardened.audit.capture import private_caches
from django_hardened.audit.endpoints import Access, Endpoint
from django_hardened.audit.inventory import inventory
from django_hardened.audit.probe import probe as call_endpoints
from django_hardened.declarations import Declaration, Declarations, read_declarations
from django_hardened.exposure import undeclared
from django_hardened.ratelimit.in_process import InProcessStore

EVIL_HOST = "evil.example"

_SAFE_REFERRERS = {
    "no-referrer",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
}
_UNSAFE_SOURCES = {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:", "data:"}
_TELLTALES = ("X-Powered-By", "X-AspNet-Version")


# -- Endpoints -----------------------------------------------------------------------------------


def assert_endpoints_closed(
    *, except_: Iterable[str] = (), probe: bool = False, urlconf: Any = None
) -> None:
    """Assert that nobody may call an endpoint without login, but for those that are declared.

    Declared is what ``public_endpoints.toml``, ``HARDENED_PUBLIC_ENDPOINTS`` or a ``public()``
    mark says; Django's own logins and static files need no declaration.

    Args:
        except_: more that may be open: ``"/health/"`` for reading, or ``"POST /webhook/"``;
            ``*`` stands for anything.
        probe: also call each endpoint with a method that changes nothing. The test needs the
            database then.
        urlconf: another URLconf than ``ROOT_URLCONF``.

    Raises:
        AssertionError: something is open, or may be, or one of ``except_`` is not open.
    """
    listed = inventory(urlconf)
    endpoints = call_endpoints(listed)[0] if probe else [endpoint for _, endpoint in listed]
    allowed = [_allowed(each) for each in except_]
    declared = Declarations((*read_declarations().entries, *allowed))
    lines = [_told(each) for each in undeclared(endpoints, declared)]
    lines += [
        f"except_ has {each}, which is not open"
        for each in allowed
        if not any(each.covers(e.path, e.method) and not e.proven.is_closed for e in endpoints)
    ]
    if lines:
        raise AssertionError("\n".join(["These endpoints are not closed:", *lines]))


def _allowed(text: str) -> Declaration:
    method, _, path = text.rpartition(" ")
    return Declaration(path, (method.upper() or "*",), "a test says so")


def _told(endpoint: Endpoint) -> str:
    who = "cannot be known" if endpoint.proven is Access.UNKNOWN else "anybody"
    note = f", {endpoint.note}" if endpoint.note else ""
    return f"  {endpoint.method} {endpoint.path}: {who}{note} ({endpoint.view})"


# -- Headers -------------------------------------------------------------------------------------


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


# -- Limits --------------------------------------------------------------------------------------


def assert_throttled(call: Callable[[], Any], *, after: int) -> HttpResponseBase:
    """Assert that ``call`` is answered ``after`` times, and refused the next time.

    What other tests have counted does not count, and limits are on, whatever the settings of the
    tests say; the clock of this package's limits stands still.

    Args:
        call: sends one request and returns the response.
        after: how many requests are admitted.

    Returns:
        The response that refused: 429, with ``Retry-After``.

    Raises:
        AssertionError: it was refused too early, too late, or without ``Retry-After``.
    """
    now = time.time()
    store = InProcessStore(clock=lambda: now)
    with (
        private_caches(),
        override_settings(RATELIMIT_ENABLE=True),
        mock.patch("django_hardened.ratelimit.limiter.get_store", return_value=store),
    ):
        for number in range(1, after + 1):
            status = call().status_code
            if status == 429:
                raise AssertionError(f"Request {number} was refused, before {after} were answered.")
        refused: Any = call()
    if refused.status_code != 429:
        raise AssertionError(
            f"Request {after + 1} was answered with {refused.status_code}, and not with 429."
        )
    if "Retry-After" not in refused.headers:
        raise AssertionError("The refusal does not say when to come back: no Retry-After.")
    return cast(HttpResponseBase, refused)


# -- Hosts ---------------------------------------------------------------------------------------


def poison_host(client: Client, path: str = "/", *, method: str = "GET", **extra: Any) -> None:
    """Assert that a host which a client makes up ends up in no link, redirect or header.

    Args:
        client: the test client that asks.
        path: what is asked for: the start of a password reset, say.
        method: with which method.
        extra: what else ``client.generic`` takes, such as ``data`` and ``content_type``.

    Raises:
        AssertionError: an answer repeats the host, and says by which header it came.
    """
    for headers in _poisons(str(extra.pop("host", "") or requests.host())):
        token = uuid.uuid4().hex[:12]
        sent = {name: value.replace("TOKEN", token) for name, value in headers.items()}
        response = client.generic(method, path, headers=sent, **extra)
        where = _repeated(response, token)
        if where:
            described = ", ".join(f"{name}: {value}" for name, value in sent.items())
            raise AssertionError(f"{method} {path} with {described} repeats the host in {where}.")


def _poisons(own: str) -> Sequence[dict[str, str]]:
    evil = f"TOKEN.{EVIL_HOST}"
    return (
        {"host": evil},
        {"host": f"{own}:80@{evil}"},
        {"host": f"{own}.{evil}"},
        {"host": own, "x-forwarded-host": evil},
        {"host": own, "x-forwarded-host": f"{own}, {evil}"},
        {"host": own, "x-forwarded-server": evil},
        {"host": own, "x-host": evil},
        {"host": own, "x-original-host": evil},
        {"host": own, "forwarded": f"host={evil}"},
        {"host": own, "x-http-host-override": evil},
    )


def _repeated(response: Any, token: str) -> str:
    """Return where ``token`` is in a response: the name of a header, or "the body"."""
    for name, value in response.headers.items():
        if token in value:
            return str(name)
    content = b"" if response.streaming else response.content
    return "the body" if token.encode() in content else ""


__all__ = [
    "EVIL_HOST",
    "assert_endpoints_closed",
    "assert_secure_headers",
    "assert_throttled",
    "poison_host",
]
