"""What README.md says to type, typed into a new project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from env_support import module, read
from projects_support import ADD_APP, PATIENCE, Project, clean_environment

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")


def _block(language: str, beginning: str) -> str:
    """Return the block of code, whose indent is that of a list, that begins so."""
    blocks = re.findall(rf"^( *)```{language}\n(.*?)^ *```", README, re.MULTILINE | re.DOTALL)
    [found] = [
        re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)
        for indent, text in blocks
        if text.strip().startswith(beginning)
    ]
    return found


def test_the_quick_start_ends_without_an_error(tmp_path: Path) -> None:
    project = Project.start(tmp_path)
    assert project.manage("check", "--deploy", strict=False).ids  # Django's
    project.settings(ADD_APP)
    first = project.manage("check", "--deploy")
    assert first.status == 1
    shown = _block("console", "$ python manage.py check --deploy\nSystemCheckError")
    for line in re.findall(r"^\?: .*$", shown, re.MULTILINE):
        assert line in first.stderr

    project.settings(_block("python", "from django_hardened.env import Env\n   from"))
    made = module(project, "make_env", "--production")
    assert (made.status, made.stderr) == (0, "")
    said = _block("console", "$ python -m django_hardened make_env --production")
    assert made.stdout == said.partition("\n")[2].replace("/srv/mysite", str(project.root))

    filled = _block("ini", "ALLOWED_HOSTS")
    text = read(project).replace("\nALLOWED_HOSTS=\n", "\n")
    project.file(".env", text + filled)
    for kind in ("wsgi", "asgi"):
        line = _block("python", f"from django_hardened.{kind}")
        old = f"from django.core.{kind} import get_{kind}_application\n"
        written = read(project, f"site1/{kind}.py")
        assert old in written
        project.file(f"site1/{kind}.py", written.replace(old, line))

    last = project.manage("check", "--deploy")
    assert last.status == 0, last.stderr
    assert not [id_ for id_ in last.ids if ".E" in id_]
    # The gate of the server is open as well.
    started = subprocess.run(
        [sys.executable, "-c", "import site1.wsgi, site1.asgi"],
        cwd=project.root,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (started.returncode, started.stderr) == (0, "")
