from __future__ import annotations

import copy
import os
import traceback
from pathlib import Path
from typing import Any, get_type_hints

import django
import pytest
from django.conf import UserSettingsHolder, global_settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_hardened.defaults import ENVIRONMENTS, Environment
from django_hardened.env import Env, EnvError
from django_hardened.settings import HardenedSettings, Overrides, hardened_settings

KEY = "V8r!q2Zt0-xY7_mN4&kB1^wP6*eL3(hJ9)sD5=fG@cRaUiOoTgHb"
ENOUGH = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "example.com,www.example.com"}
# Everything that the environment can decide.
EVERYTHING = ENOUGH | {
    "SECRET_KEY_FALLBACKS": "old",
    "DEBUG": "off",
    "CSRF_TRUSTED_ORIGINS": "https://example.com",
    "DATABASE_URL": "postgres://u:p@h/db",
    "CACHE_URL": "redis://h:6379/0",
    "EMAIL_URL": "smtp://u:p@h:25",
    "HARDENED_TRUSTED_PROXIES": "10.0.0.0/8",
    "SECURE_SSL_REDIRECT": "on",
    "SECURE_HSTS_SECONDS": "60",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": "on",
    "SECURE_HSTS_PRELOAD": "on",
}
HTTPS: tuple[Environment, ...] = ("production", "build")
HTTP: tuple[Environment, ...] = ("development", "test")


def hardened(environment: str = "production", /, **overrides: Any) -> HardenedSettings:
    return hardened_settings(Env(ENOUGH | {"HARDENED_ENVIRONMENT": environment}), **overrides)


def problems(env: Env, **overrides: Any) -> list[str]:
    """The lines of the error below its first."""
    with pytest.raises(EnvError) as caught:
        hardened_settings(env, **overrides)
    first, *lines = str(caught.value).split("\n")
    assert first == f"{len(lines)} problem{'s' * (len(lines) > 1)} in the environment:"
    assert all(line.startswith("  ") for line in lines)
    return [line.strip() for line in lines]


# -- Everything wrong is reported at once --------------------------------------------------------

MISTAKES = """\
# Ten mistakes, each on a line of its own; s3cr3t stands for what must not be shown.
SECRET_KEY=
DEBUG=s3cr3t-maybe
ALLOWED_HOSTS=good.example, https://s3cr3t.example
CSRF_TRUSTED_ORIGINS=http://s3cr3t.example
DATABASE_URL=postgres://user:s3cr3t@db.example:s3cr3t/site
CACHE_URL=s3cr3t://cache.example
EMAIL_URL=smtp://user:s3cr3t@mail.example:s3cr3t
SECURE_HSTS_SECONDS=s3cr3t
this line is no assignment: s3cr3t
DEBUG=s3cr3t
"""


def test_ten_mistakes_are_one_error_of_ten_lines_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(MISTAKES)
    env = Env.from_file(path, {})
    with pytest.raises(ImproperlyConfigured) as caught:
        hardened_settings(env)
    first, *lines = str(caught.value).split("\n  ")
    assert first == "10 problems in the environment:"
    # Each line names its place, and each place is named once.
    assert sorted(line.removeprefix(f"{path}:").split(":")[0] for line in lines) == sorted(
        "2 3 4 5 6 7 8 9 10 11".split()
    )
    assert caught.value.__cause__ is caught.value.__context__ is None
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "s3cr3t" not in shown


