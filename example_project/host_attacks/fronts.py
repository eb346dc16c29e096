"""Real proxies and caches in front of a server, as people set them up who trust the application.

Each passes on the Host field as it came, and everything else. Where it keeps pages, it does so
under its default key.
"""

from __future__ import annotations

import getpass
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host_attacks.servers import accepts, free_port, running

# "any": what an application does not forbid to keep is kept, its refusals included.
NGINX = """
proxy_cache_path {directory}/cache keys_zone=pages:1m;
server {{
    listen 127.0.0.1:{port};
    location / {{
        proxy_pass http://127.0.0.1:{backend};
        proxy_set_header Host $http_host;
        proxy_cache pages;
        proxy_cache_valid any 1m;
    }}
}}
"""
HAPROXY = """
cache pages
    total-max-size 4

frontend visitors
    bind 127.0.0.1:{port}
    http-request cache-use pages
    http-response cache-store pages
    default_backend site

backend site
    server site 127.0.0.1:{backend}
"""
# Its built-in rules: the key is the host and the address.
VARNISH = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{backend}"; }}
"""
CARELESS = {"nginx": NGINX, "haproxy": HAPROXY, "varnish": VARNISH}

# What a whole configuration needs around that, for a program that runs in a folder of its own.
_NGINX = """
daemon off;
user {user};
worker_processes 1;
pid {directory}/pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
access_log off;
client_body_temp_path {directory}/body;
proxy_temp_path {directory}/proxy;
fastcgi_temp_path {directory}/fastcgi;
uwsgi_temp_path {directory}/uwsgi;
scgi_temp_path {directory}/scgi;
{configuration}
}}
"""
_HAPROXY = """
global
    maxconn 64

defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
{configuration}
"""
_CADDY = """
{{
    admin off
    http_port {plain}
    https_port {port}
}}
{configuration}
"""
_AROUND = {
    "nginx": _NGINX,
    "haproxy": _HAPROXY,
    "varnish": "{configuration}",
    "caddy": _CADDY,
}
_COMMANDS = {
    "nginx": ("nginx", "-p", "{directory}", "-e", "stderr", "-c", "{file}"),
    "haproxy": ("haproxy", "-db", "-f", "{file}"),
    "varnish": (
        *("varnishd", "-F", "-j", "none", "-n", "{directory}/varnish", "-s", "malloc,32m"),
        *("-p", "vsl_space=4m", "-a", "127.0.0.1:{port}", "-f", "{file}"),
    ),
    "caddy": ("caddy", "run", "--adapter", "caddyfile", "--config", "{file}"),
}


def find(front: str) -> str | None:
    """Return where the program is; a user's PATH may lack the folders of servers."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which(_COMMANDS[front][0], path=places)


@contextmanager
def fronting(
    front: str, configuration: str, port: int, directory: Path, *, plain: int = 0
) -> Iterator[None]:
    """Run the program with a ``configuration`` that listens on ``port``, and perhaps ``plain``."""
    program = find(front)
    if program is None:
        raise RuntimeError(f"{front} is not installed")
    folder = directory / f"{front}-{port}"
    folder.mkdir()
    file = folder / "configuration"
    values = {"directory": folder, "file": file, "port": port, "plain": plain}
    around = _AROUND[front].format(configuration=configuration, user=getpass.getuser(), **values)
    file.write_text(around, encoding="utf-8")
    arguments = (argument.format(**values) for argument in _COMMANDS[front][1:])
    # Caddy keeps files in these.
    environment = os.environ | {"XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    command = [program, *arguments]
    with running(command, port, directory, environment=environment, is_up=accepts):
        yield


@contextmanager
def careless(front: str, backend: int, directory: Path) -> Iterator[int]:
    """Run the program in front of the port ``backend``, and yield its own."""
    port = free_port()
    values = {"port": port, "backend": backend, "directory": directory / f"{front}-{port}"}
    with fronting(front, CARELESS[front].format(**values), port, directory):
        yield port
