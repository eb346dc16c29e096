"""The recipes of ``docs/how-to/proxy-recipes.md`` as whole servers, and a visitor of them."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_attacks.fronts import fronting
from host_attacks.servers import free_port, running

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "how-to" / "proxy-recipes.md"
NAME = "www.example.com"
# Not the proxy's own address, where the machine has more than one for itself.
CLIENT = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
# Under which heading of the page the recipe is the first code.
HEADINGS = {"nginx": "nginx", "caddy": "Caddy", "haproxy": "HAProxy", "varnish": "Varnish"}
# What its recipe need not say, because Caddy asks a certificate authority.
CERTIFIED = "tls /etc/ssl/site/fullchain.pem /etc/ssl/site/key.pem"
# In front of it another proxy ends TLS, and the tests play that one.
BEHIND_TLS = "varnish"


@dataclass(frozen=True)
class Answer:
    """What came back; the status of nothing at all is 0."""

    status: int = 0
    location: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """A recipe that runs: the ports on which it is asked, and whether the first has TLS."""

    port: int
    plain: int
    server: int
    tls: ssl.SSLContext | None

    def ask(self, path: str, *fields: str, host: str = NAME) -> Answer:
        """Ask as a visitor does, over https."""
        if self.tls is None:
            fields = (*fields, "X-Forwarded-Proto: https")
        return ask(self.port, path, *fields, host=host, tls=self.tls)

    def ask_plainly(self, path: str, host: str = NAME) -> Answer:
        """Ask over http."""
        fields = () if self.tls else ("X-Forwarded-Proto: http",)
        return ask(self.plain if self.tls else self.port, path, *fields, host=host)


def ask(port: int, path: str, *fields: str, host: str, tls: ssl.SSLContext | None = None) -> Answer:
    request = "\r\n".join(
        [f"GET {path} HTTP/1.1", f"Host: {host}", *fields, "Connection: close", "", ""]
    )
    with ExitStack() as stack:
        connection = stack.enter_context(
            socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(CLIENT, 0))
        )
        if tls:
            connection = stack.enter_context(tls.wrap_socket(connection, server_hostname=NAME))
        connection.sendall(request.encode())
        response = http.client.HTTPResponse(connection)
        try:
            response.begin()
        except (http.client.HTTPException, ConnectionError):
            return Answer()
        body = response.read()
    is_ours = response.getheader("Content-Type") == "application/json"
    return Answer(
        response.status, response.getheader("Location"), json.loads(body) if is_ours else {}
    )


@contextmanager
def recipe(front: str, directory: Path) -> Iterator[Site]:
    """Run the recipe of ``front`` as the page has it, in front of a site."""
    port, plain, server = free_port(), free_port(), free_port()
    tls = None if front == BEHIND_TLS else certify(directory)
    here = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "bind :443": f"bind 127.0.0.1:{port}",
        "bind :80": f"bind 127.0.0.1:{plain}",
        f"{NAME} {{": f"{NAME} {{\nbind 127.0.0.1\n{CERTIFIED}",
        "/etc/ssl/site": str(directory),
        "127.0.0.1:8000": f"127.0.0.1:{server}",
        '.port = "8000"': f'.port = "{server}"',
    }
    text = read_recipe(front)
    for there, replacement in here.items():
        text = text.replace(there, replacement)
    gunicorn = ["-m", "gunicorn", "-c", "python:django_hardened.gunicorn", "recipes_site"]
    command = [sys.executable, *gunicorn, f"--chdir={TESTS}", f"--bind=127.0.0.1:{server}"]
    with (
        running(command, server, directory),
        fronting(front, text, port, directory, plain=plain),
    ):
        yield Site(port, plain, server, tls)


def read_recipe(front: str) -> str:
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {HEADINGS[front]}\n")[2]
    _, _, code = section.partition("\n```")
    return code.partition("\n")[2].partition("```\n")[0]


def certify(directory: Path, name: str = NAME) -> ssl.SSLContext:
    """Make a certificate in ``directory``, and return what a client needs to believe it."""
    certificate, key = directory / "fullchain.pem", directory / "key.pem"
    program = shutil.which("openssl")
    if program is None:
        raise RuntimeError("openssl is not installed")
    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={name}"]
    subprocess.run(
        [
            program,
            *new,
            "-addext",
            f"subjectAltName=DNS:{name}",
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        check=True,
        capture_output=True,
    )
    (directory / "site.pem").write_bytes(certificate.read_bytes() + key.read_bytes())
    return ssl.create_default_context(cafile=str(certificate))
