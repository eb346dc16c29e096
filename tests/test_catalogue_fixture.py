"""The whole catalogue on two settings modules: one with every mistake, one that is right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import django
import pytest
from projects_support import STRONG_KEY, STRONG_PASSWORD, Project

pytestmark = pytest.mark.current_versions

DATA = Path(__file__).parent / "data"
DEPLOY = ("check", "--deploy", "--format", "json")

URLS = """
from django.conf import settings
from django.contrib import admin
from django.urls import path

urlpatterns = [path(settings.ADMIN_URL, admin.site.urls)]
"""
ENVIRONMENT = {
    "DJANGO_SECRET_KEY": STRONG_KEY,
    "DJANGO_ADMIN_URL": "desk-7Qm2/",
    "DJANGO_PROXIES": "10.0.0.0/8",
    "DATABASE_URL": (f"postgres://shop:{STRONG_PASSWORD}@db.example.com/shop?sslmode=verify-full"),
    "REDIS_URL": f"rediss://:{STRONG_PASSWORD}@cache.example.com:6379/0",
    "EMAIL_URL": f"smtp+tls://shop:{STRONG_PASSWORD}@smtp.example.com:587",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.start(tmp_path_factory.mktemp("catalogue"))
    for name in ("dangerous_settings", "production_settings"):
        copy(DATA / f"{name}.py", project.root / "site1")
    project.file("site1/production_urls.py", URLS)
    # A package that need not be installed where the tests run.
    project.file("corsheaders/__init__.py")
    return project


def check(project: Project, name: str, *options: str, **environ: str) -> tuple[int, list[Any]]:
    result = project.manage(*DEPLOY, "--settings", f"site1.{name}", *options, **environ)
    assert result.stdout, result.stderr
    return result.status, json.loads(result.stdout)["findings"]


def marks(name: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the code of each finding that is due with this version of Django."""
    lines = (DATA / f"{name}.py").read_text().splitlines()
    for number, line in enumerate(lines, start=1):
        _, _, due = line.partition("# finds:")
        for code, sign, version in re.findall(r"([EWI]\d{3})(?:(<|>=)(\d\.\d))?", due):
            since = tuple(map(int, version.split("."))) if version else (0,)
            if (sign == "<") == (since > django.VERSION):
                yield number, code


def test_every_mistake_is_found_on_its_line_and_nothing_else(project: Project) -> None:
    status, findings = check(project, "dangerous_settings")
    found = {
        (finding["line"], finding["id"].removeprefix("django_hardened."))
        for finding in findings
        if finding["file"] == "site1/dangerous_settings.py"
    }
    due = set(marks("dangerous_settings"))
    assert len(due) > 60
    assert found == due
    assert status == 1
    # The admin is where startproject has put it. No twin of Django's is left.
    elsewhere = [f["id"] for f in findings if f["file"] != "site1/dangerous_settings.py"]
    assert elsewhere == ["django_hardened.I320"]


def test_no_secret_is_printed(project: Project) -> None:
    _, findings = check(project, "dangerous_settings")
    printed = json.dumps(findings)
    for secret in ("correct-horse", "the key of last year", "hT5-mB2_xQ8wZ1rK7nV4"):
        assert secret not in printed


def test_settings_that_are_right_pass_with_warnings_as_failures(project: Project) -> None:
    """No policy, and logins that only the limits of a proxy could slow: good to know, no more."""
    options = ("--fail-level", "WARNING")
    status, findings = check(project, "production_settings", *options, **ENVIRONMENT)
    assert [finding["id"] for finding in findings] == [
        "django_hardened.I255",
        "django_hardened.I310",
    ]
    assert status == 0


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("DJANGO_DEBUG", "True", "E001"),
        ("DJANGO_SECRET_KEY", "changeme" * 7, "E012"),
        ("DJANGO_ALLOWED_HOSTS", "*", "E102"),
        ("DJANGO_ADMIN_URL", "admin/", "I320"),
        ("DJANGO_PROXIES", "0.0.0.0/0", "E121"),
        ("DJANGO_SECURE_SSL_REDIRECT", "False", "W201"),
        ("DJANGO_SECURE_HSTS_INCLUDE_SUBDOMAINS", "False", "W205"),
        ("DATABASE_URL", "postgres://postgres:postgres@db.example.com/x?sslmode=require", "E522"),
        ("REDIS_URL", f"redis://:{STRONG_PASSWORD}@cache.example.com:6379/0", "W504"),
    ],
)
def test_a_wrong_value_in_the_environment_of_the_same_site_is_found(
    project: Project, name: str, value: str, found: str
) -> None:
    status, findings = check(project, "production_settings", **ENVIRONMENT | {name: value})
    assert f"django_hardened.{found}" in [finding["id"] for finding in findings]
    assert status == int(found.startswith("E"))
