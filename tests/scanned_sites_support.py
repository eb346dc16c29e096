"""Sites for scanners: the example project behind TLS on loopback, under gunicorn and uvicorn."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import quote, urlencode

from host_attacks.servers import PROJECT, accepts, free_port, running

SERVED = Path(__file__).resolve().parent / "scanners" / "served"
# The one name that every program on every machine knows for loopback.
HOST = "localhost"
# A scanner keeps connections open on which it says nothing: with one thread, nobody else is served.
_GUNICORN = (
    *("gunicorn", "example.wsgi", "--config=python:django_hardened.gunicorn", "--threads=4"),
    "--bind=127.0.0.1:{port}",
)
_TLS_GUNICORN = ("--certfile={folder}/site.pem", "--keyfile={folder}/key.pem")
_UVICORN = ("django_hardened.uvicorn", "example.asgi:application", "--port={port}")
_TLS_UVICORN = ("--ssl-certfile={folder}/site.pem", "--ssl-keyfile={folder}/key.pem")
COMMANDS = {"gunicorn": (_GUNICORN, _TLS_GUNICORN), "uvicorn": (_UVICORN, _TLS_UVICORN)}


@dataclass(frozen=True)
class Site:
    """A site that runs.

    Attributes:
        port: that of https.
        plain: that of http.
        folder: what a scanner may write to.
        certificate: of the site, signed by itself.
        token: that of the API's author, or "".
    """

    port: int
    plain: int
    folder: Path
    certificate: Path
    token: str = ""

    def url(self, path: str) -> str:
        return f"https://{HOST}:{self.port}{path}"

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> tuple[int, http.client.HTTPMessage]:
        """Return the status of the answer and its header."""
        tls = ssl.create_default_context(cafile=str(self.certificate))
        connection = http.client.HTTPSConnection(HOST, self.port, timeout=60, context=tls)
        try:
            connection.request(method, path, body, dict(fields or {}))
            response = connection.getresponse()
            response.read()
        finally:
            connection.close()
        return response.status, response.headers

    def header(self, path: str) -> http.client.HTTPMessage:
        return self.ask(path)[1]

    def log_out(self) -> http.client.HTTPMessage:
        """Log in and out as a browser would, and return the header of the last answer."""
        jar = SimpleCookie()

        def send(path: str, **form: str) -> http.client.HTTPMessage:
            token = next((jar[name].value for name in jar if name.endswith("csrftoken")), "")
            fields = {
                "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items()),
                "Content-Type": "application/x-www-form-urlencoded",
                "Referer": self.url(path),
            }
            body = urlencode({**form, "csrfmiddlewaretoken": token})
            status, header = self.ask(
                path, "POST" if form else "GET", body if form else None, fields
            )
            assert status < 400, f"{path} is answered {status}"
            for line in header.get_all("Set-Cookie", []):
                jar.load(line)
            return header

        send("/accounts/login/")
        send("/accounts/login/", username=_USER, password=_PASSWORD)
        return send("/accounts/logout/", next="/")


_USER, _PASSWORD = "scanned", "a-pass-phrase-of-the-scanned-site"
_PREPARE = f"""
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
user = {{"username": "{_USER}", "email": "scanned@example.com"}}
call_command("createsuperuser", interactive=False, verbosity=0, **user)
call_command("demo_data")
"""


@contextmanager
def example_site(
    server: str, folder: Path, settings: str = "scanned_settings", **environment: str
) -> Iterator[Site]:
    """Run the example project with data, and a server beside it that answers http.

    ``folder`` is the first place that modules are imported from.
    """
    port, plain = free_port(), free_port()
    inherited = filter(None, [os.environ.get("PYTHONPATH")])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, [folder, SERVED, PROJECT, *inherited])),
        "DJANGO_SETTINGS_MODULE": settings,
        "HARDENED_ENVIRONMENT": "production",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": HOST,
        "HARDENED_CANONICAL_ORIGIN": f"https://{HOST}:{port}",
        "DATABASE_URL": f"sqlite:///{quote(str(folder / 'db.sqlite3'))}",
        "EMAIL_URL": "smtp+tls://blog:unused@mail.example.com:587",
        "XDG_RUNTIME_DIR": str(folder),
        "DJANGO_SUPERUSER_PASSWORD": _PASSWORD,
        **environment,
    }
    run = subprocess.run(
        [sys.executable, "-c", _PREPARE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    token = run.stdout.strip()
    with serving(COMMANDS[server], port, plain, folder, environment) as certificate:
        yield Site(port, plain, folder, certificate, token)


@contextmanager
def serving(
    commands: tuple[tuple[str, ...], tuple[str, ...]],
    port: int,
    plain: int,
    folder: Path,
    environment: dict[str, str],
) -> Iterator[Path]:
    """Run a module on two ports, on the first with TLS, and yield the certificate."""
    certificate = certify(folder)
    command, tls = commands
    with ExitStack() as stack:
        for number, options in ((port, (*command, *tls)), (plain, command)):
            arguments = [part.format(port=number, folder=folder) for part in options]
            line = [sys.executable, "-m", *arguments]
            stack.enter_context(
                running(line, number, folder, environment=environment, is_up=accepts)
            )
        yield certificate


def certify(folder: Path) -> Path:
    """Make a certificate of ``localhost`` and its key, and return the path of the first."""
    certificate, key = folder / "site.pem", folder / "key.pem"
    program = shutil.which("openssl")
    if program is None:
        raise RuntimeError("openssl is not installed")
    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={HOST}"]
    name = ["-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run(
        [program, *new, *name, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    return certificate
