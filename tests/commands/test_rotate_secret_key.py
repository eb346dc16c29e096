"""``rotate_secret_key``: one line changes, and nobody is logged out."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from env_support import module, read, start, values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from projects_support import STRONG_KEY

from django_hardened.dotenv import parse_dotenv
from django_hardened.env_files import rotate_secret_key
from django_hardened.env_files.file_writing import NotDone
from django_hardened.env_files.settings_reads import SettingsReads
from django_hardened.reads import Read

EMPTY: Mapping[str, str] = {}
BOTH = (Read("SECRET_KEY"), Read("SECRET_KEY_FALLBACKS"))


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a ``.env``, in a project whose settings need not be imported to know it."""
    path = tmp_path / ".env"
    reads = SettingsReads("site1.settings", path, {"production": BOTH}, {})
    monkeypatch.setattr(rotate_secret_key, "read_settings", lambda _: reads)
    return path


def _rotate(said: list[str] | None = None, environ: Mapping[str, str] = EMPTY) -> int:
    lines: list[str] = [] if said is None else said
    return rotate_secret_key.run("site1.settings", {"env": None}, environ, lines.append)


def _refusal(**environ: str) -> str:
    with pytest.raises(NotDone) as caught:
        _rotate(environ=environ)
    return str(caught.value)


# -- What changes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SECRET_KEY=old", "SECRET_KEY={}\nSECRET_KEY_FALLBACKS=old"),
        ("SECRET_KEY=old\n", "SECRET_KEY={}\nSECRET_KEY_FALLBACKS=old\n"),
        (
            "\ufeff# a\r\nexport SECRET_KEY='old'\r\nX=1 \r\n",
            "\ufeff# a\r\nexport SECRET_KEY={}\r\nSECRET_KEY_FALLBACKS=old\r\nX=1 \r\n",
        ),
        ("\ufeffSECRET_KEY=old\n", "\ufeffSECRET_KEY={}\nSECRET_KEY_FALLBACKS=old\n"),
        (
            "SECRET_KEY_FALLBACKS=one, two\n# b\n\nSECRET_KEY=old\n",
            "SECRET_KEY_FALLBACKS=old,one,two\n# b\n\nSECRET_KEY={}\n",
        ),
        (
            "SECRET_KEY=old\nSECRET_KEY_FALLBACKS=one,old\n",
            "SECRET_KEY={}\nSECRET_KEY_FALLBACKS=old,one\n",
        ),
        ("SECRET_KEY=old\nSECRET_KEY_FALLBACKS=\n", "SECRET_KEY={}\nSECRET_KEY_FALLBACKS=old\n"),
        ("SECRET_KEY='a #b'\n", 'SECRET_KEY={}\nSECRET_KEY_FALLBACKS="a #b"\n'),
    ],
)
def test_only_the_two_lines(env: Path, before: str, after: str) -> None:
    env.write_bytes(before.encode())
    assert _rotate() == 0
    text = env.read_bytes().decode()
    key = parse_dotenv(text.removeprefix("\ufeff"), env).assignments["SECRET_KEY"].value
    assert len(key) > 50
    assert text == after.format(key)


OTHER = st.sampled_from(["", "# SECRET_KEY=x", "  ", "A=1", 'B="two # 2"', "export C='3'"])
KEYS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters=",'"),
               min_size=1).filter(lambda key: key == key.strip())  # fmt: skip


