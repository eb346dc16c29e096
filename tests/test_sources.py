from __future__ import annotations

from pathlib import Path

import pytest

from django_hardened.dotenv import Place
from django_hardened.env import Env, EnvError
from django_hardened.sources import Source, Sources


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text("# a comment\nFROM_FILE=s3cr3t-1\nIN_BOTH=s3cr3t-2\nUNUSED=s3cr3t-3\n")
    return path


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("s3cr3t-4\n")
    return path


@pytest.fixture
def env(dotenv: Path, secret_file: Path) -> Env:
    process = {"IN_BOTH": "s3cr3t-5", "FROM_SECRET_FILE": str(secret_file), "PATH": "s3cr3t-6"}
    return Env.from_file(dotenv, process)


def read(env: Env) -> None:
    env.str("FROM_FILE")
    env.str("IN_BOTH")
    env.str("FROM_SECRET")
    env.str("NOWHERE", default="s3cr3t-7")


def test_each_kind_of_source_is_remembered(env: Env, dotenv: Path, secret_file: Path) -> None:
    read(env)
    assert dict(env.sources) == {
        "FROM_FILE": Source("file", Place(dotenv, 2)),
        "IN_BOTH": Source("environment"),
        "FROM_SECRET": Source("secret file", secret_file),
        "NOWHERE": Source("default"),
    }


def test_a_source_reads_as_words(env: Env, dotenv: Path, secret_file: Path) -> None:
    read(env)
    assert {name: str(source) for name, source in env.sources.items()} == {
        "FROM_FILE": f"file {dotenv}:2",
        "IN_BOTH": "environment",
        "FROM_SECRET": f"secret file {secret_file}",
        "NOWHERE": "default",
    }


def test_sources_are_a_live_view(env: Env) -> None:
    sources = env.sources
    assert len(sources) == 0
    assert "IN_BOTH" not in sources
    env.str("IN_BOTH")
    assert list(sources) == ["IN_BOTH"]
    assert sources["IN_BOTH"].kind == "environment"


def test_sources_know_the_file(env: Env, dotenv: Path) -> None:
    assert env.sources.file == dotenv
    assert Env({}).sources.file is None


def test_a_missing_file_is_still_the_file(tmp_path: Path) -> None:
    assert Env.from_file(tmp_path / ".env", {}).sources.file == tmp_path / ".env"


def test_what_nothing_has_read_is_unread(env: Env, dotenv: Path) -> None:
    assert set(env.sources.unread) == {"FROM_FILE", "IN_BOTH", "UNUSED", "FROM_SECRET_FILE", "PATH"}
    read(env)
    assert env.sources.unread == {
        "UNUSED": Source("file", Place(dotenv, 4)),
        "PATH": Source("environment"),
    }


def test_a_variable_that_was_read_and_refused_is_not_unread() -> None:
    env = Env({"COUNT": "many"})
    with pytest.raises(EnvError):
        env.int("COUNT")
    assert env.sources.unread == {}


def test_unread_belongs_to_the_caller(env: Env) -> None:
    env.sources.unread.clear()
    assert env.sources.unread


def test_sources_cannot_be_written(env: Env) -> None:
    assert not hasattr(Sources, "__setitem__")
    assert not hasattr(Sources, "__delitem__")
    with pytest.raises(AttributeError, match="cannot assign"):
        Source("default").kind = "file"  # type: ignore[misc]


def test_sources_show_names_and_places_and_no_value(env: Env, dotenv: Path) -> None:
    read(env)
    assert repr(env.sources).startswith(f"{{'FROM_FILE': 'file {dotenv}:2', 'IN_BOTH': ")
    shown = f"{env.sources!r} {env.sources} {env.sources.unread} {dict(env.sources)}"
    assert "s3cr3t" not in shown
