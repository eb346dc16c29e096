"""6xx: Django and REST framework, against what was known when this release was made.

There is no clock here and no network: the verdict on a version changes with an upgrade of this
package only. Between two of its releases, pip-audit knows more.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import django
from django.core.checks import CheckMessage

from django_hardened.checks.rules import Rule

# The last security release of each supported series.
# https://docs.djangoproject.com/en/stable/releases/security/
DJANGO_RELEASES = {(5, 2): 19, (6, 0): 10, (6, 1): 3}
# GHSA-33wh-fxxf-88vv, GHSA-3547-9m27-7rxg, GHSA-xw6w-gcfp-cf8m
REST_FRAMEWORK_RELEASE = (3, 18, 2)

E650 = Rule(
    "E650",
    "Django {version} is of a series that gets no security fixes any more.",
    'python -m pip install --upgrade "Django~={newest}.0"',
    asvs="15.2.1",
    cwe=1104,
)
# A distribution may have put the fixes into an older version: that is why these are Warnings.
W651 = Rule(
    "W651",
    "Django {version} lacks security fixes that {fixed} has.",
    'python -m pip install --upgrade "Django~={fixed}"',
    asvs="15.2.1",
    cwe=1395,
)
W652 = Rule(
    "W652",
    "REST framework {version} lacks security fixes that {fixed} has.",
    'python -m pip install --upgrade "djangorestframework>={fixed}"',
    asvs="15.2.1",
    cwe=1395,
)
RULES = (E650, W651, W652)


def check_django_version(**kwargs: Any) -> list[CheckMessage]:
    series, patch = django.VERSION[:2], django.VERSION[2]
    newest = max(DJANGO_RELEASES)
    fixed = DJANGO_RELEASES.get(series)
    if fixed is None:
        unsupported = series < newest
        name = _dotted(newest)
        return [E650.found(version=django.get_version(), newest=name)] if unsupported else []
    if patch >= fixed:
        return []
    return [W651.found(version=django.get_version(), fixed=_dotted((*series, fixed)))]


def check_rest_framework_version(**kwargs: Any) -> list[CheckMessage]:
    try:
        installed = version("djangorestframework")
    except PackageNotFoundError:
        return []
    numbers = tuple(int(number) for number in re.findall(r"\d+", installed)[:3])
    if not numbers or numbers >= REST_FRAMEWORK_RELEASE:
        return []
    return [W652.found(version=installed, fixed=_dotted(REST_FRAMEWORK_RELEASE))]


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


CHECKS = (check_django_version, check_rest_framework_version)
