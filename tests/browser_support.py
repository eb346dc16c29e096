"""Chromium, driven by Playwright, and what its pages complain about.

Debian's Chromium, or the one that ``HARDENED_CHROMIUM`` names: nothing is downloaded.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from browser_site.fill import PASSWORD
from host_attacks.servers import accepts, free_port, running
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    sync_playwright,
)
from recipes_support import certify

CHROMIUM = os.environ.get("HARDENED_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
TESTS = Path(__file__).resolve().parent
PATIENCE = 15_000  # milliseconds that a page may take for anything

# What the example site turns off, and Chromium has on other systems only.
_UNKNOWN_FEATURE = "Error with Permissions-Policy header: Unrecognized feature: 'web-share'."
# Before any script of the page, and in each of its frames.
_LISTEN = """
addEventListener("securitypolicyviolation", async (event) => {
  await tellViolation(
    event.disposition, event.effectiveDirective, event.blockedURI, event.documentURI,
    `${event.sourceFile}:${event.lineNumber}`, String(event.target.outerHTML).slice(0, 200)
  );
  console.debug(`stopped by ${event.effectiveDirective}`);
}, true);
"""


@dataclass
class Complaints:
    """What a browser has said about the pages that it was shown."""

    pages: list[str] = field(default_factory=list)
    violations: list[tuple[str, ...]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def directives(self) -> set[str]:
        """What of the policy has stopped something."""
        return {directive for _, directive, *_ in self.violations}

    def watch(self, context: BrowserContext) -> None:
        context.expose_function("tellViolation", lambda *told: self.violations.append(told))
        context.add_init_script(_LISTEN)
        context.on("console", self._note_message)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("requestfailed", self._note_failure)
        context.on("response", self._note_response)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.text == _UNKNOWN_FEATURE:
            return
        if message.type in ("error", "warning") and not _is_icon(message.location["url"]):
            self.errors.append(f"{message.text} ({message.location['url']})")

    def _note_failure(self, request: Request) -> None:
        # A page that is left takes back what it has asked for.
        if request.failure != "net::ERR_ABORTED":
            self.failures.append(f"{request.method} {request.url}: {request.failure}")

    def _note_response(self, response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and response.status < 300:
            self.pages.append(request.url)
        if response.status >= 400 and not _is_icon(request.url):
            self.failures.append(f"{request.method} {request.url}: {response.status}")

    def forget(self) -> None:
        for kept in (self.pages, self.violations, self.errors, self.failures):
            kept.clear()

    def assert_none(self) -> None:
        found = [*map(str, self.violations), *self.errors, *self.failures]
        assert not found, "\n".join(found)


def _is_icon(address: str) -> bool:
    """Whether it is what a browser asks for by itself where a page names no icon."""
    return address.endswith("/favicon.ico")


@dataclass(frozen=True)
class Site:
    """A site under a server on this machine, at ``origin`` for the browser."""

    origin: str
    port: int
    certificate: Path
    log: Path


@contextmanager
def serving(name: str, settings: str, directory: Path) -> Iterator[Site]:
    """Run the example site with the module ``settings``, filled, under gunicorn with TLS."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(TESTS), str(TESTS.parent / "example_project"), os.environ.get("PYTHONPATH", "")]
        ),
        "DJANGO_SETTINGS_MODULE": settings,
        "HARDENED_ENVIRONMENT": "production",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": name,
        "DATABASE_URL": f"sqlite:///{directory}/db.sqlite3",
        "EMAIL_URL": "smtp+tls://blog:unused@mail.example.com:587",
    }
    certify(directory, name)
    subprocess.run([sys.executable, "-m", "browser_site.fill"], env=environment, check=True)
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "-c", "python:django_hardened.gunicorn"),
        *("example.wsgi", "--workers=1", "--threads=8", f"--bind=127.0.0.1:{port}"),
        *(f"--certfile={directory}/fullchain.pem", f"--keyfile={directory}/key.pem"),
    ]
    with running(command, port, directory, environment=environment, is_up=accepts):
        yield Site(f"https://{name}", port, directory / "fullchain.pem", directory / f"{port}.log")


@contextmanager
def chromium(*sites: Site) -> Iterator[Browser]:
    """Run a browser that finds ``sites`` at their names and believes their certificates.

    Every other name leads nowhere.
    """
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: install it, or name it in HARDENED_CHROMIUM")
    names = [f"MAP {site.origin[8:]}:443 127.0.0.1:{site.port}" for site in sites]
    keys = [_key_hash(site.certificate) for site in sites]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--short-reporting-delay",
                "--disable-features=LocalNetworkAccessChecks",
                f"--host-resolver-rules={', '.join([*names, 'MAP * ~NOTFOUND'])}",
                f"--ignore-certificate-errors-spki-list={','.join(keys)}",
            ],
        )
        try:
            yield browser
        finally:
            browser.close()


def _key_hash(certificate: Path) -> str:
    """Return the hash of the public key, as Chromium wants it (RFC 7469 section 2.4)."""

    def openssl(*arguments: str | Path, given: bytes = b"") -> bytes:
        return subprocess.run(
            ["openssl", *arguments], input=given, capture_output=True, check=True
        ).stdout

    key = openssl("x509", "-in", certificate, "-pubkey", "-noout")
    encoded = openssl("pkey", "-pubin", "-outform", "der", given=key)
    return base64.b64encode(hashlib.sha256(encoded).digest()).decode()


@dataclass(frozen=True)
class Desk:
    """A window that many tests open a page in, and what it has complained about since the last."""

    context: BrowserContext
    complaints: Complaints


@contextmanager
def window(
    browser: Browser, complaints: Complaints | None = None, **options: Any
) -> Iterator[BrowserContext]:
    """Yield a visitor of its own; ``options`` are those of Playwright's ``new_context``."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    try:
        if complaints is not None:
            complaints.watch(context)
        yield context
    finally:
        context.close()


@contextmanager
def tab(browser: Browser, complaints: Complaints | None = None, **options: Any) -> Iterator[Page]:
    """Yield a page of a visitor of its own, as :func:`window`."""
    with window(browser, complaints, **options) as context:
        yield context.new_page()


def log_in(page: Page, address: str, name: str = "admin", password: str = "") -> None:
    """Log in on the way to ``address``."""
    page.goto(address)
    page.fill("[name=username]", name)
    page.fill("[name=password]", password or PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url("**" + address)
