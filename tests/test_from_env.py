from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_hardened import from_env
from django_hardened.defaults import Environment
from django_hardened.env import Env, EnvError
from django_hardened.from_env import EnvironmentReader, mail_settings
from django_hardened.settings import hardened_settings

quick = hypothesis_settings(deadline=None, database=None, max_examples=60)

ENOUGH = {"SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": "example.com"}


def read(env: Env, given: Iterable[str] = ()) -> tuple[dict[str, Any], list[str]]:
    """The settings and the problems that an environment gives."""
    with env.collecting() as problems:
        values = EnvironmentReader(env, problems).settings(given)
    return values, problems


def values(**variables: str) -> dict[str, Any]:
    given, problems = read(Env(ENOUGH | variables))
    assert problems == []
    return given


def problems(**variables: str) -> list[str]:
    return read(Env(ENOUGH | variables))[1]


# -- The environment -----------------------------------------------------------------------------


def test_production_is_the_default() -> None:
    assert values()["SECRET_KEY"] == "k" * 50
    with Env(ENOUGH).collecting() as found:
        assert EnvironmentReader(Env(ENOUGH), found).environment == "production"


@pytest.mark.parametrize("word", ["prod", "Production", "staging", "", " production"])
def test_an_unknown_environment_is_a_problem_and_is_read_as_production(word: str) -> None:
    found: list[str] = []
    reader = EnvironmentReader(Env({"HARDENED_ENVIRONMENT": word}), found)
    assert reader.environment == "production"
    assert found == [
        "environment: HARDENED_ENVIRONMENT is not one of "
        "'production', 'development', 'test', 'build'"
    ]


def test_an_environment_given_in_code_wins() -> None:
    found: list[str] = []
    reader = EnvironmentReader(Env({"HARDENED_ENVIRONMENT": "nonsense"}), found, "test")
    assert (reader.environment, found) == ("test", [])


def test_an_unknown_environment_given_in_code_is_a_problem() -> None:
    found: list[str] = []
    assert EnvironmentReader(Env({}), found, "staging").environment == "production"
    assert found == ["HARDENED_ENVIRONMENT is not one of production, development, test, build"]


def test_what_production_gives_for_the_least_environment() -> None:
    assert values() == {
        "SECRET_KEY": "k" * 50,
        "SECRET_KEY_FALLBACKS": [],
        "DEBUG": False,
        "ALLOWED_HOSTS": ["example.com"],
        "CSRF_TRUSTED_ORIGINS": [],
        "HARDENED_TRUSTED_PROXIES": [],
        "HARDENED_FORWARDED_HEADER": "X-Forwarded-For",
    }


@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_secret_key_is_required(environment: Environment) -> None:
    env = Env({"HARDENED_ENVIRONMENT": environment, "ALLOWED_HOSTS": "example.com"})
    assert read(env)[1] == ["SECRET_KEY is not set: set it in the environment"]


@pytest.mark.parametrize("environment", ["production", "development", "test", "build"])
def test_an_empty_secret_key_is_a_problem_everywhere(environment: Environment) -> None:
    assert problems(HARDENED_ENVIRONMENT=environment, SECRET_KEY="") == [
        "environment: SECRET_KEY is empty"
    ]


@pytest.mark.parametrize("environment", ["test", "build"])
def test_a_key_is_made_up_where_nothing_is_signed_for_anybody(environment: Environment) -> None:
    def key() -> str:
        given, found = read(Env({"HARDENED_ENVIRONMENT": environment}))
        assert found == []
        return str(given["SECRET_KEY"])

    first, second = key(), key()
    assert first != second
    assert len(first) >= 50
    assert values(HARDENED_ENVIRONMENT=environment)["SECRET_KEY"] == "k" * 50


def test_a_prefix_is_respected_where_a_key_would_be_made_up() -> None:
    env = Env({"SITE_HARDENED_ENVIRONMENT": "test", "SITE_SECRET_KEY": "k" * 50})
    env.prefix = "SITE_"
    given, found = read(env)
    assert (given["SECRET_KEY"], found) == ("k" * 50, [])


