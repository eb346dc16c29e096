from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import django
import pytest
from catalogue_support import ODD, codes, findings
from django.conf import settings
from django.test import override_settings

from django_hardened.checks import mail

BACKENDS = "django.core.mail.backends."
SMTP = BACKENDS + "smtp.EmailBackend"
DUMMY = BACKENDS + "dummy.EmailBackend"
needs_mailers = pytest.mark.skipif(django.VERSION < (6, 1), reason="MAILERS are of Django 6.1")

GOOD = {"username": "shop", "password": "k3y-Zr8mQ1xW5vT0", "host": "smtp.example.com"}
# Options, and what they deserve.
OPTIONS = [
    (GOOD, ["E540"]),
    (GOOD | {"use_tls": False}, ["E540"]),
    (GOOD | {"use_tls": True}, []),
    (GOOD | {"use_ssl": True}, []),
    (GOOD | {"host": "localhost"}, []),
    (GOOD | {"host": "127.0.0.1"}, []),
    (GOOD | {"host": "postfix"}, []),
    (GOOD | {"host": "10.1.2.3"}, []),
    (GOOD | {"host": ""}, []),
    ({"host": "smtp.example.com"}, ["W543"]),
    ({"host": "smtp.example.com", "use_tls": True}, []),
    (GOOD | {"use_tls": True, "password": "your-password"}, ["E541"]),
    (GOOD | {"use_tls": True, "password": "shop"}, ["E541"]),
    (GOOD | {"use_tls": True, "password": ""}, []),
    (GOOD | {"host": "localhost", "password": "password"}, []),
]


def _legacy(**changes: Any) -> list[Any]:
    with warnings.catch_warnings(), override_settings():
        warnings.simplefilter("ignore")  # Django 6.1 on names that it will remove
        if hasattr(settings, "MAILERS"):
            delattr(settings, "MAILERS")  # unknown before Django 6.1
        return findings(mail, **changes)


def _codes(found: list[Any]) -> list[str]:
    return [message.id.removeprefix("django_hardened.") for message in found]


@pytest.mark.parametrize(("options", "found"), OPTIONS)
def test_settings_before_mailers(options: dict[str, Any], found: list[str]) -> None:
    names = {
        "host": "EMAIL_HOST",
        "username": "EMAIL_HOST_USER",
        "password": "EMAIL_HOST_PASSWORD",
        "use_tls": "EMAIL_USE_TLS",
        "use_ssl": "EMAIL_USE_SSL",
    }
    changes = {names[name]: value for name, value in options.items()}
    assert _codes(_legacy(EMAIL_BACKEND=SMTP, **changes)) == found


@needs_mailers
@pytest.mark.parametrize(("options", "found"), OPTIONS)
def test_mailers(options: dict[str, Any], found: list[str]) -> None:
    assert codes(mail, MAILERS={"default": {"BACKEND": SMTP, "OPTIONS": options}}) == found
    assert codes(mail, MAILERS={"bulk": {"OPTIONS": options}}) == found


def test_one_can_reach_what_is_said_before_mailers() -> None:
    [message] = _legacy(
        EMAIL_BACKEND=SMTP,
        EMAIL_HOST="smtp.example.com",
        EMAIL_HOST_USER="u",
        EMAIL_HOST_PASSWORD="k3y-Zr8m",
    )
    assert message.setting == "EMAIL_USE_TLS"
    assert message.hint == "EMAIL_USE_TLS = True  # with port 587"
    assert "k3y" not in message.msg


@needs_mailers
def test_one_can_reach_what_is_said() -> None:
    [message] = findings(mail, MAILERS={"bulk": {"OPTIONS": GOOD}})
    assert (message.setting, message.subject) == ("MAILERS", "bulk")  # type: ignore[attr-defined]
    assert message.hint == 'MAILERS[\'bulk\']["OPTIONS"]["use_tls"] = True  # with port 587'


@pytest.mark.parametrize("name", ["console", "dummy", "filebased", "locmem"])
def test_backends_that_send_nothing(name: str) -> None:
    assert _codes(_legacy(EMAIL_BACKEND=f"{BACKENDS}{name}.EmailBackend")) == ["W542"]


@pytest.mark.parametrize("backend", [SMTP, "anymail.backends.mailgun.EmailBackend"])
def test_backends_that_send(backend: str) -> None:
    assert _legacy(EMAIL_BACKEND=backend) == []


@needs_mailers
def test_the_default_mailer_is_judged_by_django() -> None:
    mailers = {"default": {"BACKEND": DUMMY}, "bulk": {"BACKEND": DUMMY}}
    [message] = findings(mail, MAILERS=mailers)
    assert message.id == "django_hardened.W542"
    assert "'bulk'" in message.msg


@needs_mailers
@pytest.mark.parametrize("value", [value for value in ODD if value is not None])
def test_what_is_no_setting(value: Any) -> None:
    assert codes(mail, MAILERS=value) == []
    assert codes(mail, MAILERS={"default": {"OPTIONS": value}}) == []


def test_mailers_before_django_knows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django 5.2 sends with EMAIL_*, whatever MAILERS says."""
    monkeypatch.setattr(django, "VERSION", (5, 2, 19, "final", 0))
    monkeypatch.setattr(
        mail, "settings", SimpleNamespace(**EMAIL, MAILERS={"a": {"OPTIONS": GOOD}})
    )
    assert codes(mail) == ["W543"]


EMAIL = {
    "EMAIL_BACKEND": SMTP,
    "EMAIL_HOST": "smtp.example.com",
    "EMAIL_HOST_USER": "",
    "EMAIL_HOST_PASSWORD": "",
    "EMAIL_USE_TLS": False,
    "EMAIL_USE_SSL": False,
}
