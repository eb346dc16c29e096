"""What a project reads that has no ``Env`` of this package yet."""

from __future__ import annotations

import os
from pathlib import Path

import environ
import pytest
from env_support import module, values
from projects_support import Project

from django_hardened.env import stand_in_for_environ
from django_hardened.env_files import process_reads, settings_reads
from django_hardened.env_files.settings_reads import AS_IT_IS, ASSUMPTIONS, Outcome
from django_hardened.reads import Read
from django_hardened.recording import Assumption, recording


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("ON_THIS_MACHINE", "s3cret")
    return tmp_path


def _outcome(folder: Path, text: str, assumption: Assumption | None = None) -> Outcome:
    (folder / "plain.py").write_text(text)
    (outcome,) = settings_reads.import_recorded("plain", [assumption or ASSUMPTIONS["production"]])
    return outcome


READS = [
    ('os.environ["A"]', [Read("A", required=True)]),
    ('os.getenv("A")', [Read("A")]),
    ('os.getenv("A", "x")', [Read("A", default="x")]),
    ('os.environ.get("A", 7)', [Read("A", default="7")]),
    ('"A" in os.environ and os.environ["A"]', [Read("A")]),
    ('assert os.environ.pop("A", None) is None', [Read("A")]),
    ('assert os.environ.pop("ON_THIS_MACHINE") == "placeholder"', [
        Read("ON_THIS_MACHINE", required=True)
    ]),
    # What is there on this machine is as good as what is not.
    ('os.environ["ON_THIS_MACHINE"]', [Read("ON_THIS_MACHINE", required=True)]),
    ('assert "ON_THIS_MACHINE" not in os.environ', [Read("ON_THIS_MACHINE")]),
    ('assert os.environ["ON_THIS_MACHINE"] == "placeholder"', [
        Read("ON_THIS_MACHINE", required=True)
    ]),
    ('assert os.getenv("ON_THIS_MACHINE") is None', [Read("ON_THIS_MACHINE")]),
    # What is of the machine, a copy of everything, and what is set, is no variable of a .env.
    ('os.environ["PATH"], os.environ.get("HOME"), "TERM" in os.environ', []),
    ("{**os.environ}, dict(os.environ), os.environ.copy(), list(os.environ.items())", []),
    ('assert {**os.environ}["ON_THIS_MACHINE"] == "s3cret"', []),
    ('os.environ.setdefault("A", "1")', []),
    ('os.environ.setdefault("A", "1"); assert os.environ["A"] == "1"', [Read("A", required=True)]),
    ('os.environ["A"] = "1"; assert os.getenv("A") == "1"', [Read("A")]),
    # What a library reads is its own.
    ("import tempfile; tempfile.gettempdir()", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reads"), READS, ids=[text for text, _ in READS])
def test_what_is_read_from_os_environ(folder: Path, text: str, reads: list[Read]) -> None:
    outcome = _outcome(folder, f"import os\n{text}\n")
    assert outcome.error is None
    assert outcome.reads == tuple(reads)


def test_the_environment_as_it_is(folder: Path) -> None:
    text = 'import os\nassert os.environ["ON_THIS_MACHINE"] == os.getenv("ON_THIS_MACHINE")\n'
    text += 'assert os.getenv("ON_THIS_MACHINE") == "s3cret" and "ON_THIS_MACHINE" in os.environ\n'
    assert _outcome(folder, text, AS_IT_IS).error is None


ENVIRON = """
import environ
env = environ.Env(DEBUG=(bool, False))
environ.Env.read_env()
environ.Env.read_env("config/.env", overwrite=True)
DEBUG = env("DEBUG")
SECRET_KEY = env("SECRET_KEY")
PORT = env.int("PORT")
DATABASES = {"default": env.db()}
"""


@pytest.mark.parametrize("name", ["Env", "FileAwareEnv"])
def test_what_is_read_by_django_environ(folder: Path, name: str) -> None:
    outcome = _outcome(folder, ENVIRON.replace("environ.Env", f"environ.{name}"))
    assert outcome == Outcome(
        (
            Read("DEBUG", "true or false", default="false"),
            Read("SECRET_KEY", required=True),
            Read("PORT", "whole number", required=True),
            Read("DATABASE_URL", "database URL", required=True),
        ),
        (Path("config/.env"),),
    )


PLAIN = """
import os

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = os.environ.get("DEBUG", "False") == "True"
ALLOWED_HOSTS = os.getenv("HOSTS", "").split(",")
DATABASES = {}
"""


def test_a_project_that_reads_os_environ(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.file("plain.py", PLAIN)
    result = module(project, "make_env", "--settings", "plain", SECRET_KEY="s3cret")
    assert (result.status, result.stderr) == (0, "")
    assert values(project)["SECRET_KEY"] not in ("", "s3cret", "placeholder")
    example = (project.root / ".env.example").read_text()
    assert [name in example for name in ("SECRET_KEY=", "DEBUG=", "HOSTS=")] == [True] * 3
    assert "s3cret" not in example + result.stdout


def test_an_import_in_this_process_leaves_everything_as_it_was(folder: Path) -> None:
    before = type(os.environ), environ.Env, environ.FileAwareEnv
    with recording() as record:
        with process_reads.watched(lambda file: file == __file__), stand_in_for_environ():
            assert os.environ["ON_THIS_MACHINE"] == "s3cret"
            assert os.environ.get("NOWHERE", "x") == "x"
            assert environ.Env().str("ANOTHER", default="y") == "y"
            with pytest.raises(KeyError):
                os.environ["PYTHON_NOWHERE"]
        assert "UNSEEN" not in os.environ
    assert [*record.reads] == ["ON_THIS_MACHINE", "NOWHERE", "ANOTHER"]
    assert (type(os.environ), environ.Env, environ.FileAwareEnv) == before


def test_nothing_is_made_up_where_nothing_is_recorded() -> None:
    with process_reads.watched(lambda file: file == __file__), pytest.raises(KeyError):
        os.environ["OF_NO_ENVIRONMENT"]
