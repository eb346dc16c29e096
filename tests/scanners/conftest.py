"""One site for each server, and one without any protection, which shows that the scanners look."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from host_attacks.servers import free_port
from scanned_sites_support import COMMANDS, Site, certify, example_site

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.scanners)


@pytest.fixture(scope="session", params=COMMANDS)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with example_site(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


SCHEMA = """{"openapi": "3.0.3", "info": {"title": "", "version": ""},
"paths": {"/closed/": {"get": {
    "security": [{"token": []}], "responses": {"200": {"description": ""}}}}},
"components": {"securitySchemes": {
    "token": {"type": "apiKey", "in": "header", "name": "Authorization"}}}}"""
PAGE = """<!DOCTYPE html><html lang="en"><head><title>Naked</title></head><body>
<a href="/closed/">Closed</a>
<form method="post" action="/send/"><input type="text" name="name"><input type="submit"></form>
</body></html>"""


class Naked(BaseHTTPRequestHandler):
    """Answers everybody with a page and a cookie, and protects nothing."""

    def do_GET(self) -> None:
        is_schema = self.path == "/schema.json"
        body = (SCHEMA if is_schema else PAGE).encode()
        # wapiti passes over the pages of a site that has one for every path.
        self.send_response(200 if self.path in ("/", "/closed/", "/send/", "/schema.json") else 404)
        self.send_header("Content-Type", "application/json" if is_schema else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "sessionid=1")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="session")
def naked_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("naked")
    certificate = certify(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, folder / "key.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), Naked) as server:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Site(server.server_port, free_port(), folder, certificate)
        server.shutdown()
        thread.join()