def test_a_prefix_is_respected_where_an_entry_is_wrong() -> None:
    env = Env({"SITE_SECRET_KEY": "k" * 50, "SITE_ALLOWED_HOSTS": "*"})
    env.prefix = "SITE_"
    assert read(env)[1] == [
        "environment: SITE_ALLOWED_HOSTS has an entry (number 1) that admits every host"
    ]


def test_plain_settings_are_cast() -> None:
    given = values(
        SECRET_KEY_FALLBACKS="old , older",
        DEBUG="on",
        SECURE_SSL_REDIRECT="off",
        SECURE_HSTS_SECONDS="60",
        SECURE_HSTS_INCLUDE_SUBDOMAINS="yes",
        SECURE_HSTS_PRELOAD="no",
    )
    assert (
        given
        | {
            "SECRET_KEY_FALLBACKS": ["old", "older"],
            "DEBUG": True,
            "SECURE_SSL_REDIRECT": False,
            "SECURE_HSTS_SECONDS": 60,
            "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
            "SECURE_HSTS_PRELOAD": False,
        }
        == given
    )


@pytest.mark.parametrize(
    "key", ["(k3y&with^parens", "k3y$ends(with)", "$k3y#starts", "#k3y=with-all_of!it@%*+"]
)
def test_a_fallback_key_is_exactly_what_the_key_was(key: str) -> None:
    # Every character here is one of those that Django's startproject makes keys of.
    assert values(SECRET_KEY=key)["SECRET_KEY"] == key
    assert values(SECRET_KEY_FALLBACKS=key)["SECRET_KEY_FALLBACKS"] == [key]


@quick
@given(
    st.sets(
        st.sampled_from(
            "SECRET_KEY SECRET_KEY_FALLBACKS DEBUG ALLOWED_HOSTS CSRF_TRUSTED_ORIGINS DATABASES "
            "CACHES MAILERS HARDENED_TRUSTED_PROXIES HARDENED_FORWARDED_HEADER SECURE_HSTS_SECONDS "
            "SECURE_SSL_REDIRECT SECURE_HSTS_PRELOAD SECURE_HSTS_INCLUDE_SUBDOMAINS".split()
        )
    )
)
def test_what_is_given_in_code_is_not_read(names: set[str]) -> None:
    sources = {"DATABASES": "DATABASE_URL", "CACHES": "CACHE_URL", "MAILERS": "EMAIL_URL"}
    broken = {sources.get(name, name): "" if name == "SECRET_KEY" else "," for name in names}
    given, found = read(Env(ENOUGH | broken), names)
    assert found == []
    assert names.isdisjoint(given)


# -- ALLOWED_HOSTS -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("https://example.com", "has a scheme"),
        ("example.com:8000", "has a port"),
        ("[::1]:8000", "has a port"),
        ("example.com/app", "has a path"),
        ("*.example.com", "has a glob"),
        ("ex*.com", "has a glob"),
        ("*", "admits every host"),
        (".com", "admits hosts of strangers"),
        (".co.uk", "admits hosts of strangers"),
        (".herokuapp.com", "admits hosts of strangers"),
        (".Vercel.APP", "admits hosts of strangers"),
        ("::1", "is an IPv6 address without its brackets"),
        ("example.com.", "has a trailing dot"),
        ("exa_mple.com", "is not a host name"),
        ("ex ample.com", "is not a host name"),
        ("127.1", "is not an IPv4 address"),
        ("bücher..de", "is not an internationalised host name"),
        ("🦄" * 64 + ".de", "is not an internationalised host name"),
        ("a" * 300, "is longer than 253 octets"),
    ],
)
def test_a_host_that_is_refused(entry: str, reason: str) -> None:
    assert problems(ALLOWED_HOSTS=f"example.com,{entry}") == [
        f"environment: ALLOWED_HOSTS has an entry (number 2) that {reason}"
    ]


