from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.dotenv import parse_dotenv
from django_hardened.env_files import env_variables, skeletons
from django_hardened.env_files.env_variables import Variable, compare, is_secret, lacking, merge
from django_hardened.env_files.skeletons import env_text, example_text, quoted
from django_hardened.reads import Read

BOTH = frozenset({"production", "development"})
KEY = Variable("SECRET_KEY", "text", None, BOTH)
HOSTS = Variable("ALLOWED_HOSTS", "list", None, frozenset({"production"}), frozenset({"x"}))
DATABASE = Variable("DATABASE_URL", "database URL", None, BOTH)
STRIPE = Variable("STRIPE", "text", None, BOTH)
DEBUG = Variable("DEBUG", "true or false", "false", optional=BOTH)
WORKERS = Variable("WORKERS", "whole number", "2", optional=BOTH)
ENVIRONMENT = Variable("HARDENED_ENVIRONMENT", "one of a, b", "production", optional=BOTH)
ALL = [ENVIRONMENT, WORKERS, KEY, DEBUG, HOSTS, DATABASE, STRIPE]


def _values(text: str) -> dict[str, str]:
    parsed = parse_dotenv(text, Path(".env"))
    assert parsed.problems == ()
    return {name: item.value for name, item in parsed.assignments.items()}


def _comment_of(variable: Variable) -> str:
    return skeletons.example_block(variable).splitlines()[0]


# -- .env ----------------------------------------------------------------------------------------


def test_a_file_for_development() -> None:
    text, left = env_text(ALL, "development", "fresh", "Title.")
    assert _values(text) == {
        "HARDENED_ENVIRONMENT": "development",
        "SECRET_KEY": "fresh",
        "DEBUG": "true",
        "DATABASE_URL": "sqlite:///db.sqlite3",
        "STRIPE": "",
    }
    assert left == ["STRIPE"]
    assert text.startswith("# Title. It holds secrets")
    assert text.index("\nSTRIPE=") < text.index("\n# WORKERS=2\n")


def test_a_file_for_production() -> None:
    text, left = env_text(ALL, "production", "fresh", "Title.")
    assert _values(text) == {
        "HARDENED_ENVIRONMENT": "production",
        "SECRET_KEY": "fresh",
        "DEBUG": "false",
        "ALLOWED_HOSTS": "",
        "DATABASE_URL": "",
        "STRIPE": "",
    }
    assert left == ["ALLOWED_HOSTS", "DATABASE_URL", "STRIPE"]


# -- .env.example --------------------------------------------------------------------------------


def test_an_example() -> None:
    text = example_text(ALL, "Title.")
    assert _values(text) == dict.fromkeys(
        ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "STRIPE"), ""
    )
    assert "\n# True or false; default false. Error pages" in text
    assert "\n# DEBUG=false\n" in text


@pytest.mark.parametrize(
    ("required", "optional", "said"),
    [
        (BOTH, frozenset(), "# Text, required."),
        (BOTH | {"switched"}, frozenset(), "# Text, required."),
        ({"production"}, {"development"}, "# Text, required in production."),
        ({"development"}, {"production"}, "# Text, required in development."),
        ({"switched"}, frozenset(), "# Text, needed with some values of others."),
        ({"switched"}, BOTH, "# Text, optional."),
        (frozenset(), BOTH, "# Text, optional."),
    ],
)
def test_who_needs_it(required: set[str], optional: set[str], said: str) -> None:
    assert _comment_of(Variable("X", "text", None, frozenset(required), frozenset(optional))) == (
        said
    )


def test_an_empty_default_is_none_to_speak_of() -> None:
    assert _comment_of(Variable("X", "text", "")) == "# Text, optional."


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("STRIPE_KEY", "abc"),
        ("stripe_secret", "abc"),
        ("SENTRY_DSN", "abc"),
        ("DATABASE_URL", "postgres://user:pass@db/name"),
        ("OTHER", "a8f3a8f3a8f3a8f3a8f3"),
    ],
)
def test_the_default_of_a_secret_is_not_shown(name: str, default: str) -> None:
    variable = Variable(name, "text", default)
    assert is_secret(variable)
    assert default not in skeletons.example_block(variable)
    assert default not in env_text([variable], "development", "key", "Title.")[0]
    assert "not shown" in _comment_of(variable)


