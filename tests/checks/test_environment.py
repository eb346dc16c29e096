from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checks_support import codes_of
from django.test import override_settings
from django.utils.functional import lazystr
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.checks import environment
from django_hardened.env import Env
from django_hardened.settings import hardened_settings

DJANGO_ENGINE = "django.template.backends.django.DjangoTemplates"
KEY = "k3y-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL_eYuIoRtKwXqMnBv"

EnvFile = Callable[..., Env]


@pytest.fixture(autouse=True)
def _production(settings: Any) -> None:
    settings.HARDENED_ENVIRONMENT = "production"
    settings.HARDENED_ENV_SOURCES = None


@pytest.fixture
def env_file(tmp_path: Path) -> EnvFile:
    def write(*lines: str, mode: int = 0o600, environ: dict[str, str] | None = None) -> Env:
        path = tmp_path / ".env"
        path.write_text("\n".join(lines))
        path.chmod(mode)
        return Env.from_file(path, environ or {})

    return write


def test_nothing_to_say() -> None:
    assert codes_of(environment) == []


# -- DEBUG ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [True, 1, "False", "0", lazystr("False")])
def test_debug_on(settings: Any, value: object) -> None:
    settings.DEBUG = value
    assert codes_of(environment) == ["E001"]


@pytest.mark.parametrize("value", [False, 0, None, "", lazystr("")])
def test_debug_off(settings: Any, value: object) -> None:
    settings.DEBUG = value
    assert codes_of(environment) == []


# -- TEMPLATES -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sequence", [list, tuple])
def test_template_debug_is_found_in_each_engine(settings: Any, sequence: type) -> None:
    settings.TEMPLATES = sequence(
        [
            {"BACKEND": DJANGO_ENGINE, "NAME": "a", "OPTIONS": {"debug": True}},
            {"BACKEND": DJANGO_ENGINE, "NAME": "b"},
            {"BACKEND": DJANGO_ENGINE, "NAME": "c", "OPTIONS": {"debug": 1}},
        ]
    )
    messages = environment.check_template_debug()
    assert [message.id for message in messages] == ["django_hardened.W002"] * 2
    assert "TEMPLATES[0]" in messages[0].msg
    assert "TEMPLATES[0]['OPTIONS']" in str(messages[0].hint)
    assert "TEMPLATES[2]" in messages[1].msg


@pytest.mark.parametrize(
    "engine",
    [
        {"BACKEND": DJANGO_ENGINE},
        {"BACKEND": DJANGO_ENGINE, "OPTIONS": {}},
        {"BACKEND": DJANGO_ENGINE, "OPTIONS": {"debug": False}},
        {"BACKEND": DJANGO_ENGINE, "OPTIONS": {"debug": None, "autoescape": True}},
        {"BACKEND": "django.template.backends.jinja2.Jinja2", "OPTIONS": {"environment": "x.y"}},
    ],
)
def test_template_debug_off(settings: Any, engine: dict[str, Any]) -> None:
    settings.TEMPLATES = [engine]
    assert codes_of(environment) == []


def test_no_templates_at_all(settings: Any) -> None:
    settings.TEMPLATES = []
    assert codes_of(environment) == []


# -- HARDENED_ENVIRONMENT ------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["development", "test", "build", "prod", "Production", "", 0])
def test_an_environment_that_is_not_for_deployment(settings: Any, word: object) -> None:
    settings.HARDENED_ENVIRONMENT = word
    [message] = environment.check_environment()
    assert message.id == "django_hardened.E003"
    assert repr(word) in message.msg


@pytest.mark.parametrize("debug", [True, False])
def test_without_the_setting_debug_says_it_all(settings: Any, debug: bool) -> None:
    del settings.HARDENED_ENVIRONMENT
    settings.DEBUG = debug
    assert codes_of(environment) == (["E001"] if debug else [])


def test_none_means_that_the_environment_is_not_set(settings: Any) -> None:
    settings.HARDENED_ENVIRONMENT = None
    assert codes_of(environment) == []


@pytest.mark.parametrize("word", ["production", lazystr("production")])
def test_production(settings: Any, word: object) -> None:
    settings.HARDENED_ENVIRONMENT = word
    assert codes_of(environment) == []


