"""A project as ``django-admin startproject`` writes it, and its ``manage.py`` as users run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

# Seconds after which a child process counts as hanging; none should need a fraction of it.
PATIENCE = 120

STRONG_KEY = "k3y-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL_eYuIoRtKwXqMnBv-9d"
STRONG_PASSWORD = "Wq7zTr0Xb4Lk9vNpYd2s"

ADD_APP = 'INSTALLED_APPS = ["django_hardened", *INSTALLED_APPS]'
ADD_HELPER = """
from django_hardened.env import Env
from django_hardened.settings import hardened_settings

globals().update(hardened_settings(Env.from_file(BASE_DIR / ".env")))
"""
GOOD_ENV = {
    "SECRET_KEY": STRONG_KEY,
    "ALLOWED_HOSTS": "www.example.com",
    "EMAIL_URL": "smtp+tls://mailer:p4ss@smtp.example.com:587",
    "DATABASE_URL": f"postgres://site:{STRONG_PASSWORD}@db.example.com/site",
    "REDIS_URL": f"rediss://:{STRONG_PASSWORD}@cache.example.com/0",
}

# What the machine that runs the tests may have set, and what would reach into the project.
_NAMES_READ = re.compile(
    r"(DJANGO_SETTINGS_MODULE|DEBUG|(SECRET_KEY|ALLOWED_HOSTS|CSRF|SECURE|HARDENED)\w*|\w*_URL)"
)


def clean_environment() -> dict[str, str]:
    """Return this process' environment without what Django and the helper read from it."""
    return {
        name: value for name, value in os.environ.items() if not _NAMES_READ.fullmatch(name)
    } | {"PYTHONUNBUFFERED": "1", "DJANGO_COLORS": "nocolor"}


@dataclass(frozen=True)
class Result:
    status: int
    stdout: str
    stderr: str

    @property
    def ids(self) -> list[str]:
        """The ids of the findings, sorted; one that is printed twice is there twice."""
        return sorted(re.findall(r"^\S+ \((\w+\.\w+)\)", self.stdout + self.stderr, re.MULTILINE))


@dataclass(frozen=True)
class Project:
    root: Path

    @classmethod
    def start(cls, root: Path) -> Project:
        root.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "django", "startproject", "site1", str(root)]
        subprocess.run(command, env=clean_environment(), check=True, timeout=PATIENCE, cwd=root)
        return cls(root)

    def copy(self, root: Path) -> Project:
        return Project(copytree(self.root, root, dirs_exist_ok=True))

    def settings(self, *lines: str) -> None:
        """Append ``lines`` to the settings module, as a user would."""
        with (self.root / "site1" / "settings.py").open("a") as file:
            file.write("\n".join(["", *lines, ""]))

    def env(self, mode: int = 0o600, **variables: str) -> None:
        """Write ``.env``."""
        path = self.root / ".env"
        path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        path.chmod(mode)

    def file(self, path: str, text: str = "") -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def command(self, *args: str, strict: bool = True) -> list[str]:
        warnings = ["-W", "error"] if strict else []
        return [sys.executable, *warnings, "manage.py", *args]

    def manage(self, *args: str, strict: bool = True, **environ: str) -> Result:
        done = subprocess.run(
            self.command(*args, strict=strict),
            cwd=self.root,
            env=clean_environment() | environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)
