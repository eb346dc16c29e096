from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from findings_support import NOT_SETTINGS, STRONG, Source, all_codes, codes, git

from django_hardened.checks import env_file
from django_hardened.env import Env


@pytest.fixture
def path(tmp_path: Path, settings: Any) -> Path:
    settings.STATIC_ROOT, settings.MEDIA_ROOT, settings.STATICFILES_DIRS = None, "", []
    path = tmp_path / "site" / ".env"
    path.parent.mkdir()
    path.write_text("SECRET_KEY=hunter2\n")
    settings.HARDENED_ENV_SOURCES = Env.from_file(path, {}).sources
    return path


def test_nothing_to_say(path: Path) -> None:
    assert all_codes(env_file) == []


# -- git -----------------------------------------------------------------------------------------


def test_a_file_in_git(path: Path) -> None:
    git(path.parent, "init", "--quiet")
    git(path.parent, "add", ".env")
    [message] = env_file.check_env_file_in_git()
    assert all_codes(env_file) == ["E050"]
    assert str(path) in message.msg
    assert "git rm --cached .env" in str(message.hint)
    (path.parent / ".gitignore").write_text(".env\n")
    assert all_codes(env_file) == ["E050"]


def test_a_file_that_is_not_ignored(path: Path) -> None:
    git(path.parent, "init", "--quiet")
    [message] = env_file.check_env_file_in_git()
    assert codes([message]) == ["W052"]
    subprocess.run(str(message.hint), shell=True, cwd=path.parent, check=True)
    assert all_codes(env_file) == []


@pytest.mark.parametrize("value", NOT_SETTINGS)
def test_no_file_is_known(settings: Any, value: object) -> None:
    settings.HARDENED_ENV_SOURCES = value
    assert env_file.check_env_file_in_git() == []


def test_the_environment_alone(settings: Any) -> None:
    settings.HARDENED_ENV_SOURCES = Env({"SECRET_KEY": STRONG}).sources
    assert all_codes(env_file) == []


def test_a_file_that_is_gone(path: Path) -> None:
    git(path.parent, "init", "--quiet")
    path.unlink()
    assert all_codes(env_file) == []


# -- Served folders ------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["STATIC_ROOT", "MEDIA_ROOT", "WHITENOISE_ROOT"])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_in_a_served_folder(settings: Any, path: Path, setting: str, kind: Any) -> None:
    setattr(settings, setting, kind(path.parent))
    [message] = env_file.check_served_files()
    assert codes([message]) == ["E051"]
    assert setting in message.msg
    setattr(settings, setting, kind(path.parents[1]))
    assert all_codes(env_file) == ["E051"]
    setattr(settings, setting, kind(path.parent / "static"))
    assert all_codes(env_file) == []


@pytest.mark.parametrize("pair", [False, True])
def test_a_file_among_the_static_files(settings: Any, path: Path, pair: bool) -> None:
    folder = path.parent
    settings.STATICFILES_DIRS = (folder / "a", ("prefix", str(folder)) if pair else folder)
    assert all_codes(env_file) == ["E051"]


def test_one_folder_by_two_names_is_one_finding(settings: Any, path: Path) -> None:
    settings.STATIC_ROOT = settings.MEDIA_ROOT = path.parent
    assert all_codes(env_file) == ["E051"]


def test_a_folder_behind_a_link(settings: Any, path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path.parent)
    settings.STATIC_ROOT = tmp_path / "link"
    assert all_codes(env_file) == ["E051"]


def test_folders_that_are_none(settings: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    for value in ("", None, 7, object(), {}, [7, None, ()], [("prefix", "")]):
        settings.STATIC_ROOT = settings.MEDIA_ROOT = settings.STATICFILES_DIRS = value
        assert all_codes(env_file) == []


def test_the_settings_module_in_a_served_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(tmp_path, monkeypatch)
    with source.in_effect(f"MEDIA_ROOT = {str(tmp_path)!r}\nSTATIC_ROOT = None\n") as path:
        [message] = env_file.check_served_files()
        assert codes([message]) == ["E053"]
        assert str(path) in message.msg
    text = f"MEDIA_ROOT = {str(tmp_path / 'media')!r}\nSTATIC_ROOT = None\n"
    with source.in_effect(text, name="staging"):
        assert all_codes(env_file) == []
