"""What django-hardened does for a site, shown on this one: `python demo.py`.

The deploy check stops the unsafe settings and passes the hardened ones. Then the hardened site runs
under gunicorn and answers what an attacker would send. The exit status is 0 only if everything came
back as promised.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from textwrap import fill
from urllib.parse import quote

from demo_requests import HOST, Promise, ask, promises

PROJECT = Path(__file__).resolve().parent
MANAGE = [sys.executable, "manage.py"]
GUNICORN = [sys.executable, "-m", "gunicorn", "example.wsgi", "--workers=1", "--threads=4"]
WIDTH = 80
LOG_LINES = 40  # of gunicorn, shown when something is wrong

# What your shell holds for another project stays out of this one.
KEPT = ("COV", "DYLD_", "HOME", "LANG", "LC_", "LD_", "PATH", "PYTHON", "TMP")

COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
BOLD, RED, GREEN, YELLOW, CYAN = 1, 31, 32, 33, 36
LEVELS = {"ERRORS:": RED, "WARNINGS:": YELLOW, "INFOS:": CYAN}

# "blog.Post: (fields.E001) The message.", and "?:" where no model is to blame.
FINDING = re.compile(r"\S+: \((?P<id>[\w.]+)\) (?P<sentence>.+?(\.(?= )|$)).*")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="django-hardened-demo-") as directory:
        environment = demo_environment(Path(directory))
        kept = [
            show_check(environment, "example.settings_unsafe", promised=1),
            show_check(environment, "example.settings", promised=0),
            show_site(environment, Path(directory) / "gunicorn.log"),
        ]
    verdict = paint("Everything", GREEN) if all(kept) else paint("Not everything", RED)
    print(f"\n{verdict} came back as promised.")
    return 0 if all(kept) else 1


def demo_environment(directory: Path) -> dict[str, str]:
    """Return what a production server would be given, except that all of it is thrown away."""
    inherited = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    return inherited | {
        "HARDENED_ENVIRONMENT": "production",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": HOST,
        "DATABASE_URL": f"sqlite:///{quote(str(directory / 'db.sqlite3'))}",
        "EMAIL_URL": "smtp+tls://blog:unused@mail.example.com:587",
        # The requests below play the proxy that ends TLS.
        "HARDENED_TRUSTED_PROXIES": "127.0.0.1",
        # Where gunicorn puts its control socket.
        "XDG_RUNTIME_DIR": str(directory),
    }


def show_check(environment: dict[str, str], settings: str, *, promised: int) -> bool:
    heading(f"python manage.py check --deploy --settings {settings}")
    check = subprocess.run(
        [*MANAGE, "check", "--deploy", "--settings", settings],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    as_promised = check.returncode == promised
    print(summary(check.stdout) if as_promised else check.stdout, end="\n\n")
    verdict = "this deploy goes out" if check.returncode == 0 else "this deploy stops here"
    return show(f"exit status {check.returncode}", verdict, as_promised=as_promised)


def summary(output: str) -> str:
    """Return the first sentence of each finding; the rest, and the hints, would fill screens."""
    lines = []
    for line in output.splitlines():
        if finding := FINDING.fullmatch(line):
            lines.append(beside(finding["id"], finding["sentence"]))
        elif line in LEVELS:
            lines.append(f"\n  {paint(line, LEVELS[line])}")
        elif line.startswith("System check identified no issues"):
            lines.append(f"  {line}")
    return "\n".join(lines)


def show_site(environment: dict[str, str], log: Path) -> bool:
    heading("gunicorn example.wsgi")
    manage(environment, "migrate", "--verbosity=0")
    token = manage(environment, "demo_data")
    print(f"  {'':2}  {'sent':<34}  came back")
    with serving(environment, log) as port:
        try:
            kept = [show_request(port, promise) for promise in promises(token)]
        except (OSError, HTTPException) as error:
            kept = [show("a request", f"no answer: {error}", as_promised=False)]
    if not all(kept):
        print("", *log.read_text().splitlines()[-LOG_LINES:], sep="\n")
    return all(kept)


def show_request(port: int, promise: Promise) -> bool:
    came_back = ask(port, promise)
    return show(promise.sent, came_back, as_promised=came_back == promise.answer)


def manage(environment: dict[str, str], *arguments: str) -> str:
    run = subprocess.run(
        [*MANAGE, *arguments],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return run.stdout.strip()


@contextmanager
def serving(environment: dict[str, str], log: Path) -> Iterator[int]:
    """Run the hardened site on a free loopback port, and yield the port.

    The socket listens before gunicorn starts and is handed to it, so the first request waits for
    the site, and no other program can take the port in between.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        port = listener.getsockname()[1]
        server = subprocess.Popen(
            [*GUNICORN, f"--bind=fd://{listener.fileno()}"],
            cwd=PROJECT,
            env=environment,
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield port
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def show(sent: str, came_back: str, *, as_promised: bool) -> bool:
    verdict = paint("ok", GREEN) if as_promised else paint("NO", RED)
    print(f"  {verdict}  {sent:<34}  {came_back}")
    return as_promised


def heading(command: str) -> None:
    print(f"\n{paint(f'$ {command}', BOLD)}", flush=True)


def beside(label: str, text: str) -> str:
    """Return ``text`` as a column of its own to the right of its label."""
    label = f"  {label:<20}  "
    indent = " " * len(label)
    return fill(
        text,
        WIDTH,
        initial_indent=label,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def paint(text: str, code: int) -> str:
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


if __name__ == "__main__":
    sys.exit(main())