def test_each_entry_that_is_wrong_has_its_own_line() -> None:
    assert problems(ALLOWED_HOSTS="*, good.example, http://x") == [
        "environment: ALLOWED_HOSTS has an entry (number 1) that admits every host",
        "environment: ALLOWED_HOSTS has an entry (number 3) that has a scheme",
    ]


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({}, "ALLOWED_HOSTS is not set: set it in the environment"),
        ({"ALLOWED_HOSTS": ""}, "environment: ALLOWED_HOSTS is empty"),
        (
            {"ALLOWED_HOSTS": "example.com,,x.example"},
            "environment: ALLOWED_HOSTS has a blank item (two commas in a row, or one at an end)",
        ),
    ],
)
def test_hosts_are_required_in_production(variables: dict[str, str], problem: str) -> None:
    assert read(Env({"SECRET_KEY": "k"} | variables))[1] == [problem]


@pytest.mark.parametrize("blank", [" ", "\t", "()", "( )"])
def test_hosts_that_name_none_are_not_enough_in_production(blank: str) -> None:
    assert problems(ALLOWED_HOSTS=blank)


@pytest.mark.parametrize(
    ("entries", "hosts"),
    [
        ("example.com, www.example.com", ["example.com", "www.example.com"]),
        (".example.com", [".example.com"]),
        ("192.0.2.1,[2001:db8::1]", ["192.0.2.1", "[2001:db8::1]"]),
        ("localhost", ["localhost"]),
        ("Bücher.de,.bücher.de", ["xn--bcher-kva.de", ".xn--bcher-kva.de"]),
        ("xn--bcher-kva.de", ["xn--bcher-kva.de"]),
        ("mysite.herokuapp.com", ["mysite.herokuapp.com"]),
    ],
)
def test_hosts_that_are_accepted(entries: str, hosts: list[str]) -> None:
    assert values(ALLOWED_HOSTS=entries)["ALLOWED_HOSTS"] == hosts


@quick
@given(st.text(st.characters(codec="utf-8", exclude_characters=","), min_size=1, max_size=20))
def test_no_problem_repeats_an_entry(text: str) -> None:
    secret = f"s3cr3t{text}"
    hosts = problems(ALLOWED_HOSTS=f"https://{secret}")
    assert len(hosts) == 1
    shown = " ".join(
        [
            *hosts,
            *problems(CSRF_TRUSTED_ORIGINS=f"ftp://{secret}"),
            *problems(HARDENED_TRUSTED_PROXIES=secret),
            *problems(HARDENED_FORWARDED_HEADER=secret),
        ]
    )
    assert shown.count("has an entry (number 1) that") == 3
    assert "s3cr3t" not in shown


@pytest.mark.parametrize(
    ("environment", "hosts"),
    [
        ("development", ["localhost", ".localhost", "127.0.0.1", "[::1]"]),
        ("test", ["localhost", ".localhost", "127.0.0.1", "[::1]"]),
        ("build", []),
    ],
)
def test_outside_production_hosts_may_be_left_out(
    environment: Environment, hosts: list[str]
) -> None:
    given, found = read(Env({"HARDENED_ENVIRONMENT": environment, "SECRET_KEY": "k"}))
    assert (given["ALLOWED_HOSTS"], found) == (hosts, [])
    other = values(HARDENED_ENVIRONMENT=environment, ALLOWED_HOSTS="*")
    assert other["ALLOWED_HOSTS"] == ["*"]


