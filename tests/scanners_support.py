"""Scanners as functions: what each says of a site, or of a policy.

The programs are those of ``tests/scanners/package.json`` and of the dependency group
``test-scanners``. One that is missing skips the test, or fails it where HARDENED_SCANNERS is
``required``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from scanned_sites_support import HOST, Site

SCRIPTS = Path(__file__).resolve().parent / "scanners"
MODULES = Path(os.environ.get("HARDENED_NODE_MODULES") or SCRIPTS / "node_modules")
_SECONDS = 240


def need(*programs: str, package: str = "") -> str:
    """Return the path of the first of ``programs`` that is there; or see that the test ends."""
    if package and not (MODULES / package).is_dir():
        _miss(f"the npm package {package} is not in {MODULES}")
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for program in programs:
        if found := shutil.which(program, path=beside):
            return found
    return _miss(f"{programs[0]} is not installed")


def _miss(reason: str) -> str:
    if os.environ.get("HARDENED_SCANNERS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def _run(command: Sequence[str | Path], site: Site | None = None, **environment: str) -> str:
    """Return what a scanner writes. Whether it likes what it sees is not in its status here."""
    own = {} if site is None else {"SSL_CERT_FILE": str(site.certificate), "HOME": str(site.folder)}
    # A scanner is no part of the suite, and finds nothing of it.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        command,
        env=inherited | own | environment,
        cwd=site.folder if site else None,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if run.returncode < 0 or (not run.stdout and run.returncode):
        raise RuntimeError(f"{command[0]} ended with {run.returncode}: {run.stderr[-2000:]}")
    return run.stdout


# -- From npm ------------------------------------------------------------------------------------


def observatory(site: Site, paths: Sequence[str]) -> dict[str, Any]:
    """Return the verdict of Mozilla's HTTP Observatory on each path: status, grade, score."""
    node = need("node", package="@mdn/mdn-http-observatory")
    script = SCRIPTS / "observatory.mjs"
    command = [node, script, MODULES, HOST, str(site.port), str(site.plain), *paths]
    verdicts: dict[str, Any] = json.loads(
        _run(command, site, NODE_EXTRA_CA_CERTS=str(site.certificate))
    )
    return verdicts


def csp_findings(policy: str) -> dict[str, str]:
    """Return what Google's CSP Evaluator finds: how severe each type of finding is.

    Without what it says of a fallback, which is that today's browsers ignore it.
    """
    node = need("node", package="csp_evaluator")
    findings = json.loads(_run([node, SCRIPTS / "csp_evaluator.mjs", MODULES, policy]))
    return {each["type"]: each["severity"] for each in findings if each["severity"] != "NONE"}


SECURITY_AUDITS = (
    *("is-on-https", "csp-xss", "has-hsts", "origin-isolation"),
    *("clickjacking-mitigation", "trusted-types-xss"),
)


def lighthouse(site: Site, path: str) -> dict[str, list[str]]:
    """Return how severe the items of each of Lighthouse's security audits are."""
    node = need("node", package="lighthouse")
    chromium = need("chromium", "chromium-browser", "google-chrome")
    report = site.folder / "lighthouse.json"
    flags = (
        "--headless=new --no-sandbox --disable-dev-shm-usage --disable-background-networking"
        " --ignore-certificate-errors"
    )
    cli = MODULES / "lighthouse" / "cli" / "index.js"
    options = ["--quiet", "--no-enable-error-reporting", "--throttling-method=provided"]
    outputs = ["--output=json", f"--output-path={report}", "--disable-full-page-screenshot"]
    audits = f"--only-audits={','.join(SECURITY_AUDITS)}"
    command = [node, cli, site.url(path), *options, *outputs, audits, f"--chrome-flags={flags}"]
    report.unlink(missing_ok=True)
    _run(command, site, CHROME_PATH=chromium)
    found = json.loads(report.read_text())
    if found.get("runtimeError"):
        raise RuntimeError(found["runtimeError"]["message"])
    return {
        name: [item.get("severity", "") for item in audit.get("details", {}).get("items", [])]
        for name, audit in found["audits"].items()
    }


# -- From PyPI -----------------------------------------------------------------------------------


def shcheck(site: Site, path: str) -> list[str]:
    """Return the header fields that shcheck misses."""
    command = [need("shcheck.py"), "--json-output", "--use-get-method", site.url(path)]
    (answer,) = json.loads(_run(command, site)).values()
    missing: list[str] = answer["missing"]
    return missing


class Finding(NamedTuple):
    """What wapiti has found, and where."""

    kind: str
    method: str
    path: str
    info: str


# Those that need no server of others to be called by the site, and that change nothing for good.
# What `methods` lists is not said to be a weakness.
ACTIVE = "crlf,csrf,exec,file,htaccess,ldap,permanentxss,redirect,sql,upload,xss"


