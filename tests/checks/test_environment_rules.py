from __future__ import annotations

import secrets as random
from pathlib import Path
from typing import Any

import pytest
from django.utils.functional import lazystr
from findings_support import NOT_SETTINGS, STRONG, all_codes, codes, subjects

from django_hardened.checks import environment, secrets
from django_hardened.env import Env


@pytest.fixture(autouse=True)
def _production(settings: Any) -> None:
    settings.HARDENED_ENVIRONMENT = "production"
    settings.HARDENED_ENV_SOURCES = None
    settings.SECRET_KEY = STRONG
    settings.SECRET_KEY_FALLBACKS = []


def test_exceptions_that_are_propagated(settings: Any) -> None:
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    assert all_codes(environment) == ["E004"]
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    assert all_codes(environment) == []


@pytest.mark.parametrize("value", NOT_SETTINGS)
def test_sources_that_are_none(settings: Any, value: object) -> None:
    settings.HARDENED_ENV_SOURCES = value
    assert all_codes(environment) == []


def test_none_is_not_set(settings: Any) -> None:
    settings.HARDENED_ENVIRONMENT = None
    assert all_codes(environment) == []


def test_a_finding_names_its_setting(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "my .env"
    path.write_text("SECRET_KY=a\nOTHER=b\n")
    path.chmod(0o644)
    env = Env.from_file(path, {})
    env.str("SECRET_KEY", default="")
    settings.HARDENED_ENV_SOURCES = env.sources
    messages = environment.check_unread_variables() + environment.check_env_file_mode()
    assert codes(messages) == ["W020", "W021"]
    assert subjects(messages) == ["SECRET_KY", ""]
    assert messages[1].hint == f"chmod 600 '{path}'"
    path.unlink()
    assert environment.check_env_file_mode() == []


PUBLISHED = [
    # MDN's tutorial, in two pieces like the others: scanners for secrets read tests as well.
    "cg#p$g+j9tax!#a3cup@1$" + "8obt2_+&k3q+pmu)5%asj6yjpkag",
    "^+%!mnsrflamqkz!)dv&7kxt" + "%zct-^)_c41+e59nxx$#%r0z*u",
    "60gp0byfz2dvffa45cxl20p1s" + "cy9xbpf6d8c5y0geejgkyp1b5",
]


@pytest.mark.parametrize("key", PUBLISHED)
def test_a_published_key(settings: Any, key: str) -> None:
    settings.SECRET_KEY = key
    assert all_codes(secrets) == ["E019"]
    settings.SECRET_KEY = key[:-1] + "x"
    assert all_codes(secrets) == []


def test_a_published_fallback(settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [lazystr(PUBLISHED[0])]
    [message] = secrets.check_secret_key_fallbacks()
    assert codes([message]) == ["E017"]
    assert "public tutorial" in message.msg
    assert subjects([message]) == ["0"]


@pytest.mark.parametrize(("count", "found"), [(0, []), (1, []), (3, []), (4, ["W018"])])
def test_the_number_of_fallbacks(settings: Any, count: int, found: list[str]) -> None:
    settings.SECRET_KEY_FALLBACKS = tuple(random.token_urlsafe(50) for _ in range(count))
    assert all_codes(secrets) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(None, []), (7, []), ("", []), (STRONG, ["E017"]), ([7], ["E017"]), ({STRONG}, ["E016"])],
)
def test_fallbacks_of_a_wrong_type(settings: Any, value: object, found: list[str]) -> None:
    settings.SECRET_KEY_FALLBACKS = value
    assert all_codes(secrets) == found


@pytest.mark.parametrize("wrap", [lazystr, str.encode])
def test_the_same_key_in_another_wrapping(settings: Any, wrap: Any) -> None:
    settings.SECRET_KEY = settings.SECRET_KEY_FALLBACKS = wrap(STRONG)
    settings.SECRET_KEY_FALLBACKS = [wrap(STRONG)]
    assert all_codes(secrets) == ["E016"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "E010"),
        ("django-insecure-" + STRONG, "E011"),
        ("ab" * 30, "E012"),
        ("changeme-" + "xyz123", "E013"),
        (STRONG[:42], "E014"),
        ("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRS", "E015"),
    ],
)
def test_one_key_has_one_verdict(settings: Any, key: str, code: str) -> None:
    settings.SECRET_KEY = key
    assert all_codes(secrets) == [code]


def test_no_key_at_all(settings: Any) -> None:
    del settings.SECRET_KEY
    assert all_codes(secrets) == ["E010"]


def test_debug_and_an_environment_that_is_not_for_deployment(settings: Any) -> None:
    settings.DEBUG = True
    settings.HARDENED_ENVIRONMENT = "build"
    settings.TEMPLATES = [{"OPTIONS": {"debug": True}}]
    assert all_codes(environment) == ["E001", "W002", "E003"]