# -- CSRF_TRUSTED_ORIGINS ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("example.com", "does not begin with https://"),
        ("//example.com", "does not begin with https://"),
        ("ftp://example.com", "does not begin with https://"),
        ("https:example.com", "does not begin with https://"),
        ("*", "does not begin with https://"),
        ("null", "does not begin with https://"),
        ("http://example.com", "is not https"),
        ("https://example.com/", "is more than a scheme, a host and a port"),
        ("https://example.com/app", "is more than a scheme, a host and a port"),
        ("https://example.com?x", "is more than a scheme, a host and a port"),
        ("https://example.com#x", "is more than a scheme, a host and a port"),
        ("https://user@example.com", "is more than a scheme, a host and a port"),
        ("https://*.com", "trusts hosts of strangers"),
        ("https://*.github.io", "trusts hosts of strangers"),
        ("https://", "has a host that is blank"),
        ("https://*", "has a host that is not a host name"),
        ("https://www.*.example.com", "has a host that is not a host name"),
        ("https://example.com:99999", "has a host that has a port over 65535"),
        ("https://exa_mple.com", "has a host that is not a host name"),
    ],
)
def test_an_origin_that_is_refused(origin: str, reason: str) -> None:
    assert problems(CSRF_TRUSTED_ORIGINS=f"https://example.com,{origin}") == [
        f"environment: CSRF_TRUSTED_ORIGINS has an entry (number 2) that {reason}"
    ]


@pytest.mark.parametrize(
    "origin", ["https://[::1", "https://::1]", "https://[example.com]", "https://ex℀mple.com"]
)
def test_an_origin_that_no_parser_reads_is_a_problem_like_any_other(origin: str) -> None:
    (problem,) = problems(CSRF_TRUSTED_ORIGINS=origin)
    assert problem.startswith("environment: CSRF_TRUSTED_ORIGINS has an entry (number 1) that ")


@quick
@given(st.text(st.characters(codec="utf-8", exclude_characters=","), max_size=20))
def test_whatever_follows_the_scheme_is_an_origin_or_a_problem(text: str) -> None:
    given, found = read(Env(ENOUGH | {"CSRF_TRUSTED_ORIGINS": f"https://{text}"}))
    if text.isascii():
        assert given["CSRF_TRUSTED_ORIGINS"] == [f"https://{text}".strip()]
    [origin] = given["CSRF_TRUSTED_ORIGINS"]
    assert origin.isascii() or found  # what browsers never send is a problem
    assert len(found) <= 1


@pytest.mark.parametrize(
    ("origin", "sent"),
    [
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
        ("https://*.b\u00fccher.example:8443", "https://*.xn--bcher-kva.example:8443"),
    ],
)
def test_an_origin_is_as_browsers_send_it(origin: str, sent: str) -> None:
    assert values(CSRF_TRUSTED_ORIGINS=origin)["CSRF_TRUSTED_ORIGINS"] == [sent]


def test_an_origin_that_has_two_forms_is_refused() -> None:
    _, found = read(Env(ENOUGH | {"CSRF_TRUSTED_ORIGINS": "https://stra\u00dfe.example"}))
    assert found == [
        "environment: CSRF_TRUSTED_ORIGINS has an entry (number 1) that has a host that "
        "is not ASCII"
    ]


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.com",
        "https://example.com:8443",
        "https://*.example.com",
        "https://[2001:db8::1]:8443",
        "https://192.0.2.1",
    ],
)
def test_an_origin_that_is_accepted(origin: str) -> None:
    assert values(CSRF_TRUSTED_ORIGINS=f" {origin} ")["CSRF_TRUSTED_ORIGINS"] == [origin]


@pytest.mark.parametrize("environment", ["development", "test", "build"])
def test_an_origin_may_be_http_where_the_site_is(environment: Environment) -> None:
    given = values(HARDENED_ENVIRONMENT=environment, CSRF_TRUSTED_ORIGINS="http://localhost:5173")
    assert given["CSRF_TRUSTED_ORIGINS"] == ["http://localhost:5173"]


# -- Databases -----------------------------------------------------------------------------------


