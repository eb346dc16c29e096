"""The configurations for gunicorn and uvicorn, as each server reads them."""

from __future__ import annotations

import logging
import runpy
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from django_hardened import gunicorn as for_gunicorn
from django_hardened import uvicorn as for_uvicorn
from django_hardened.servers import serving_program


def _record(message: str, *arguments: Any) -> logging.LogRecord:
    return logging.LogRecord("access", logging.INFO, __file__, 1, message, arguments, None)


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_the_server_is_not_imported_before_it_runs(server: str) -> None:
    code = f"import sys, django_hardened.{server}; sys.exit({server!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# -- gunicorn ------------------------------------------------------------------------------------


@pytest.fixture
def configured() -> Any:
    config = pytest.importorskip("gunicorn.config").Config()
    for name, value in vars(for_gunicorn).items():
        if name in config.settings:  # as gunicorn does
            config.set(name, value)
    return config


def test_gunicorn_reads_every_setting(configured: Any) -> None:
    own = {name for name, value in vars(for_gunicorn).items() if _is_setting(name, value)}
    assert own - set(configured.settings) <= {"control_socket_disable"}  # new in 25.1
    assert configured.limit_request_line == 4094
    assert configured.forwarded_allow_ips == []
    assert configured.forwarder_headers == []
    assert configured.secure_scheme_headers == {}
    assert configured.graceful_timeout < 30


def _is_setting(name: str, value: object) -> bool:
    return name.islower() and name[0] != "_" and isinstance(value, int | str | dict)


def test_the_access_log_of_gunicorn_has_no_part_with_secrets() -> None:
    secret = ("%(r)s", "%(q)s", "%(f)s", "%(u)s", "%({")
    assert not [part for part in secret if part in for_gunicorn.access_log_format]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/posts/", 'GET "/posts/"'),
        ("/gr\xfc\xdfe/", 'GET "/gr\xfc\xdfe/"'),
        ("/\n127.0.0.1 forged", r'GET "/\n127.0.0.1 forged"'),
        ("/\x1b[31m%s", r'GET "/\x1b[31m%s"'),
    ],
)
def test_a_request_is_one_line_of_the_access_log(path: str, line: str) -> None:
    record = logging.LogRecord(
        "access", logging.INFO, __file__, 1, '%(m)s "%(U)s"', ({"m": "GET", "U": path},), None
    )
    assert for_gunicorn.OneLine().filter(record)
    assert record.getMessage() == line


class _Response:
    def default_headers(self) -> list[str]:
        return ["HTTP/1.1 200 OK\r\n", "Server: gunicorn\r\n", "Date: now\r\n"]


@pytest.fixture
def fake_gunicorn(monkeypatch: pytest.MonkeyPatch) -> type[_Response]:
    response = type("Response", (_Response,), {})
    modules = {name: ModuleType(name) for name in ("gunicorn", "gunicorn.http")}
    modules["gunicorn.http.wsgi"] = SimpleNamespace(Response=response)  # type: ignore[assignment]
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "gunicorn.asgi.protocol", raising=False)
    monkeypatch.setattr(logging.getLogger("gunicorn.access"), "filters", [])
    return response


def test_a_worker_of_gunicorn_names_no_server(fake_gunicorn: type[_Response]) -> None:
    for_gunicorn.post_worker_init(object())
    assert fake_gunicorn().default_headers() == ["HTTP/1.1 200 OK\r\n", "Date: now\r\n"]
    [one_line] = logging.getLogger("gunicorn.access").filters
    assert isinstance(one_line, for_gunicorn.OneLine)


@pytest.mark.usefixtures("fake_gunicorn")
def test_nor_does_an_asgi_worker_of_gunicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = SimpleNamespace(_CACHED_SERVER_HEADER=b"Server: gunicorn/asgi\r\n")
    monkeypatch.setitem(sys.modules, "gunicorn.asgi.protocol", protocol)
    for_gunicorn.post_worker_init(object())
    assert protocol._CACHED_SERVER_HEADER == b""


# -- uvicorn -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/posts/", "/posts/"),
        ("/reset/?token=abc", "/reset/"),
        ("/?a=1?b=2", "/"),
        ("/" + "a" * 5000, "/" + "a" * 1999),
    ],
)
def test_the_access_log_of_uvicorn_has_no_query(path: str, logged: str) -> None:
    record = _record('%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", path, "1.1", 200)
    assert for_uvicorn.WithoutQuery().filter(record)
    assert record.args == ("127.0.0.1:5", "GET", logged, "1.1", 200)


def test_other_records_pass_as_they_are() -> None:
    record = _record("Started?")
    record.args = {"who": "?"}
    assert for_uvicorn.WithoutQuery().filter(record)
    assert record.args == {"who": "?"}


def test_uvicorn_knows_every_setting() -> None:
    uvicorn = pytest.importorskip("uvicorn")
    config = uvicorn.Config("mysite.asgi:application", **for_uvicorn.CONFIG)
    assert (config.server_header, config.proxy_headers) == (False, False)
    assert config.timeout_graceful_shutdown < 30
    handler = logging.getLogger("uvicorn.access").handlers[0]
    assert isinstance(handler.filters[0], for_uvicorn.WithoutQuery)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a call of the command line, which gives what uvicorn would run."""
    main = pytest.importorskip("uvicorn.main")

    def start(*arguments: str) -> dict[str, Any]:
        runs: list[dict[str, Any]] = []

        def run(app: str, **options: Any) -> None:
            runs.append(options | {"app": app, "program": serving_program()})

        monkeypatch.setattr(main, "run", run)
        monkeypatch.setattr(sys, "argv", ["/site/uvicorn.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(for_uvicorn.__file__, run_name="__main__")
        assert ended.value.code == 0
        assert runs[0]["program"] == "uvicorn"
        return runs[0]

    return start


def test_the_command_line_has_our_defaults(started: Any) -> None:
    options = started("mysite.asgi:application")
    assert options["app"] == "mysite.asgi:application"
    assert {name: options[name] for name in for_uvicorn.CONFIG} == for_uvicorn.CONFIG
    assert options["limit_max_requests"] is None


def test_an_option_on_the_command_line_wins(started: Any) -> None:
    options = started("mysite.asgi:application", "--limit-concurrency", "9", "--server-header")
    assert options["limit_concurrency"] == 9
    assert options["server_header"] is True
    assert options["proxy_headers"] is False


def test_workers_are_recycled_where_there_are_several(started: Any) -> None:
    options = started("mysite.asgi:application", "--workers", "2")
    assert options["limit_max_requests"] == 1000
    assert options["workers"] == 2
