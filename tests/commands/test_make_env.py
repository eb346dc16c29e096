"""``make_env`` on real projects: what it writes, and what it leaves alone."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from env_support import git, module, read, start, values
from projects_support import STRONG_KEY, Project

from django_hardened.env_files import file_writing, make_env
from django_hardened.env_files.settings_reads import SettingsReads, read_settings
from django_hardened.management.commands import make_env as make_env_command

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return start(tmp_path_factory.mktemp("started"))


@pytest.fixture(scope="module")
def known(started: Project) -> SettingsReads:
    """What the settings read that no test has changed; three processes are worth saving."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(str(started.root))
        return read_settings("site1.settings")


@pytest.fixture
def project(
    started: Project, known: SettingsReads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Project:
    project = started.copy(tmp_path / "site")
    original = read(started, "site1/settings.py")

    def reads(module: str) -> SettingsReads:
        if read(project, "site1/settings.py") == original:
            return replace(known, file=project.root / ".env")
        return read_settings(module)

    monkeypatch.setattr(make_env, "read_settings", reads)
    monkeypatch.chdir(project.root)
    monkeypatch.syspath_prepend(str(project.root))
    return project


def _run(
    capsys: pytest.CaptureFixture[str], *, environ: Any = (), **options: Any
) -> tuple[int, str]:
    """Run it in this process; the settings are imported in others all the same."""
    defaults = {"env": None, "production": False, "check": False, "write_example": False}
    status = make_env.run("site1.settings", defaults | options, dict(environ), print)
    return status, capsys.readouterr().out


Capture = pytest.CaptureFixture[str]

# -- New files -----------------------------------------------------------------------------------


@posix
def test_modes(project: Project, capsys: Capture) -> None:
    umask = os.umask(0o022)
    try:
        status, _ = _run(capsys)
    finally:
        os.umask(umask)
    assert status == 0
    modes = [
        stat.S_IMODE((project.root / name).stat().st_mode) for name in (".env", ".env.example")
    ]
    assert modes == [0o600, 0o644]


def test_each_key_is_fresh_and_never_shown(project: Project, capsys: Capture) -> None:
    keys = set()
    for _ in range(2):
        _, out = _run(capsys)
        key = values(project)["SECRET_KEY"]
        assert len(key) > 50
        assert key not in out + read(project, ".env.example")
        keys.add(key)
        (project.root / ".env").unlink()
    assert len(keys) == 2


def test_a_skeleton_for_production(project: Project, capsys: Capture) -> None:
    status, out = _run(capsys, production=True)
    assert status == 0
    assert values(project)["ALLOWED_HOSTS"] == ""
    assert values(project)["HARDENED_ENVIRONMENT"] == "production"
    assert "Fill in, in" in out
    assert "\n  ALLOWED_HOSTS\n" in out


def test_another_path(project: Project, capsys: Capture) -> None:
    _run(capsys, env=".env.local")
    assert values(project, ".env.local")["DEBUG"] == "true"
    assert (project.root / ".env.local.example").is_file()
    assert read(project, ".gitignore") == ".env.local\n"


def test_a_checkout(project: Project, capsys: Capture) -> None:
    git(project.root, "init", "--quiet")
    _, out = _run(capsys)
    assert f"Added .env to {project.root / '.gitignore'}" in out
    git(project.root, "check-ignore", ".env")
    _, out = _run(capsys)
    assert "Added" not in out


def test_settings_that_have_no_key(project: Project, capsys: Capture) -> None:
    project.file("site1/settings.py", "from django_hardened.env import Env\nEnv().str('X')\n")
    _, out = _run(capsys)
    assert values(project) == {"X": ""}
    assert "SECRET_KEY" not in out


# -- What is there -------------------------------------------------------------------------------


def test_an_existing_file_stays(project: Project, capsys: Capture) -> None:
    project.env(SECRET_KEY=STRONG_KEY, OTHER="x")
    before = read(project)
    status, out = _run(capsys)
    assert (status, read(project)) == (0, before)
    assert "is there already" in out
    assert "required in production:\n  ALLOWED_HOSTS\n" in out
    assert STRONG_KEY not in out


@pytest.mark.parametrize("where", ["file", "environment"])
def test_what_is_missing_depends_on_the_environment(
    project: Project, capsys: Capture, where: str
) -> None:
    here = {"HARDENED_ENVIRONMENT": "development"}
    project.env(0o600, SECRET_KEY=STRONG_KEY, **(here if where == "file" else {}))
    _, out = _run(capsys, environ=here if where == "environment" else {})
    assert "required in" not in out


def test_an_existing_file_that_is_malformed_and_tracked(project: Project, capsys: Capture) -> None:
    project.file(".env", "DEBUG=true\ns3cret here\n")
    git(project.root, "init", "--quiet")
    git(project.root, "add", ".env")
    _, out = _run(capsys)
    assert f"{project.root / '.env'}:2: is not NAME=value" in out
    assert "git rm --cached .env" in out
    assert "s3cret" not in out


def test_a_folder_named_env(project: Project, capsys: Capture) -> None:
    (project.root / ".env").mkdir()
    status, out = _run(capsys)
    assert status == 0
    assert "cannot be read (Is a directory)" in out or os.name != "posix"


@posix
def test_a_link_to_nowhere(project: Project, capsys: Capture, tmp_path: Path) -> None:
    (project.root / ".env").symlink_to(tmp_path / "elsewhere")
    _, out = _run(capsys)
    assert "is there already" in out
    assert not (tmp_path / "elsewhere").exists()


@posix
def test_a_file_that_appears_meanwhile(
    project: Project, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.open

    def late(path: Any, *args: Any, **options: Any) -> int:
        if str(path).endswith(".env"):
            Path(path).write_text("DEBUG=false\n")
        return original(path, *args, **options)

    monkeypatch.setattr(os, "open", late)
    _, out = _run(capsys)
    assert read(project) == "DEBUG=false\n"
    assert "is there already" in out


def test_no_right_to_write(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> int:
        raise PermissionError(13, "Permission denied")

    project.file(".gitignore", ".env\n")
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CommandError, match=r"\.env cannot be written: Permission denied"):
        call_command("make_env", env=str(project.root / ".env"))


# -- The example ---------------------------------------------------------------------------------


def test_check_tells_what_is_out_of_date(project: Project, capsys: Capture) -> None:
    status, out = _run(capsys, check=True)
    assert status == 1
    assert "does not exist. Run: python -m django_hardened make_env" in out
    _run(capsys)
    assert _run(capsys, check=True) == (0, ".env.example is current: 18 variables.\n")

    project.settings('A = env.int("A_NUMBER", default=3)')
    status, out = _run(capsys, check=True)
    assert status == 1
    assert "Missing in .env.example" in out
    assert "# Whole number; default 3.\n# A_NUMBER=3\n" in out

    project.file(".env.example", read(project, ".env.example") + "A_NUMBER=\nGONE=1\n")
    status, out = _run(capsys, check=True)
    assert status == 1
    assert "GONE (line " in out
    assert "A_NUMBER" not in out

    project.file(".env.example", read(project, ".env.example") + "# make_env: ignore GONE\n")
    assert _run(capsys, check=True)[0] == 0


def test_check_writes_nothing(project: Project, capsys: Capture) -> None:
    before = {*project.root.iterdir()}
    _run(capsys, check=True)
    assert {*project.root.iterdir()} - {project.root / "__pycache__"} == before


def test_check_does_not_depend_on_the_machine(project: Project, capsys: Capture) -> None:
    project.settings("if DEBUG:", '    env.str("ONLY_HERE", default="")')
    _run(capsys)
    (project.root / ".env").unlink()
    found = module(project, "make_env", "--check", HARDENED_ENVIRONMENT="test", DEBUG="enabled")
    assert found.status == 0


def test_an_existing_example_stays(project: Project, capsys: Capture) -> None:
    project.file(".env.example", "# mine\nSECRET_KEY=\nOLD=\n")
    _, out = _run(capsys)
    assert read(project, ".env.example") == "# mine\nSECRET_KEY=\nOLD=\n"
    assert "Missing in .env.example (--write-example appends them)" in out
    assert "OLD (line 3)" in out


def test_write_example_appends(project: Project, capsys: Capture) -> None:
    project.file(".env.example", "# mine\nSECRET_KEY=\nOLD=")
    status, out = _run(capsys, write_example=True)
    assert status == 0
    assert read(project, ".env.example").startswith("# mine\nSECRET_KEY=\nOLD=\n\n# One of")
    assert "Added DEBUG to" in out
    assert "OLD (line 3)" in out
    assert not (project.root / ".env").exists()
    project.file(".env.example", read(project, ".env.example").replace("OLD=\n", ""))
    assert _run(capsys, check=True)[0] == 0


def test_write_example_makes_one(project: Project, capsys: Capture) -> None:
    _, out = _run(capsys, write_example=True)
    assert "18 variables, no secret" in out
    assert not (project.root / ".env").exists()


def test_an_example_that_cannot_be_read(project: Project, capsys: Capture) -> None:
    (project.root / ".env.example").write_bytes(b"A=\xff\n")
    with pytest.raises(file_writing.NotDone, match="it is not UTF-8 text"):
        _run(capsys, check=True)
    project.file(".env.example", "SECRET KEY=1\n")
    status, out = _run(capsys, check=True)
    assert status == 1
    assert ".env.example:1: is not NAME=value" in out


# -- As a command of manage.py -------------------------------------------------------------------


def test_a_command_of_manage_py(project: Project) -> None:
    project.env(HARDENED_ENVIRONMENT="development", SECRET_KEY=STRONG_KEY)
    made = project.manage("make_env")
    assert (made.status, made.stderr) == (0, "")
    assert f"Wrote {project.root / '.env.example'}: 18 variables" in made.stdout
    project.file(".env.example", "")
    assert project.manage("make_env", "--check").status == 1
    options = make_env_command.Command().create_parser("manage.py", "make_env").format_help()
    assert all(option in options for option in ("--env", "--production", "--check", "--settings"))


def test_settings_without_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    settings.SETTINGS_MODULE = None
    with pytest.raises(CommandError, match="Which settings"):
        call_command("make_env")


@pytest.mark.parametrize("status", [0, 1])
def test_the_status(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(make_env, "run", lambda *_: status)
    if status:
        with pytest.raises(SystemExit) as caught:
            call_command("make_env")
        assert caught.value.code == 1
    else:
        call_command("make_env")