def database(url: str) -> dict[str, Any]:
    config: dict[str, Any] = values(DATABASE_URL=url)["DATABASES"]["default"]
    return config


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p@db.example.com/site",
        "postgresql://db/site",
        "pgsql://192.0.2.1:5433/site",
        "postgis://db.example.com/site",
        "cockroachdb://db.example.com/site",
        "postgres://[2001:db8::1]/site",
        "postgres://db.example.com/site?sslmode=",
        "postgres://localhost:5432,db.example.com:5432/site",
        "postgres://db.example.com:5432,localhost:5432/site",
        "postgres://localhost.example.com/site",
        "postgres:///site?host=db.example.com",
        "postgres://localhost/site?host=db.example.com",
        "postgres:///site?hostaddr=192.0.2.1",
    ],
)
def test_a_remote_postgresql_is_reached_over_tls(url: str) -> None:
    assert database(url)["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize("mode", ["disable", "prefer", "verify-ca", "verify-full"])
def test_the_environment_may_say_otherwise(mode: str) -> None:
    config = database(f"postgres://db.example.com/site?sslmode={mode}&application_name=site")
    assert config["OPTIONS"] == {"sslmode": mode, "application_name": "site"}


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p@localhost/site",
        "postgres://LOCALHOST:5433/site",
        "postgres://db.localhost/site",
        "postgres://127.0.0.1/site",
        "postgres://127.8.8.8/site",
        "postgres://[::1]/site",
        "postgres:///site",
        "postgres:////var/run/postgresql/site",
        "postgres://localhost:5432,127.0.0.1:5433/site",
        "postgres:///site?host=/var/run/postgresql",
    ],
)
def test_a_local_postgresql_is_left_alone(url: str) -> None:
    assert "sslmode" not in database(url).get("OPTIONS", {})


@pytest.mark.parametrize(
    "url", ["mysql://db.example.com/site", "sqlite:///db.sqlite3", "sqlite://"]
)
def test_other_databases_know_no_sslmode(url: str) -> None:
    assert "sslmode" not in database(url).get("OPTIONS", {})


def test_sqlite_in_memory_has_no_host() -> None:
    assert database("sqlite://:memory:") == {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
    }


@pytest.mark.parametrize("name", ["DATABASE_URL", "CACHE_URL", "REDIS_URL", "EMAIL_URL"])
def test_what_the_environment_does_not_say_is_left_to_the_project(name: str) -> None:
    assert set(values(**{name: ""})) == set(values())


@pytest.mark.parametrize("name", ["DATABASE_URL", "CACHE_URL", "REDIS_URL", "EMAIL_URL"])
def test_a_url_that_cannot_be_read_is_one_problem(name: str) -> None:
    (problem,) = problems(**{name: "s3cr3t://u:p@h"})
    assert problem.startswith(f"environment: {name} has an unknown scheme; known are ")
    assert "s3cr3t" not in problem


# -- Caches --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "location"),
    [
        ({"CACHE_URL": "redis://h:6379/1"}, "redis://h:6379/1"),
        ({"REDIS_URL": "redis://h:6379/2"}, "redis://h:6379/2"),
        ({"CACHE_URL": "redis://h/1", "REDIS_URL": "redis://h/2"}, "redis://h/1"),
        ({"CACHE_URL": "", "REDIS_URL": "rediss://h/2"}, "rediss://h/2"),
    ],
)
def test_the_cache_is_that_of_cache_url_or_else_of_redis_url(
    variables: dict[str, str], location: str
) -> None:
    caches = values(**variables)["CACHES"]
    assert list(caches) == ["default"]
    assert caches["default"]["LOCATION"] == location


def test_both_cache_urls_are_judged() -> None:
    assert len(problems(CACHE_URL="nonsense", REDIS_URL="nonsense")) == 2


# -- Mail ----------------------------------------------------------------------------------------

SMTP = {
    "EMAIL_FILE_PATH": "",
    "EMAIL_HOST_USER": "u",
    "EMAIL_HOST_PASSWORD": "p",
    "EMAIL_HOST": "h",
    "EMAIL_PORT": 587,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_USE_TLS": True,
    "OPTIONS": {"TIMEOUT": 5},
}


def test_mail_in_the_old_names() -> None:
    assert mail_settings(SMTP, mailers=False) == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "h",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_USER": "u",
        "EMAIL_HOST_PASSWORD": "p",
        "EMAIL_USE_TLS": True,
        "EMAIL_TIMEOUT": 5,
    }


