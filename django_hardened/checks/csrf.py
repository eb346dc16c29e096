"""2xx: forms that other sites send in the name of a user."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import (
    is_subclass,
    listed,
    load_object,
    names_in,
    refuses_nothing,
)
from django_hardened.checks.cookies_in_use import CSRF, SESSION
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.hosts import is_loopback, is_overbroad
from django_hardened.suffixes import SPECIAL_USE_NAMES

_AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
_ORIGINS = 'CSRF_TRUSTED_ORIGINS = ["https://www.example.com"]'

E240 = Rule(
    "E240",
    "CSRF_TRUSTED_ORIGINS has {subject!r}, {problem}.",
    f"Name your own origins only: {_ORIGINS}",
    setting="CSRF_TRUSTED_ORIGINS",
    asvs="3.5.1",
    cwe=352,
)
E241 = Rule(
    "E241",
    "CSRF_TRUSTED_ORIGINS has {subject!r}: whoever can change a page on plain http acts as the "
    "user on https.",
    f"Remove it, or let it begin with https: {_ORIGINS}",
    setting="CSRF_TRUSTED_ORIGINS",
    asvs="3.5.1",
    cwe=352,
)
W242 = Rule(
    "W242",
    "CSRF_TRUSTED_ORIGINS has {subject!r}: a page of that machine or network acts as the user.",
    "Remove it from the settings of production.",
    setting="CSRF_TRUSTED_ORIGINS",
    cwe=352,
)
W243 = Rule(
    "W243",
    "CSRF_TRUSTED_ORIGINS has {subject!r}, which {problem}: it does not match the Origin that "
    "browsers send.",
    f"Write scheme and host in lower case, and no more: {_ORIGINS}",
    setting="CSRF_TRUSTED_ORIGINS",
)
E244 = Rule(
    "E244",
    "{problem}, but logins by cookie are: any site can send forms in the name of a user.",
    f'Put "{CSRF}" into MIDDLEWARE, between SessionMiddleware and AuthenticationMiddleware.',
    setting="MIDDLEWARE",
    replaces=("security.W003",),
    asvs="3.5.1",
    cwe=352,
)
W245 = Rule(
    "W245",
    "{subject} is in MIDDLEWARE: by its name it switches the protection of forms off.",
    "Remove it, and put @csrf_exempt on the views that authenticate each request otherwise.",
    setting="MIDDLEWARE",
    asvs="3.5.1",
    cwe=352,
)
RULES = (E240, E241, W242, W243, E244, W245)

_EVERYBODY = re.compile(r"\*[*.]*(?::.*)?")
_DISABLING = re.compile(
    r"(?:disabl|exempt|bypass|skip|ignor|remov|without|(?<![a-z])no)[a-z_]*csrf"
    r"|csrf[a-z_]*(?:disabl|exempt|bypass|skip|ignor|remov)"
)
# session_csrf and the like call theirs CsrfMiddleware.
_NAMED_SO = ("CsrfViewMiddleware", "CsrfMiddleware")
# What the code of one uses that is not of Django's class: it wraps that, compares, or refuses.
_REFUSING = re.compile(
    r"reject|forbid|denied|suspicious|compare|csrfview|check_token|failure_view|csrf_failure"
    r"|(?:http|json|template)response",
    re.IGNORECASE,
)


def check_trusted_origins(**kwargs: Any) -> list[CheckMessage]:
    return [finding for entry in listed("CSRF_TRUSTED_ORIGINS") for finding in _check_origin(entry)]


def _check_origin(entry: str) -> list[CheckMessage]:
    try:
        origin = urlsplit(entry)
    except ValueError:
        return [W243.found(subject=entry, problem="is no origin")]
    if not origin.netloc:
        return []  # Django's 4_0.E001 asks for a scheme
    name = origin.netloc.rpartition("@")[2].lower()
    if _EVERYBODY.fullmatch(name):
        return [
            E240.found(
                subject=entry, problem="which is meant for every site there is, and matches none"
            )
        ]
    if name.startswith("*.") and is_overbroad(name[1:]):
        return [E240.found(subject=entry, problem="under which strangers can register names")]
    if origin.scheme == "http":
        rule = W242 if _is_local(name) else E241
        return [rule.found(subject=entry)]
    problem = _origin_problem(entry, origin)
    return [W243.found(subject=entry, problem=problem)] if problem else []


def _is_local(netloc: str) -> bool:
    """Whether the name means a machine or a network that is not the internet."""
    name = netloc if netloc.endswith("]") else re.sub(r":\d*$", "", netloc)
    if is_loopback(name) or name.rpartition(".")[2] in SPECIAL_USE_NAMES:
        return True
    try:
        return ip_address(name.strip("[]")).is_private
    except ValueError:
        return "." not in name  # such as the name of a service of docker compose


def _origin_problem(entry: str, origin: SplitResult) -> str | None:
    """Say why Django never finds ``origin`` equal to what a browser sends, or return None."""
    if "*" in origin.netloc.removeprefix("*."):
        return "has a '*' elsewhere than in front of a domain"
    if origin.path or origin.query or origin.fragment:
        return "has a path"
    if entry != entry.strip().lower():
        return "has capital letters or white space"
    if entry.endswith(":443"):
        return "has the port that https has anyway"
    return None


def check_csrf_middleware(**kwargs: Any) -> list[CheckMessage]:
    names = listed("MIDDLEWARE")
    disabling = [name for name in names if _DISABLING.search(name.rpartition(".")[2].lower())]
    protecting: list[str] = []
    idle: list[str] = []
    for name in names:
        if is_subclass(name, CSRF) or (name.endswith(_NAMED_SO) and name not in disabling):
            (idle if _is_idle(name) else protecting).append(name)
    if protecting or not isinstance(settings.MIDDLEWARE, Iterable):  # E906
        return [W245.found(subject=name) for name in disabling]
    if not is_present(SESSION) and not is_present(_AUTHENTICATION):
        return []
    if idle:
        return [E244.found(problem=f"{idle[0]}, which is in MIDDLEWARE, checks no CSRF token")]
    return [E244.found(problem="CsrfViewMiddleware is not in MIDDLEWARE")]


def _is_idle(name: str) -> bool:
    """Whether ``name``, which passes for protection, refuses no request; false in doubt."""
    found = load_object(name)
    if is_subclass(name, CSRF):
        return refuses_nothing(getattr(found, "process_view", None))
    module = sys.modules.get(str(getattr(found, "__module__", "")))
    if getattr(module, "__file__", None) is None:
        return False  # not imported, or no code that can be read
    return not any(map(_REFUSING.search, names_in(found)))


CHECKS = (check_trusted_origins, check_csrf_middleware)
