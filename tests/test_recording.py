"""What ``Env`` tells a record, and what it gets back; :mod:`django_hardened.reads` with it."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from django_hardened import recording
from django_hardened.env import Env, EnvError, MalformedFile, MissingVariable
from django_hardened.reads import Read, as_text
from django_hardened.recording import Assumption
from django_hardened.settings import hardened_settings

NOTHING = Assumption({})


def _read(method: str, *args: Any, **options: Any) -> tuple[Read, Any]:
    """Return what is recorded of one read of an empty environment, and its result."""
    with recording.recording(NOTHING) as record:
        value = getattr(Env(), method)("X", *args, **options)
    return record.reads["X"], value


@pytest.mark.parametrize(
    ("method", "options", "kind", "value"),
    [
        ("str", {}, "text", "placeholder"),
        ("str", {"choices": ["a", "b"]}, "one of a, b", "a"),
        ("bytes", {}, "text", b"placeholder"),
        ("bool", {}, "true or false", False),
        ("int", {}, "whole number", 1),
        ("float", {}, "number", 1.0),
        ("json", {}, "JSON", {}),
        ("list", {}, "comma-separated list", ["placeholder"]),
        ("list", {"cast": int}, "comma-separated list (whole number)", [1]),
        ("tuple", {"cast": int}, "comma-separated list (whole number)", (1,)),
        ("dict", {}, "comma-separated list of key=value", {"placeholder": "1"}),
        ("dict", {"cast": {"value": int}}, "semicolon-separated list of key=value",
         {"placeholder": 1}),
        ("path", {}, "path", Path.cwd()),
        ("path", {"required": True}, "path", Path.cwd()),
        ("__call__", {"cast": Decimal}, "text for Decimal", Decimal(1)),
        ("__call__", {"cast": UUID}, "text for UUID", UUID(int=1 << 78 | 1 << 63)),
        ("__call__", {"cast": date.fromisoformat}, "text for fromisoformat", date(2000, 1, 1)),
        ("__call__", {}, "text", "placeholder"),
    ],
)  # fmt: skip
def test_a_placeholder_is_of_the_right_type(
    method: str, options: dict[str, Any], kind: str, value: object
) -> None:
    read, got = _read(method, **options)
    assert read == Read("X", kind, required=True)
    assert str(got) == str(value) if method == "path" else (type(got), got) == (type(value), value)


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("db", "database URL"),
        ("cache_url", "cache URL"),
        ("email", "email URL"),
        ("search_url", "search URL"),
        ("channels", "channels URL"),
        ("url", "URL"),
    ],
)
def test_a_placeholder_connects_to_nothing(method: str, kind: str) -> None:
    read, got = _read(method)
    assert read == Read("X", kind, required=True)
    assert got
    assert "example" not in str(got)


def test_where_no_placeholder_fits_the_variable_is_still_missing() -> None:
    class Stage(Enum):
        LIVE = "live"

    with recording.recording(NOTHING) as record, pytest.raises(MissingVariable, match="X is not"):
        Env()("X", cast=Stage)
    assert record.reads["X"].required


@pytest.mark.parametrize(
    ("default", "text"),
    [
        (True, "true"),
        (2, "2"),
        (1.5, "1.5"),
        ("", ""),
        ("a b", "a b"),
        ("two\nlines", None),
        (None, None),
        ([], ""),
        (["a", 2], "a,2"),
        (("a",), "a"),
        (["a,b"], None),
        ([""], None),
        ([object()], None),
        ({"a": 1}, "a=1"),
        ({"a=": 1}, None),
        ({"a": None}, None),
        ({object(): 1}, None),
        (Path("x"), None),
    ],
)
def test_defaults_as_text(default: object, text: str | None) -> None:
    assert as_text(default) == text


def test_a_default_is_recorded_and_returned() -> None:
    read, value = _read("int", default=3)
    assert (read, value) == (Read("X", "whole number", default="3"), 3)


def test_the_type_of_a_default_tells_the_kind() -> None:
    assert _read("__call__", default=3)[0].kind == "whole number"
    assert _read("__call__", default=None)[0] == Read("X")


def test_a_scheme_and_a_prefix() -> None:
    with recording.recording(NOTHING) as record:
        env = Env(SITE_DEBUG=(bool, False))
        env.prefix = "SITE_"
        env("DEBUG")
        env.db()
    assert [*record.reads.values()] == [
        Read("SITE_DEBUG", "true or false", default="false"),
        Read("SITE_DATABASE_URL", "database URL", required=True),
    ]


def test_two_reads_of_one_variable() -> None:
    with recording.recording(NOTHING) as record:
        env = Env()
        env("X", default=None)
        env.int("X", default=2)
        env.int("X")
        env("X", default="other")
    assert record.reads["X"] == Read("X", "whole number", required=True, default="2")


def test_who_asks_first_does_not_require() -> None:
    with recording.recording(NOTHING) as record:
        env = Env()
        assert "X" not in env
        env.str("X")
    assert record.reads["X"] == Read("X")


def test_booleans_the_other_way_round() -> None:
    with recording.recording(Assumption({"SET": "true"}, switched=True)):
        env = Env()
        got = [
            env.bool("A", default=False),
            env("B", default=True),
            env.bool("SET", default=True),
            env.bool("C", default=None),
            env.int("D", default=0),
        ]
    assert got == [True, False, True, None, 0]


def test_only_what_is_assumed_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("X=file\nnonsense\n")
    monkeypatch.setenv("X", "process")
    with recording.recording(Assumption({"Y": "assumed"})) as record:
        env = Env.from_file(file)
        Env.from_file(file)
        assert (env.str("X", default="no"), env.str("Y")) == ("no", "assumed")
        assert Env({"X": "code"}).str("X") == "code"
    assert record.files == [file]


def test_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("X=file\n")
    with recording.recording() as record:
        env = Env.from_file(file, {})
        assert (env.str("X"), env.str("Y")) == ("file", "placeholder")
        file.write_text("nonsense\n")
        with pytest.raises(MalformedFile):
            Env.from_file(file).str("X")
    assert [*record.reads] == ["X", "Y"]


def test_nothing_is_left_behind() -> None:
    with pytest.raises(ZeroDivisionError), recording.recording(NOTHING):
        _ = 1 / 0
    assert recording.current() is None
    with pytest.raises(MissingVariable):
        Env({}).str("X")
    assert recording.found(Read("X"), "value", str, Env.parse_value) == "value"
    assert recording.environment(os.environ, None) == (os.environ, None)


@pytest.mark.parametrize("environment", ["production", "development", "test", "build"])
def test_the_helper_can_be_recorded(environment: str) -> None:
    with recording.recording(Assumption({"HARDENED_ENVIRONMENT": environment})) as record:
        hardened_settings(Env())
    required = [read.name for read in record.reads.values() if read.required]
    always = ["SECRET_KEY"] if environment in ("production", "development") else []
    assert required == always + (["ALLOWED_HOSTS"] if environment == "production" else [])
    assert {"DEBUG", "DATABASE_URL", "EMAIL_URL"} <= record.reads.keys()


def test_a_wrong_value_is_still_wrong() -> None:
    with (
        recording.recording(Assumption({"DEBUG": "enabled"})),
        pytest.raises(EnvError, match="DEBUG is not a boolean"),
    ):
        hardened_settings(Env())
