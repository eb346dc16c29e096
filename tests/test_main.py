"""``python -m django_hardened`` as users run it, and how the settings module is found and read."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from env_support import module, read, start, values
from projects_support import Project

from django_hardened.__main__ import main
from django_hardened.env_files import settings_reads
from django_hardened.env_files.file_writing import NotDone
from django_hardened.env_files.settings_reads import Outcome, read_settings, settings_module


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return start(tmp_path_factory.mktemp("started"))


@pytest.fixture
def project(started: Project, tmp_path: Path) -> Project:
    return started.copy(tmp_path / "site")


# -- Before there is anything --------------------------------------------------------------------


def test_a_new_project_runs_right_after(project: Project) -> None:
    made = module(project, "make_env")
    assert (made.status, made.stderr) == (0, "")
    assert values(project).keys() == {"HARDENED_ENVIRONMENT", "DEBUG", "SECRET_KEY"}
    assert values(project)["SECRET_KEY"] not in made.stdout + read(project, ".env.example")
    assert project.manage("migrate", "--verbosity", "0").status == 0
    assert module(project, "make_env", "--check").status == 0


def test_without_databases_of_its_own(project: Project) -> None:
    project.settings("if not hardened.get('DATABASES'): del DATABASES")
    file = project.root / "site1" / "settings.py"
    text = file.read_text().replace("globals().update(hardened_settings(", "hardened = ((")
    text = text.replace("hardened = ((", "hardened = (hardened_settings(")
    file.write_text(text.replace("\nenv = Env", "\nglobals().update(hardened)\nenv = Env"))
    assert module(project, "make_env").status == 0
    assert values(project)["DATABASE_URL"] == "sqlite:///db.sqlite3"
    assert "\nDATABASE_URL=\n" in read(project, ".env.example")


def test_required_variables_do_not_stop_it(project: Project) -> None:
    project.settings(
        'A = env.int("A")',
        'B = env.list("B", default=["x"])',
        'if env.bool("USE_S3", default=False):',
        '    S3 = env.str("S3_BUCKET")',
        "if DEBUG:",
        '    TOOLS = env.str("TOOLS", default="all")',
    )
    made = module(project, "make_env")
    assert (made.status, made.stderr) == (0, "")
    assert "Fill in" in made.stdout
    assert values(project)["A"] == ""
    example = read(project, ".env.example")
    for line in ("A=", "# B=x", "# USE_S3=false", "# S3_BUCKET=", "# TOOLS=all"):
        assert f"\n{line}\n" in example


# -- Which module --------------------------------------------------------------------------------

SET = 'os.environ["DJANGO_SETTINGS_MODULE"] = "site1.settings"'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")', "site1.settings"),
        (f"def main():\n    if 1:\n        {SET}\n", "site1.settings"),
        ('os.environ.setdefault("OTHER", "site1.settings")', None),
        ('os.environ.setdefault("DJANGO_SETTINGS_MODULE", f())', None),
        ('os.environ.setdefault("DJANGO_SETTINGS_MODULE", 1)', None),
        ("not python", None),
        ("\0", None),
    ],
)
def test_manage_py_is_read_and_not_run(tmp_path: Path, text: str, name: str | None) -> None:
    (tmp_path / "manage.py").write_text(text)
    if name:
        assert settings_module(None, {}, tmp_path) == name
        return
    with pytest.raises(NotDone, match="Which settings"):
        settings_module(None, {}, tmp_path)


def test_the_order_of_precedence(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text(SET)
    environ = {"DJANGO_SETTINGS_MODULE": "environment"}
    assert settings_module("given", environ, tmp_path) == "given"
    assert settings_module(None, environ, tmp_path) == "environment"


def test_no_module_to_be_found(tmp_path: Path) -> None:
    result = module(Project(tmp_path), "make_env")
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith("Which settings?")


def test_settings_by_name_and_by_environment(project: Project) -> None:
    project.file("other.py", "from django_hardened.env import Env\nEnv().str('ONE')\n")
    assert module(project, "make_env", "--settings", "other").status == 0
    assert values(project, ".env.example") == {"ONE": ""}
    assert module(project, "make_env", "--check", DJANGO_SETTINGS_MODULE="other").status == 0


def test_a_command_is_asked_for(project: Project) -> None:
    result = module(project)
    assert result.status == 2
    assert "make_env" in module(project, "--help").stdout


# -- What stops it -------------------------------------------------------------------------------


def test_settings_that_cannot_be_imported(project: Project) -> None:
    project.settings("import nothing_of_this_name")
    result = module(project, "make_env")
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith("site1.settings cannot be imported:\n")
    assert "settings.py:" in result.stderr
    assert "No module named 'nothing_of_this_name'" in result.stderr
    assert result.stderr.endswith("NAME=value python -m django_hardened make_env\n")
    assert not (project.root / ".env").exists()


def test_a_process_that_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ending.py").write_text("import os\nos._exit(3)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    (outcome,) = settings_reads.import_recorded("ending", [settings_reads.AS_IT_IS])
    assert outcome == Outcome(error="the process that imported it ended early")


PICKY = 'assert env.str("SENTRY").startswith("https://real"), env.str("SENTRY")'


def test_a_client_that_takes_no_placeholder(project: Project) -> None:
    project.settings(PICKY)
    assert module(project, "make_env").status == 1
    project.env(SECRET_KEY="k" * 50, ALLOWED_HOSTS="example.com", SENTRY="https://real", UNREAD="x")
    done = module(project, "make_env")
    assert done.status == 0
    assert "Not all is known: as development" in done.stdout
    assert "https://real" not in done.stdout
    assert values(project, ".env.example").keys() == {"SECRET_KEY", "ALLOWED_HOSTS", "SENTRY"}
    # What only another environment may read is not called unread.
    project.file(".env.example", read(project, ".env.example") + "# ONLY_IN_DEVELOPMENT=\n")
    assert module(project, "make_env", "--check").status == 0


# -- In this process -----------------------------------------------------------------------------


def test_main_puts_the_folder_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own_settings.py").write_text("X = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for _ in range(2):
        assert main(["make_env", "--settings", "own_settings"]) == 1
        assert "reads no variable" in capsys.readouterr().err
    assert sys.path.count(str(tmp_path)) == 1
    assert "own_settings" not in sys.modules


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("X = 1", None),
        ("import nothing_of_this_name", ":1: ModuleNotFoundError: No module named 'nothing_of"),
        ('{}["MISSING_ONE"]', ":1: KeyError: 'MISSING_ONE'"),
        ('int("s3cret")', ":1: ValueError"),
        ('raise SystemExit("s3cret")', ":1: SystemExit"),
    ],
)
def test_an_import_as_the_child_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, error: str | None
) -> None:
    sent: list[Outcome] = []
    pipe: Any = SimpleNamespace(send=sent.append, close=lambda: None)
    (tmp_path / "imported_here.py").write_text(f"{text}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "set back after the test")
    settings_reads._import("imported_here", settings_reads.AS_IT_IS, pipe)
    sys.modules.pop("imported_here", None)
    if error is None:
        assert sent == [Outcome(has_databases=False)]
        return
    said = sent[0].error or ""
    assert said.startswith(f"{tmp_path / 'imported_here.py'}{error}")
    assert "s3cret" not in said


def test_what_another_package_raises_has_no_place() -> None:
    assert settings_reads._describe(ValueError("s3cret")) == "ValueError"


def test_this_process_is_not_touched(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(project.root))
    before = dict(os.environ)
    reads = read_settings("site1.settings")
    assert dict(os.environ) == before
    assert "site1" not in sys.modules
    assert reads.file == project.root / ".env"
    assert reads.failures == {}