def wapiti(site: Site, modules: str, seconds: int) -> list[Finding]:
    """Return what wapiti finds with ``modules``, after so many seconds a module at most."""
    report = site.folder / "wapiti.json"
    session = ["--flush-session", "--store-session", site.folder / "wapiti"]
    limits = ["--scope", "folder", "--max-scan-time", "30", "--max-attack-time", str(seconds)]
    # Each page has another value of it, and would count as another form.
    limits += ["--max-files-per-dir", "4", "--skip", "csrfmiddlewaretoken"]
    command = [need("wapiti"), "--url", site.url("/"), "--module", modules, *session, *limits]
    report.unlink(missing_ok=True)
    _run([*command, "--no-bugreport", "--format", "json", "--output", report], site)
    found = json.loads(report.read_text())
    if found["infos"]["crawled_pages_nbr"] < 1:
        raise RuntimeError("wapiti has seen no page")
    return [
        Finding(kind, each["method"], each["path"], each["info"])
        for group in ("vulnerabilities", "anomalies")
        for kind, findings in found[group].items()
        for each in findings
    ]


def ignored_auth(site: Site, schema: str) -> tuple[int, list[str]]:
    """Return how many requests schemathesis has sent, and which operations ignore credentials."""
    report = site.folder / "schemathesis.json"
    checks = ["--checks", "ignored_auth", "--phases", "coverage,fuzzing"]
    limits = ["--max-examples", "15", "--seed", "1", "--workers", "1"]
    options = ["--header", f"Authorization: Token {site.token}", "--tls-verify", site.certificate]
    outputs = ["--report", "json", "--report-json-path", report]
    report.unlink(missing_ok=True)
    command = [need("schemathesis"), "run", site.url(schema), *checks, *limits, *options, *outputs]
    _run(command, site)
    found = json.loads(report.read_text())
    if found["errors"]:
        raise RuntimeError(str(found["errors"])[:2000])
    return found["test_cases"]["generated"], [str(failure) for failure in found["failures"]]


# -- OWASP Secure Headers Project ----------------------------------------------------------------

# What its validator expects, as of 2026; it is a file for venom, which no package has:
# https://github.com/OWASP/www-project-secure-headers/blob/master/subprojects/validator/tests_suite.yml
# X-DNS-Prefetch-Control has come last, as the 17th.
_EXACT: Mapping[str, tuple[str, ...]] = {
    "Strict-Transport-Security": (
        "max-age=63072000; includeSubDomains",
        "max-age=63072000; includeSubDomains; preload",
    ),
    "X-Frame-Options": ("deny", "DENY"),
    "X-Content-Type-Options": ("nosniff",),
    "X-Permitted-Cross-Domain-Policies": ("none",),
    "Referrer-Policy": ("no-referrer",),
    "Cross-Origin-Embedder-Policy": ("require-corp",),
    "Cross-Origin-Opener-Policy": ("same-origin",),
    "Cross-Origin-Resource-Policy": ("same-origin",),
    "Cache-Control": ("no-store, max-age=0",),
    "X-DNS-Prefetch-Control": ("off",),
}
_FEATURES = """accelerometer autoplay camera clipboard-read clipboard-write cross-origin-isolated
    display-capture encrypted-media fullscreen gamepad geolocation gyroscope hid idle-detection
    interest-cohort keyboard-map magnetometer microphone midi payment picture-in-picture
    publickey-credentials-get screen-wake-lock serial unload usb web-share
    xr-spatial-tracking""".split()
_CLEARED = '"cache","cookies","storage"'
_ABSENT = ("Feature-Policy", "Public-Key-Pins", "Expect-CT", "X-XSS-Protection")
OSHP = (
    *(*_EXACT, "Content-Security-Policy", "Permissions-Policy", "Clear-Site-Data"),
    *_ABSENT,
)


def oshp_failures(header: Mapping[str, str], log_out: Mapping[str, str]) -> set[str]:
    """Return which of ``OSHP`` the header of a page, and that of a log-out, do not meet.

    The validator asks for the log-out by GET, which Django refuses since 5.0.
    """
    passed = {name for name, values in _EXACT.items() if header.get(name) in values}
    passed |= {name for name in _ABSENT if name not in header}
    if "unsafe" not in header.get("Content-Security-Policy", "unsafe"):
        passed.add("Content-Security-Policy")
    features = header.get("Permissions-Policy", "")
    denied = all(f"{name}=()" in features for name in _FEATURES)
    if denied and re.search(r"sync-xhr=\((self)?\)", features):
        passed.add("Permissions-Policy")
    if log_out.get("Clear-Site-Data") == _CLEARED:
        passed.add("Clear-Site-Data")
    return set(OSHP) - passed