@pytest.mark.parametrize(
    ("name", "kind", "default"),
    [
        ("USE_TOKENS", "true or false", "true"),
        ("TOKEN_SECONDS", "whole number", "300"),
        ("COLOUR", "text", "red"),
        ("CACHE_URL", "cache URL", "redis://localhost:6379/0"),
        ("SECRET_KEY_FALLBACKS", "comma-separated list", ""),
    ],
)
def test_other_defaults_are(name: str, kind: str, default: str) -> None:
    assert f"{name}={default}\n" in skeletons.example_block(Variable(name, kind, default))


# -- Values --------------------------------------------------------------------------------------

quick = settings(deadline=None, database=None, max_examples=60)
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30)


@quick
@given(TEXT | st.text("\\\"'# a$n", max_size=8))
def test_a_quoted_value_is_read_back(value: str) -> None:
    assert _values(f"X={quoted(value)}") == {"X": value}


def test_quotes_only_where_they_are_needed() -> None:
    assert quoted("a#b") == "a#b"
    assert quoted("a #b") == '"a #b"'
    assert quoted("a b") == '"a b"'
    assert quoted(' "\\') == '" \\"\\\\"'


@quick
@given(st.lists(st.builds(Variable, st.from_regex(r"[A-Z_]{1,9}", fullmatch=True), st.just("text"),
       st.none() | TEXT | st.just("A=1 B=2 " * 30)), unique_by=lambda v: v.name), TEXT)  # fmt: skip
def test_a_new_example_is_never_out_of_date(variables: list[Variable], title: str) -> None:
    text = example_text(variables, f"The {title.replace('=', '')}")
    assert not compare(text, variables)
    assert parse_dotenv(text, Path("x")).problems == ()


# -- Merging and comparing -----------------------------------------------------------------------


def test_merging() -> None:
    production = [Read("A", required=True), Read("B", "number", default="1")]
    development = [Read("C"), Read("A", default="x"), Read("B", "number", default="2")]
    assert merge({"production": production, "development": development}, "/srv/site") == [
        Variable("A", "text", None, frozenset({"production"}), frozenset({"development"})),
        Variable("B", "number", "1", optional=BOTH),
        Variable("C", "text", None, optional=frozenset({"development"})),
    ]


def test_a_default_of_one_machine_is_left_out() -> None:
    (variable,) = merge({"production": [Read("A", default="file:/srv/site/x")]}, "/srv/site")
    assert variable.default is None


EXAMPLE = """\
# prose about a=b
# NAME=value is what a line looks like.
export A=1
#B=2
# # C="3 4"
D_FILE=/run/secrets/d
# make_env: ignore E, F
# E=
F=
"""


def test_comparing() -> None:
    known = [Variable(name, "text", None) for name in "ABCD"]
    assert not compare(EXAMPLE, known)
    assert compare(EXAMPLE, [*known, KEY]).missing == (KEY,)
    assert compare(EXAMPLE, known[1:]).unread == (("A", 3),)
    assert compare(EXAMPLE, known[:3]).unread == (("D_FILE", 6),)


def test_lacking() -> None:
    assert lacking({"SECRET_KEY_FILE", "STRIPE"}, ALL, "production") == [
        "ALLOWED_HOSTS",
        "DATABASE_URL",
    ]
    assert lacking({"SECRET_KEY"}, ALL, "development") == ["DATABASE_URL", "STRIPE"]
    assert lacking((), ALL, "test") == []


def test_a_difference_is_false_where_there_is_none() -> None:
    assert not env_variables.Difference((), ())
