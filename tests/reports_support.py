"""A settings module and findings about it, for the tests of the reports."""

from __future__ import annotations

from datetime import date

from django.core.checks import CheckMessage, Critical, Debug, Error, Info, Warning

from django_hardened.checks.rules import Rule
from django_hardened.gate import Verdict
from django_hardened.waivers import Waiver

SETTINGS = """
DEBUG = True
ALLOWED_HOSTS = [
    "*",
]
HARDENED_EDGE = ["hsts", "ssl_redirect"]
"""
SECRET = "k3y-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL_eYuIoRtKwXqMnBv"

E001 = Rule("E001", "{setting} is {value!r}: all is shown.", "{setting} = False", setting="DEBUG")
W700 = Rule("W700", "{setting} has {subject!r}.", "Repair it.", setting="ALLOWED_HOSTS")

WAIVER = Waiver("W700", "a reason: 100 %, honestly", "ops@example.com", date(2027, 3, 31))

MESSAGES: list[CheckMessage] = [
    Debug("fact d", id="x.D1"),
    Info("fact i", id="x.I1"),
    W700.found(subject="*"),
    Error("fact\nof two lines", hint="hint e", id="x.E1", obj="an object"),
    Warning("no id"),
    E001.found(value=True),
    Critical("fact c", id="security.E024"),
]
VERDICTS = [
    *map(Verdict, MESSAGES),
    Verdict(W700.found(subject="www.example.com"), WAIVER),
]