@settings(
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(OTHER, unique=True),
    st.lists(OTHER, unique=True),
    KEYS,
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_other_line_stays(
    env: Path, above: list[str], below: list[str], old: str, end: str
) -> None:
    below = [line for line in below if line not in above or not line[:1].isalpha()]
    below = [line for line in below if "=" not in line or line not in above]
    lines = [*above, f"SECRET_KEY='{old}'", *below, ""]
    env.write_bytes(end.join(lines).encode())
    _rotate()
    text = env.read_bytes().decode()
    rest = text.split(end)
    assert rest.pop(len(above)).startswith("SECRET_KEY=")
    assert rest.pop(len(above)).startswith("SECRET_KEY_FALLBACKS=")
    assert rest == [*above, *below, ""]
    assert parse_dotenv(text, env).assignments["SECRET_KEY_FALLBACKS"].value == old


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_mode_stays(env: Path) -> None:
    env.write_text("SECRET_KEY=old\n")
    env.chmod(0o640)
    _rotate()
    assert stat.S_IMODE(env.stat().st_mode) == 0o640


def test_what_remains_to_do_without_a_key(env: Path) -> None:
    env.write_text("SECRET_KEY=the-old-key\nSECRET_KEY_FALLBACKS=one\n")
    said: list[str] = []
    _rotate(said)
    assert "The one before is the first of 2 in SECRET_KEY_FALLBACKS" in said[0]
    assert "Restart every process" in said[0]
    assert "the-old-key" not in said[0]


# -- What it refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_key_of_the_process_environment(env: Path, name: str) -> None:
    env.write_text("SECRET_KEY=old\n")
    said = _refusal(**{name: "s3cret"})
    assert said.startswith(f"{name} comes from the process environment, which wins over .env")
    assert "s3cret" not in said
    assert env.read_text() == "SECRET_KEY=old\n"


def test_a_key_of_a_secret_file(env: Path) -> None:
    env.write_text("SECRET_KEY_FILE=/run/secrets/key\n")
    said = _refusal()
    assert said.startswith("SECRET_KEY comes from a secret file, named by SECRET_KEY_FILE in")
    assert _refusal(SECRET_KEY_FALLBACKS_FILE="/x").endswith("SECRET_KEY_FALLBACKS.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no SECRET_KEY to rotate"),
        ("SECRET_KEY=\n", "has no SECRET_KEY to rotate"),
        ("SECRET_KEY=s3,cret\n", "has a comma"),
        ("SECRET_KEY=' s3cret'\n", "a space at an end"),
        ("SECRET_KEY=s3cret\nnonsense\n", ".env:2: is not NAME=value"),
        ("SECRET_KEY=s3cret\nSECRET_KEY_FALLBACKS=a,,b\n", ".env:2: SECRET_KEY_FALLBACKS has a"),
    ],
)
def test_a_file_that_cannot_be_edited(env: Path, text: str, said: str) -> None:
    env.write_text(text)
    refusal = _refusal()
    assert said in refusal
    assert "s3" not in refusal
    assert env.read_text() == text


def test_no_file(env: Path) -> None:
    assert "does not exist: make_env writes one" in _refusal()
    env.mkdir()
    assert "cannot be read" in _refusal()


def test_a_file_of_another_encoding(env: Path) -> None:
    env.write_bytes(b"SECRET_KEY=\xff\n")
    assert "it is not UTF-8 text" in _refusal()


@pytest.mark.skipif(os.name != "posix", reason="links need a right on Windows")
def test_a_link(env: Path, tmp_path: Path) -> None:
    target = tmp_path / "shared"
    target.write_text("SECRET_KEY=old\n")
    env.symlink_to(target)
    assert f"--env {target}" in _refusal()
    assert (env.is_symlink(), target.read_text()) == (True, "SECRET_KEY=old\n")


@pytest.mark.parametrize("read", [(), BOTH[:1]])
def test_settings_that_would_not_see_it(
    env: Path, monkeypatch: pytest.MonkeyPatch, read: tuple[Read, ...]
) -> None:
    reads: Any = SettingsReads("site1.settings", env, {"production": read}, {})
    monkeypatch.setattr(rotate_secret_key, "read_settings", lambda _: reads)
    name = "SECRET_KEY_FALLBACKS" if read else "SECRET_KEY"
    assert f"does not read {name} through" in _refusal()


# -- As users run it -----------------------------------------------------------------------------

SIGN = "from django.core.signing import dumps; print(dumps(1))"
LOADS = "from django.core.signing import loads; print(loads({!r}))"


def test_on_a_real_project(tmp_path: Path) -> None:
    project = start(tmp_path / "site")
    project.env(HARDENED_ENVIRONMENT="development", SECRET_KEY=STRONG_KEY, OTHER="1")
    signed = project.manage("shell", "--no-imports", "-c", SIGN).stdout.strip()
    done = project.manage("rotate_secret_key")
    assert (done.status, done.stderr) == (0, "")
    assert STRONG_KEY not in done.stdout
    assert values(project)["SECRET_KEY_FALLBACKS"] == STRONG_KEY
    assert values(project)["OTHER"] == "1"
    assert project.manage("shell", "--no-imports", "-c", LOADS.format(signed)).stdout == "1\n"
    refused = module(project, "rotate_secret_key", SECRET_KEY="x")
    assert (refused.status, refused.stdout) == (1, "")
    assert "comes from the process environment" in refused.stderr
    assert read(project).count("SECRET_KEY=") == 1
