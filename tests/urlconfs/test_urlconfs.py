"""URLconfs of packages as they are installed, each audited in a process of its own.

What is open there is what their documentation says is open: logins, registration, resets, tokens.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

RUN = Path(__file__).with_name("run_audit.py")

# How many endpoints there are at least, and which of them strangers may call.
PACKAGES = {
    "allauth": (
        60,
        r"/accounts/(login|logout|inactive|signup|confirm-email|password/reset|3rdparty|social"
        r"|google/login)\b",
    ),
    "dj_rest_auth": (15, r"/auth/(password/reset|login|logout|registration)\b"),
    "djoser": (
        40,
        r"/auth/(users[/.](<format>)?$|users/(re)?(send_)?(activation|set_(password|username))"
        r"|token/login|jwt)",
    ),
    "drf_spectacular": (3, r"/(schema|docs|redoc)/"),
    "oauth2_provider": (40, r"/o/(\.well-known|token|revoke_token|device-authorization|device)\b"),
    "wagtail": (
        250,
        r"/cms/(login|password_reset|sprite|jsi18n)\b|/documents/|/_util/|/<var>$",
    ),
}


def _run(package: str, *options: str) -> dict[str, Any]:
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed: dependency group test-urlconfs")
    done = subprocess.run(
        [sys.executable, RUN, package, *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@cache
def _called(package: str) -> dict[str, Any]:
    return _run(package, "probe")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_endpoint_is_listed_and_none_fails(package: str) -> None:
    report = _called(package)
    least, _ = PACKAGES[package]
    assert len(report["endpoints"]) >= least
    assert [each for each in report["endpoints"] if each["origin"] != "third-party"] == []
    assert [each for each in report["endpoints"] if each["file"] is None] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_open_is_what_its_documentation_says(package: str) -> None:
    _, documented = PACKAGES[package]
    opened = {
        each["path"]
        for each in _called(package)["endpoints"]
        if "anonymous" in {each["access"], each["probed"]["access"]}
    }
    assert opened
    assert {path for path in opened if not re.match(documented, path)} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_calls_differ_from_nothing(package: str) -> None:
    counted = Counter(
        (each["access"], each["probed"]["access"])
        for each in _called(package)["endpoints"]
        if not each["probed"]["agrees"]
    )
    assert counted == {}
