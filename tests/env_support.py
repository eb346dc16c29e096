"""Projects for the commands that write ``.env``, and a git that knows who commits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from projects_support import ADD_APP, ADD_HELPER, PATIENCE, Project, Result, clean_environment

from django_hardened.dotenv import read_dotenv


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def start(root: Path) -> Project:
    """Return a new project with the app and the helper, and without a ``.env``."""
    project = Project.start(root)
    project.settings(ADD_APP, ADD_HELPER, 'env = Env.from_file(BASE_DIR / ".env")')
    return project


def module(project: Project, *args: str, folder: Path | None = None, **environ: str) -> Result:
    """Run ``python -m django_hardened`` in the folder of the project."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "django_hardened", *args],
        cwd=folder or project.root,
        env=clean_environment() | environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def values(project: Project, name: str = ".env") -> dict[str, str]:
    """Return the assignments of a file of the project; it must be free of problems."""
    file = read_dotenv(project.root / name)
    assert file.problems == ()
    return {name: item.value for name, item in file.assignments.items()}


def read(project: Project, name: str = ".env") -> str:
    return (project.root / name).read_text()