# -- Variables that nothing reads ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("ALLOWED_HOST", "ALLOWED_HOSTS"),
        ("SECRET_KEYS", "SECRET_KEY"),
        ("SECURE_HSTS_SECOND", "SECURE_HSTS_SECONDS"),
        ("SECURE_SSL_REDIRCT", "SECURE_SSL_REDIRECT"),
        ("HARDENED_ENVIROMENT", "HARDENED_ENVIRONMENT"),
        ("CSRF_TRUSTED_ORIGIN", "CSRF_TRUSTED_ORIGINS"),
    ],
)
@pytest.mark.parametrize("in_file", [True, False])
def test_a_typo_is_named_with_its_place(
    settings: Any, env_file: EnvFile, typo: str, meant: str, in_file: bool
) -> None:
    good = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "www.example.com"}
    lines = [f"{name}={value}" for name, value in good.items()]
    if in_file:
        env = env_file(*lines, f"{typo}=hunter2")
    else:
        env = env_file(*lines, environ={typo: "hunter2"})
    settings.HARDENED_ENV_SOURCES = hardened_settings(env)["HARDENED_ENV_SOURCES"]

    [message] = environment.check_unread_variables()

    assert message.id == "django_hardened.W020"
    assert typo in message.msg
    assert (f"{env.sources.file}:3" in message.msg) is in_file
    assert f"Did you mean {meant}?" in str(message.hint)
    assert "hunter2" not in str(message)


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOME", "LANG", "DJANGO_SETTINGS_MODULE", "POSTGRES_PASSWORD", "SENTRY_DSN", "PORT"],
)
def test_other_variables_are_nobodys_business(settings: Any, name: str) -> None:
    env = Env({"SECRET_KEY": KEY, "ALLOWED_HOSTS": "www.example.com", name: "x"})
    settings.HARDENED_ENV_SOURCES = hardened_settings(env)["HARDENED_ENV_SOURCES"]
    assert codes_of(environment) == []


def test_what_the_project_reads_later_is_read(settings: Any) -> None:
    env = Env({"SECRET_KEY": KEY, "ALLOWED_HOSTS": "www.example.com", "SECRET_KEYS": "x"})
    settings.HARDENED_ENV_SOURCES = hardened_settings(env)["HARDENED_ENV_SOURCES"]
    assert codes_of(environment) == ["W020"]
    env.str("SECRET_KEYS")
    assert codes_of(environment) == []


def test_a_secret_file_is_read_through_its_variable(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)
    env = Env({"SECRET_KEY_FILE": str(path), "ALLOWED_HOSTS": "www.example.com"})
    settings.HARDENED_ENV_SOURCES = hardened_settings(env)["HARDENED_ENV_SOURCES"]
    assert codes_of(environment) == []


def test_a_project_without_the_helper(settings: Any) -> None:
    del settings.HARDENED_ENV_SOURCES
    assert codes_of(environment) == []


@given(value=st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1))
def test_no_part_of_a_value_is_told(value: str) -> None:
    env = Env({"DATABASE_URLS": value})
    env.str("DATABASE_URL", default="")
    with override_settings(HARDENED_ENV_SOURCES=env.sources):
        [message] = environment.check_unread_variables()
    assert not set(value) & set(str(message))


# -- The mode of the file ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666, 0o777])
def test_a_file_that_everybody_can_read(settings: Any, env_file: EnvFile, mode: int) -> None:
    env = env_file("A=hunter2", mode=mode)
    env.str("A")
    settings.HARDENED_ENV_SOURCES = env.sources
    [message] = environment.check_env_file_mode()
    assert message.id == "django_hardened.W021"
    assert str(env.sources.file) in message.msg
    assert str(message.hint).startswith("chmod 600 ")
    assert "hunter2" not in str(message)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o660])
def test_a_file_for_its_owner_and_group(settings: Any, env_file: EnvFile, mode: int) -> None:
    env = env_file("A=b", mode=mode)
    env.str("A")
    settings.HARDENED_ENV_SOURCES = env.sources
    assert codes_of(environment) == []


def test_a_file_of_which_nothing_was_read(settings: Any, env_file: EnvFile) -> None:
    settings.HARDENED_ENV_SOURCES = env_file("A=b", mode=0o644).sources
    assert codes_of(environment) == ["W021"]


def test_a_file_that_is_gone(settings: Any, env_file: EnvFile, tmp_path: Path) -> None:
    env = env_file("A=b", mode=0o644)
    env.str("A")
    settings.HARDENED_ENV_SOURCES = env.sources
    (tmp_path / ".env").unlink()
    assert codes_of(environment) == []


def test_no_file(settings: Any) -> None:
    env = Env({"A": "b"})
    env.str("A")
    settings.HARDENED_ENV_SOURCES = env.sources
    assert codes_of(environment) == []


def test_the_hint_can_be_pasted_whatever_the_path(settings: Any, tmp_path: Path) -> None:
    folder = tmp_path / "my site {0}; true"
    folder.mkdir()
    path = folder / ".env"
    path.write_text("A=b")
    path.chmod(0o644)
    env = Env.from_file(path, {})
    env.str("A")
    settings.HARDENED_ENV_SOURCES = env.sources
    [message] = environment.check_env_file_mode()
    assert os.waitstatus_to_exitcode(os.system(str(message.hint))) == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_all_at_once(settings: Any, env_file: EnvFile) -> None:
    settings.DEBUG = True
    settings.TEMPLATES = [{"BACKEND": DJANGO_ENGINE, "OPTIONS": {"debug": True}}]
    settings.HARDENED_ENVIRONMENT = "build"
    env = env_file(f"SECRET_KEY={KEY}", "ALLOWED_HOSTS=a.example", "SECRET_KY=x", mode=0o644)
    settings.HARDENED_ENV_SOURCES = hardened_settings(env)["HARDENED_ENV_SOURCES"]
    assert codes_of(environment) == ["E001", "W002", "E003", "W020", "W021"]