def test_mail_in_mailers() -> None:
    assert mail_settings(SMTP, mailers=True) == {
        "MAILERS": {
            "default": {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": {
                    "host": "h",
                    "port": 587,
                    "username": "u",
                    "password": "p",
                    "use_tls": True,
                    "timeout": 5,
                },
            }
        }
    }


@pytest.mark.parametrize("mailers", [True, False])
def test_the_configuration_that_is_turned_is_not_changed(mailers: bool) -> None:
    config = SMTP | {"OPTIONS": {"TIMEOUT": 5}}
    mail_settings(config, mailers=mailers)
    assert config == SMTP


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ((5, 2, 0, "final", 0), {"EMAIL_BACKEND", "EMAIL_HOST"}),
        ((6, 0, 9, "final", 0), {"EMAIL_BACKEND", "EMAIL_HOST"}),
        ((6, 1, 0, "final", 0), {"MAILERS"}),
        ((6, 2, 0, "alpha", 0), {"MAILERS"}),
    ],
)
def test_mail_is_in_the_names_of_the_django_that_runs(
    monkeypatch: pytest.MonkeyPatch, version: tuple[object, ...], names: set[str]
) -> None:
    monkeypatch.setattr(from_env.django, "VERSION", version)
    given = values(EMAIL_URL="smtp://h")
    assert {name for name in given if "MAIL" in name} == names


def backend(url: str) -> Any:
    """The mail backend that this Django makes of the environment."""
    from django.core import mail

    given = {name: value for name, value in values(EMAIL_URL=url).items() if "MAIL" in name}
    with override_settings(**given):
        return mail.mailers["default"] if "MAILERS" in given else mail.get_connection()


@pytest.mark.parametrize(
    ("url", "use_tls", "use_ssl"),
    [
        ("smtp://u:p%40w@h:25?timeout=5", False, False),
        ("smtp+tls://u:p%40w@h:25?timeout=5", True, False),
        ("smtps://u:p%40w@h:25?timeout=5", True, False),
        ("smtp+ssl://u:p%40w@h:25?timeout=5", False, True),
        ("smtp://u:p%40w@h:25/?email_use_tls=true&timeout=5", True, False),
        ("smtp://u:p%40w@h:25/?email_use_tls=false&timeout=5", False, False),
    ],
)
def test_django_sends_mail_as_the_url_says(url: str, use_tls: bool, use_ssl: bool) -> None:
    smtp = backend(url)
    assert (smtp.host, smtp.port, smtp.username, smtp.password) == ("h", 25, "u", "p@w")
    assert (bool(smtp.use_tls), bool(smtp.use_ssl), smtp.timeout) == (use_tls, use_ssl, 5)
    # A word that stands for no must not be stored as text, which is true.
    assert not isinstance(smtp.use_tls, str)


def test_django_writes_mail_to_files_where_the_url_says(tmp_path: Any) -> None:
    assert backend(f"filemail:///{tmp_path}").file_path == str(tmp_path)


@pytest.mark.parametrize("url", ["consolemail://", "memorymail://", "dummymail://"])
def test_django_knows_the_backends_without_a_host(url: str) -> None:
    assert type(backend(url)).__name__ == "EmailBackend"


@pytest.mark.parametrize("environment", ["development", "test", "build"])
def test_outside_production_mail_goes_to_the_console(environment: Environment) -> None:
    given = str(values(HARDENED_ENVIRONMENT=environment))
    assert "django.core.mail.backends.console.EmailBackend" in given


# -- Proxies -------------------------------------------------------------------------------------


def test_proxies_that_are_declared() -> None:
    given = values(HARDENED_TRUSTED_PROXIES="10.0.0.0/8, ::1,unix")
    assert given["HARDENED_TRUSTED_PROXIES"] == ["10.0.0.0/8", "::1", "unix"]