def test_what_the_lines_say(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(MISTAKES)
    by_line = {
        line.removeprefix(f"{path}:").split(":")[0]: line.split(": ", 1)[1]
        for line in problems(Env.from_file(path, {}))
    }
    known = "has an unknown scheme; known are dbcache, dummycache, "
    assert by_line.pop("7").startswith(f"CACHE_URL {known}")
    assert by_line == {
        "2": "SECRET_KEY is empty",
        "3": "DEBUG is not a boolean: write true or false",
        "4": "ALLOWED_HOSTS has an entry (number 2) that has a scheme",
        "5": "CSRF_TRUSTED_ORIGINS has an entry (number 1) that is not https",
        "6": "DATABASE_URL is not a URL that can be read",
        "8": "EMAIL_URL is not a URL that can be read",
        "9": "SECURE_HSTS_SECONDS is not a whole number",
        "10": "is not NAME=value (no spaces around the name) or a # comment",
        "11": "DEBUG is set a second time (first on line 3)",
    }


def test_one_problem_is_one_line() -> None:
    assert problems(Env({"ALLOWED_HOSTS": "example.com"})) == [
        "SECRET_KEY is not set: set it in the environment"
    ]


def test_an_empty_environment_names_all_that_is_required(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert problems(Env.from_file(path, {})) == [
        f"SECRET_KEY is not set: set it in the environment or in {path}",
        f"ALLOWED_HOSTS is not set: set it in the environment or in {path}",
    ]


def test_problems_of_the_file_come_together_with_those_of_the_environment(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("bad")
    assert problems(Env.from_file(path, ENOUGH | {"DEBUG": "perhaps"})) == [
        f"{path}:1: is not NAME=value (no spaces around the name) or a # comment",
        "environment: DEBUG is not a boolean: write true or false",
    ]


def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    assert problems(Env.from_file(tmp_path, ENOUGH)) == [
        f"{tmp_path}: cannot be read (Is a directory)"
    ]


def test_a_value_of_a_secret_file_is_reported_with_its_name_only(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("s3cr3t/path\n")
    (problem,) = problems(Env({"SECRET_KEY": KEY, "ALLOWED_HOSTS_FILE": str(path)}))
    assert problem == f"{path}: ALLOWED_HOSTS has an entry (number 1) that has a path"


def test_a_secret_key_may_come_from_a_secret_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    env = Env({"SECRET_KEY_FILE": str(path), "ALLOWED_HOSTS": "example.com"})
    assert hardened_settings(env)["SECRET_KEY"] == KEY


@pytest.mark.parametrize("value", ["://[", "[", "\x00", "\ud800", "%", "a" * 5000, "()", "=", "$"])
def test_nothing_in_the_environment_raises_anything_else(value: str) -> None:
    found = problems(Env(dict.fromkeys(EVERYTHING, value) | {"HARDENED_ENVIRONMENT": value}))
    assert len(found) >= 9
    assert all(value not in line for line in found if len(value) > 1)


# -- The environments ----------------------------------------------------------------------------


def test_production() -> None:
    given = hardened_settings(Env(ENOUGH))
    assert given["HARDENED_ENVIRONMENT"] == "production"
    assert given["DEBUG"] is False
    assert given["SECRET_KEY"] == KEY
    assert given["ALLOWED_HOSTS"] == ["example.com", "www.example.com"]
    assert given["SECURE_SSL_REDIRECT"] is True
    assert given["SECURE_HSTS_SECONDS"] == 31_536_000
    assert given["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is False
    assert given["SECURE_HSTS_PRELOAD"] is False
    assert given["SESSION_COOKIE_SECURE"] is given["CSRF_COOKIE_SECURE"] is True
    assert given["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert given["CSRF_COOKIE_NAME"] == "__Host-csrftoken"
    assert given["SECURE_PROXY_SSL_HEADER"] is None
    assert "RATELIMIT_ENABLE" not in given


def test_development_works_on_http_localhost() -> None:
    given = hardened_settings(Env({"SECRET_KEY": KEY, "HARDENED_ENVIRONMENT": "development"}))
    assert given["ALLOWED_HOSTS"] == ["localhost", ".localhost", "127.0.0.1", "[::1]"]
    assert given["SECURE_SSL_REDIRECT"] is False
    assert given["SECURE_HSTS_SECONDS"] == 0
    assert given["SESSION_COOKIE_NAME"] == "sessionid"
    assert given["CSRF_COOKIE_NAME"] == "csrftoken"
    assert [name for name, value in given.items() if name.endswith("_SECURE") and value] == []
    assert given["DEBUG"] is False
    assert "RATELIMIT_ENABLE" not in given


def test_in_test_there_is_no_redirect_no_limit_and_a_fast_hasher() -> None:
    given = hardened_settings(Env({"HARDENED_ENVIRONMENT": "test"}))
    assert given["SECURE_SSL_REDIRECT"] is False
    assert given["RATELIMIT_ENABLE"] is False
    assert given["PASSWORD_HASHERS"][0] == "django.contrib.auth.hashers.MD5PasswordHasher"
    assert given["SESSION_COOKIE_NAME"] == "sessionid"


def test_a_test_may_ask_for_limits() -> None:
    assert hardened("test", RATELIMIT_ENABLE=True)["RATELIMIT_ENABLE"] is True


def test_build_needs_nothing_and_is_otherwise_production() -> None:
    given = hardened_settings(Env({"HARDENED_ENVIRONMENT": "build"}))
    assert given["ALLOWED_HOSTS"] == []
    production = hardened()
    own = {"ALLOWED_HOSTS", "SECRET_KEY", "LOGGING", "HARDENED_ENVIRONMENT", "HARDENED_ENV_SOURCES"}
    differ = {name for name in production if production.get(name) != given.get(name)}
    assert differ == own


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_old_passwords_can_be_read_everywhere(environment: Environment) -> None:
    names = [name.rpartition(".")[2] for name in hardened(environment)["PASSWORD_HASHERS"]]
    assert {"ScryptPasswordHasher", "PBKDF2PasswordHasher"} <= set(names)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("variables", [ENOUGH, EVERYTHING])
def test_django_takes_every_setting_without_a_warning(
    environment: Environment, variables: dict[str, str]
) -> None:
    given = hardened_settings(Env(variables | {"HARDENED_ENVIRONMENT": environment}))
    holder = UserSettingsHolder(global_settings)
    for name, value in given.items():
        setattr(holder, name, value)  # warns of what is deprecated
    unknown = {name for name in given if not hasattr(global_settings, name)}
    assert {name for name in unknown if not name.startswith("HARDENED_")} <= {
        "MAILERS",
        "REST_FRAMEWORK",
        "RATELIMIT_ENABLE",
        "SIGNED_COOKIE_LEGACY_SALT_FALLBACK",  # not in the first of the 5.2 series
    }


def test_nothing_is_found_wrong_while_developing() -> None:
    given: dict[str, Any] = {**hardened("development")}
    with override_settings(**given):
        assert checks.run_checks() == []


def test_django_finds_nothing_wrong_with_a_deployment() -> None:
    given: dict[str, Any] = {**hardened()}
    with override_settings(**given):
        found = checks.run_checks(include_deployment_checks=True)
    ids = {str(message.id) for message in found}
    # These two press for what binds the hosts of others.
    assert {id_ for id_ in ids if id_.startswith("security.")} == {"security.W005", "security.W021"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_environment_decides_about_hsts_and_the_redirect(environment: Environment) -> None:
    env = Env(
        ENOUGH
        | {
            "HARDENED_ENVIRONMENT": environment,
            "SECURE_SSL_REDIRECT": "no",
            "SECURE_HSTS_SECONDS": "3600",
            "SECURE_HSTS_INCLUDE_SUBDOMAINS": "yes",
            "SECURE_HSTS_PRELOAD": "yes",
        }
    )
    given = hardened_settings(env)
    assert given["SECURE_SSL_REDIRECT"] is False
    assert given["SECURE_HSTS_SECONDS"] == 3600
    assert given["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True
    assert given["SECURE_HSTS_PRELOAD"] is True


def test_the_browsable_api_is_for_development_only() -> None:
    browsable = "rest_framework.renderers.BrowsableAPIRenderer"
    with_it = [e for e in ENVIRONMENTS if browsable in str(hardened(e)["REST_FRAMEWORK"])]
    assert with_it == ["development"]


# -- Cookie names --------------------------------------------------------------------------------


@pytest.mark.parametrize("cookie", ["SESSION", "CSRF"])
@pytest.mark.parametrize(
    ("attributes", "prefix"),
    [
        ({}, "__Host-"),
        ({"PATH": "/"}, "__Host-"),
        ({"DOMAIN": None}, "__Host-"),
        ({"DOMAIN": "example.com"}, "__Secure-"),
        ({"PATH": "/app"}, "__Secure-"),
        ({"SECURE": False}, ""),
        ({"SECURE": False, "DOMAIN": "example.com"}, ""),
    ],
)
def test_a_cookie_gets_the_name_that_its_attributes_allow(
    cookie: str, attributes: dict[str, Any], prefix: str
) -> None:
    given = hardened(**{f"{cookie}_COOKIE_{key}": value for key, value in attributes.items()})
    names = {"SESSION": given["SESSION_COOKIE_NAME"], "CSRF": given["CSRF_COOKIE_NAME"]}
    bare = {"SESSION": "sessionid", "CSRF": "csrftoken"}
    (other,) = bare.keys() - {cookie}
    assert names[cookie] == f"{prefix}{bare[cookie]}"
    assert names[other] == f"__Host-{bare[other]}"


def test_a_cookie_may_be_named() -> None:
    given = hardened(SESSION_COOKIE_NAME="sid")
    assert (given["SESSION_COOKIE_NAME"], given["CSRF_COOKIE_NAME"]) == ("sid", "__Host-csrftoken")


# -- Overrides -----------------------------------------------------------------------------------


def test_an_override_wins_over_the_environment_and_the_defaults() -> None:
    given = hardened_settings(
        Env(EVERYTHING),
        SECURE_HSTS_SECONDS=5,
        SESSION_COOKIE_AGE=8 * 3600,
        DEBUG=True,
        ALLOWED_HOSTS=["other.example"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3"}},
        X_FRAME_OPTIONS="SAMEORIGIN",
        SECURE_PROXY_SSL_HEADER=None,
    )
    assert given["SECURE_HSTS_SECONDS"] == 5
    assert given["SESSION_COOKIE_AGE"] == 28_800
    assert given["DEBUG"] is True
    assert given["ALLOWED_HOSTS"] == ["other.example"]
    assert given["DATABASES"] == {"default": {"ENGINE": "django.db.backends.sqlite3"}}
    assert given["X_FRAME_OPTIONS"] == "SAMEORIGIN"
    assert given["SECURE_PROXY_SSL_HEADER"] is None


def test_what_is_given_in_code_is_not_required_of_the_environment() -> None:
    given = hardened_settings(Env({}), SECRET_KEY=KEY, ALLOWED_HOSTS=["example.com"])
    assert (given["SECRET_KEY"], given["ALLOWED_HOSTS"]) == (KEY, ["example.com"])


def test_what_is_given_in_code_is_not_judged_in_the_environment() -> None:
    env = Env(ENOUGH | {"DEBUG": "perhaps", "DATABASE_URL": "nonsense"})
    given = hardened_settings(env, DEBUG=False, DATABASES={})
    assert given["DATABASES"] == {}
    assert "DEBUG" not in env.sources


def test_the_environment_may_be_given_in_code() -> None:
    env = Env({"SECRET_KEY": KEY, "HARDENED_ENVIRONMENT": "production"})
    given = hardened_settings(env, HARDENED_ENVIRONMENT="development")
    assert given["HARDENED_ENVIRONMENT"] == "development"
    assert given["SECURE_SSL_REDIRECT"] is False


def test_an_unknown_environment_in_code_is_a_problem() -> None:
    assert problems(Env(ENOUGH), HARDENED_ENVIRONMENT="staging") == [
        "HARDENED_ENVIRONMENT is not one of production, development, test, build"
    ]


def test_proxies_declared_in_code_count_as_those_of_the_environment() -> None:
    given = hardened(HARDENED_TRUSTED_PROXIES=["10.0.0.0/8"])
    assert given["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert hardened(HARDENED_TRUSTED_PROXIES=[])["SECURE_PROXY_SSL_HEADER"] is None


def test_proxies_of_the_environment_are_believed_about_https() -> None:
    given = hardened_settings(Env(EVERYTHING))
    assert given["HARDENED_TRUSTED_PROXIES"] == ["10.0.0.0/8"]
    assert given["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert given["USE_X_FORWARDED_HOST"] is given["USE_X_FORWARDED_PORT"] is False


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SECURE_HSTS_SECOND", "did you mean SECURE_HSTS_SECONDS?"),
        ("SESSION_COOKIES_AGE", "did you mean SESSION_COOKIE_AGE?"),
        ("secret_key", "assign it in the settings module"),
        ("INSTALLED_APPS", "assign it in the settings module"),
        ("ROOT_URLCONF", "assign it in the settings module"),
    ],
)
def test_an_unknown_override_raises_with_a_suggestion(name: str, hint: str) -> None:
    with pytest.raises(TypeError) as caught:
        hardened(**{name: 1})
    assert str(caught.value) == f"hardened_settings() does not give {name}; {hint}"


def test_the_api_defaults_are_not_replaced() -> None:
    with pytest.raises(TypeError) as caught:
        hardened(REST_FRAMEWORK={"PAGE_SIZE": 10})
    assert str(caught.value) == ("pass rest_framework={...}: it is merged into the closed defaults")


def test_an_unknown_override_is_told_before_the_environment_is_read() -> None:
    with pytest.raises(TypeError):
        hardened_settings(Env({}), SECRET_KEYS="x")  # type: ignore[call-arg]


# -- REST framework ------------------------------------------------------------------------------


def test_api_settings_are_merged_into_the_defaults() -> None:
    before = hardened()["REST_FRAMEWORK"]
    changes = {
        "PAGE_SIZE": 20,
        "DEFAULT_RENDERER_CLASSES": ["mine.Renderer"],
        "DEFAULT_THROTTLE_RATES": {"anon": "5/min", "login": "3/min"},
    }
    mine = copy.deepcopy(changes)
    after = hardened(rest_framework=mine)["REST_FRAMEWORK"]
    assert after == {
        **before,
        "PAGE_SIZE": 20,
        "DEFAULT_RENDERER_CLASSES": ["mine.Renderer"],
        "DEFAULT_THROTTLE_RATES": {"anon": "5/min", "user": "600/min", "login": "3/min"},
    }
    assert mine == changes
    assert before == hardened()["REST_FRAMEWORK"]


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_api_settings_are_the_defaults(nothing: dict[str, Any] | None) -> None:
    assert hardened(rest_framework=nothing)["REST_FRAMEWORK"] == hardened()["REST_FRAMEWORK"]


def test_an_api_setting_may_be_opted_out_of_by_name() -> None:
    given = hardened(rest_framework={"DEFAULT_THROTTLE_RATES": None})["REST_FRAMEWORK"]
    assert given["DEFAULT_THROTTLE_RATES"] is None
    assert given["DEFAULT_PERMISSION_CLASSES"] == ["rest_framework.permissions.IsAuthenticated"]


# -- Pure ----------------------------------------------------------------------------------------


def containers(value: Any) -> list[Any]:
    """Every list and dict in ``value``, itself included."""
    below = value.values() if isinstance(value, dict) else value
    own = [value] if isinstance(value, dict | list) else []
    if isinstance(value, dict | list):
        return own + [found for item in below for found in containers(item)]
    return own


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("variables", [ENOUGH, EVERYTHING])
def test_spoiling_a_result_does_not_change_the_next(
    environment: Environment, variables: dict[str, str]
) -> None:
    env = Env(variables | {"HARDENED_ENVIRONMENT": environment})
    first = hardened_settings(env)
    expected = copy.deepcopy({key: value for key, value in first.items() if key.isupper()})
    for container in containers(dict(first)):
        container.clear()
    second = hardened_settings(env)
    different = {name for name in second if second.get(name) != expected.get(name)}
    assert different <= {"HARDENED_ENV_SOURCES"}
    assert second["HARDENED_ENV_SOURCES"] == env.sources


def test_no_environment_is_changed() -> None:
    before, variables = dict(os.environ), dict(EVERYTHING)
    env = Env(variables)
    hardened_settings(env)
    assert dict(os.environ) == before
    assert variables == EVERYTHING
    assert env.ENVIRON == EVERYTHING


def test_the_same_env_gives_the_same_settings_again() -> None:
    env = Env(EVERYTHING)
    assert hardened_settings(env) == hardened_settings(env)


def test_where_values_came_from_crosses_without_them() -> None:
    sources = hardened_settings(Env(EVERYTHING))["HARDENED_ENV_SOURCES"]
    assert {name for name, source in sources.items() if source.kind == "environment"} == set(
        EVERYTHING
    )
    assert str(sources["HARDENED_ENVIRONMENT"]) == "default"
    assert KEY not in repr(sources)


# -- Types ---------------------------------------------------------------------------------------

# Given on some Django, in some environment, or not at all unless asked for.
OPTIONAL = {
    "SESSION_COOKIE_DOMAIN",
    "SESSION_COOKIE_PATH",
    "CSRF_COOKIE_DOMAIN",
    "CSRF_COOKIE_PATH",
    "RATELIMIT_ENABLE",
    "HARDENED_ADDRESS_RATES",
    "HARDENED_LOGIN_RATES",
    "MAILERS",
    "SIGNED_COOKIE_LEGACY_SALT_FALLBACK",
    "HARDENED_CANONICAL_ORIGIN",
    "HARDENED_HEALTH_PATHS",
    "HARDENED_HOST_ALIASES",
    "HARDENED_REDIRECT_HOST_ALIASES",
    "HARDENED_TENANT_RESOLVER",
}
NOT_BY_NAME = {"REST_FRAMEWORK", "HARDENED_ENV_SOURCES"}


def test_the_types_name_exactly_what_is_given() -> None:
    given = {name for name in hardened_settings(Env(EVERYTHING)) if not name.startswith("EMAIL_")}
    known = set(get_type_hints(Overrides))
    assert known - OPTIONAL == given - OPTIONAL - NOT_BY_NAME
    assert known >= OPTIONAL
    assert set(get_type_hints(HardenedSettings)) == known | NOT_BY_NAME


def test_what_is_optional_is_given_where_it_means_something() -> None:
    production, test = hardened_settings(Env(EVERYTHING)), hardened("test")
    assert ("MAILERS" in production) is (django.VERSION >= (6, 1))
    assert ("EMAIL_BACKEND" in production) is (django.VERSION < (6, 1))
    assert ("SIGNED_COOKIE_LEGACY_SALT_FALLBACK" in production) is (django.VERSION < (6, 1))
    assert ("RATELIMIT_ENABLE" in production, "RATELIMIT_ENABLE" in test) == (False, True)


@pytest.mark.parametrize("name", sorted(get_type_hints(Overrides).keys() - {"MAILERS"}))
def test_each_override_is_accepted_and_given_back(name: str) -> None:
    value = "test" if name == "HARDENED_ENVIRONMENT" else object()
    assert dict(hardened(**{name: value}))[name] is value


_GOOD = {"SECRET_KEY": "k", "ALLOWED_HOSTS": "www.example.com"}


def test_what_is_no_env_is_refused_with_the_cure() -> None:
    with pytest.raises(TypeError, match=r"needs an Env: Env\.from_file"):
        hardened_settings(".env")  # type: ignore[arg-type]


def test_mailers_are_refused_where_django_would_ignore_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(django, "VERSION", (6, 0, 9, "final", 0))
    with pytest.raises(TypeError, match=r"MAILERS needs Django 6\.1"):
        hardened_settings(Env(_GOOD), MAILERS={})


def test_mailers_given_in_code_stand_for_the_mail_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(django, "VERSION", (6, 1, 0, "final", 0))
    mailers: Any = {"default": {"BACKEND": "x"}}
    given = hardened_settings(Env(_GOOD | {"EMAIL_URL": "nonsense"}), MAILERS=mailers)
    assert given["MAILERS"] == mailers


@pytest.mark.parametrize("name", ["EMAIL_HOST", "LANGUAGE_CODE", "SECURE_REDIRECT_EXEMPT"])
def test_a_setting_that_is_the_projects_own_gets_no_wrong_suggestion(name: str) -> None:
    with pytest.raises(TypeError, match="assign it in the settings module"):
        hardened_settings(Env(_GOOD), **{name: "x"})  # type: ignore[typeddict-item]


def test_the_https_header_is_believed_only_behind_the_middleware_that_vouches_for_it() -> None:
    env = Env({**_GOOD, "HARDENED_TRUSTED_PROXIES": "10.0.0.1"})
    assert hardened_settings(env)["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert hardened_settings(env, MIDDLEWARE=[])["SECURE_PROXY_SSL_HEADER"] is None


@pytest.mark.parametrize(
    ("value", "ancestors"), [("SAMEORIGIN", ["'self'"]), ("DENY", ["'none'"]), ("X", ["'none'"])]
)
def test_the_policy_goes_with_the_frame_option(value: str, ancestors: list[str]) -> None:
    settings: Any = hardened("production", X_FRAME_OPTIONS=value)
    assert settings["HARDENED_CSP"]["frame-ancestors"] == ancestors
    own = {"default-src": ["'self'"]}
    assert hardened("production", X_FRAME_OPTIONS=value, HARDENED_CSP=own)["HARDENED_CSP"] == own


def test_report_only_is_one_word_of_the_environment() -> None:
    assert hardened("production")["HARDENED_CSP_MODE"] == "enforce"
    settings = hardened_settings(Env({**_GOOD, "HARDENED_CSP_MODE": "report-only"}))
    assert settings["HARDENED_CSP_MODE"] == "report-only"
    with pytest.raises(EnvError, match="HARDENED_CSP_MODE is not one of 'enforce', 'report-only'"):
        hardened_settings(Env({**_GOOD, "HARDENED_CSP_MODE": "report"}))