@pytest.mark.parametrize(
    "entry", ["proxy.example.com", "10.0.0.1/8", "10.0.0.0/33", "*", "-1", "100"]
)
def test_a_proxy_that_is_refused(entry: str) -> None:
    assert problems(HARDENED_TRUSTED_PROXIES=f"10.0.0.1,{entry}") == [
        "environment: HARDENED_TRUSTED_PROXIES has an entry (number 2) that "
        "is not an address, a network or 'unix'"
    ]


def test_a_number_of_proxies() -> None:
    assert values(HARDENED_TRUSTED_PROXIES="2")["HARDENED_TRUSTED_PROXIES"] == [2]
    given = values(HARDENED_TRUSTED_PROXIES="10.0.0.0/8, 2")
    assert given["HARDENED_TRUSTED_PROXIES"] == ["10.0.0.0/8", 2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0", "(number 1) that is not a number of proxies from 1 to 16"),
        ("10.0.0.1,17", "(number 2) that is not a number of proxies from 1 to 16"),
        ("1,10.0.0.1,2", "(number 3) that is a second number of proxies"),
        ("\u0662", "(number 1) that is not an address, a network or 'unix'"),
        ("9" * 5000, "(number 1) that is not an address, a network or 'unix'"),
    ],
    ids=lambda text: text[:20],
)
def test_a_number_of_proxies_that_is_refused(text: str, reason: str) -> None:
    assert problems(HARDENED_TRUSTED_PROXIES=text) == [
        f"environment: HARDENED_TRUSTED_PROXIES has an entry {reason}"
    ]


def test_each_wrong_proxy_is_a_problem() -> None:
    found = problems(HARDENED_TRUSTED_PROXIES="0,nobody,2,10.0.0.1,3")
    assert [re.findall(r"number \d", line) for line in found] == [
        ["number 1"],
        ["number 2"],
        ["number 5"],
    ]


def test_the_header_that_the_proxies_write() -> None:
    given = values(HARDENED_FORWARDED_HEADER="Forwarded")
    assert given["HARDENED_FORWARDED_HEADER"] == "Forwarded"
    assert problems(HARDENED_FORWARDED_HEADER="X-Real-IP") == [
        "environment: HARDENED_FORWARDED_HEADER is not one of 'X-Forwarded-For', 'Forwarded'"
    ]


@pytest.mark.parametrize("environment", ["development", "test", "build"])
@pytest.mark.parametrize("entry", ["http://localhost:8000", "localhost:8000", "my_app"])
def test_a_host_that_never_matches_is_a_problem_everywhere(environment: str, entry: str) -> None:
    env = Env({"HARDENED_ENVIRONMENT": environment, "SECRET_KEY": "k", "ALLOWED_HOSTS": entry})
    with pytest.raises(EnvError, match=r"ALLOWED_HOSTS has an entry \(number 1\)"):
        hardened_settings(env)


@pytest.mark.parametrize("entry", ["*", ".ngrok.io"])
def test_a_developer_may_be_reached_by_any_name(entry: str) -> None:
    env = Env({"HARDENED_ENVIRONMENT": "development", "SECRET_KEY": "k", "ALLOWED_HOSTS": entry})
    assert hardened_settings(env)["ALLOWED_HOSTS"] == [entry]


# -- The canonical origin ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTPS://Example.com.:8443", "https://example.com:8443"),
        ("https://bücher.example:443", "https://xn--bcher-kva.example"),
    ],
)
def test_a_canonical_origin(value: str, origin: str) -> None:
    given = values(HARDENED_CANONICAL_ORIGIN=value)
    assert given["HARDENED_CANONICAL_ORIGIN"] == origin


def test_no_canonical_origin_is_no_setting() -> None:
    assert "HARDENED_CANONICAL_ORIGIN" not in values()


def test_what_is_no_origin_is_a_problem() -> None:
    found = problems(HARDENED_CANONICAL_ORIGIN="example.com")
    said = "HARDENED_CANONICAL_ORIGIN does not begin with http:// or https://"
    assert found == [f"environment: {said}"]
