from __future__ import annotations

import sys
from types import ModuleType

import pytest

from django_hardened.defaults import Environment
from django_hardened.servers import (
    _SERVER_MODULES,
    DEVELOPMENT_COMMANDS,
    is_test_suite,
    refusal,
    serving_program,
)


@pytest.fixture(autouse=True)
def _no_server_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests of this process load gunicorn and uvicorn."""
    for module in _SERVER_MODULES:
        monkeypatch.delitem(sys.modules, module, raising=False)


ENVIRONMENTS: tuple[Environment, ...] = ("production", "development", "test", "build")


@pytest.mark.parametrize(
    ("argv", "program"),
    [
        (["/srv/venv/bin/gunicorn", "mysite.wsgi"], "gunicorn"),
        (["gunicorn"], "gunicorn"),
        (["/venv/lib/python3.13/site-packages/gunicorn/__main__.py", "mysite.wsgi"], "gunicorn"),
        (["/venv/lib/python3.13/site-packages/uvicorn/__main__.py"], "uvicorn"),
        (["__main__.py"], "__main__.py"),
        ([r"C:\venv\Scripts\uvicorn.exe", "mysite.asgi:application"], "uvicorn"),
        ([r"C:\venv\Scripts\daphne-script.py"], "daphne"),
        ([r"C:\venv\Scripts\WAITRESS-SERVE.EXE"], "WAITRESS-SERVE"),
        (["mod_wsgi"], "mod_wsgi"),
        (["/usr/lib/passenger/wsgi-loader.py"], "wsgi-loader.py"),
        (["/srv/serve.py"], "serve.py"),
        (["manage.py", "runserver"], "runserver"),
        (["./manage.py", "runserver_plus", "--cert-file=x"], "runserver_plus"),
        (["manage.py", "testserver"], "testserver"),
        (["/venv/bin/django-admin", "runsslserver"], "runsslserver"),
        (["/venv/lib/python3.13/site-packages/django/__main__.py", "runserver"], "runserver"),
        (["/venv/bin/mysite-manage", "runserver"], "runserver"),
        (["manage.py", "shell"], "manage.py"),
        (["manage.py"], "manage.py"),
        (["/venv/lib/python3.13/site-packages/django/__main__.py", "shell"], "django-admin"),
        (["/venv/lib/python3.13/site-packages/pytest/__main__.py"], "pytest"),
        (["/usr/bin/python3 -m unittest", "discover"], "unittest"),
        (["-c"], "-c"),
        ([""], "embedded"),
        (["-"], "embedded"),
        ([], "embedded"),
    ],
)
def test_the_name_of_the_program(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], program: str
) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    assert serving_program() == program


def test_an_embedded_interpreter_may_have_no_argv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "argv")
    assert serving_program() == "embedded"


def test_somebody_at_a_prompt_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [""])
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert serving_program() == "interactive"
    assert refusal("development", "interactive", ()) is None


def test_uwsgi_is_known_by_the_module_that_it_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", "runserver"])
    monkeypatch.setitem(sys.modules, "uwsgi", ModuleType("uwsgi"))
    assert serving_program() == "uwsgi"


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn", "uwsgi", "mod_wsgi", "embedded"])
def test_a_production_server_serves_production_and_tests_only(server: str) -> None:
    allowed = [name for name in ENVIRONMENTS if refusal(name, server, ()) is None]
    assert allowed == ["production"]


@pytest.mark.parametrize("server", DEVELOPMENT_COMMANDS)
def test_a_development_server_serves_development_and_tests_only(server: str) -> None:
    allowed = [name for name in ENVIRONMENTS if refusal(name, server, [server]) is None]
    assert allowed == ["development", "test"]


@pytest.mark.parametrize("module", ["uvicorn.server", "gunicorn.arbiter", "waitress.server"])
@pytest.mark.parametrize("program", ["-c", "manage.py", "serve.py"])
def test_a_server_that_was_started_otherwise_is_known_by_its_module(
    monkeypatch: pytest.MonkeyPatch, program: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, ModuleType(module))
    allowed = [name for name in ENVIRONMENTS if refusal(name, program, ()) is None]
    assert allowed == ["production"]


@pytest.mark.parametrize("suite", ["pytest", "py.test", "unittest", "tox", "_jb_pytest_runner.py"])
def test_a_test_suite_may_load_a_server(monkeypatch: pytest.MonkeyPatch, suite: str) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn.server", ModuleType("uvicorn.server"))
    assert is_test_suite(suite)
    assert [refusal(name, suite, ()) for name in ENVIRONMENTS] == [None] * 4


def test_djangos_test_command_is_a_test_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", "test", "blog"])
    assert is_test_suite(serving_program())


@pytest.mark.parametrize(
    "tool", ["manage.py", "django-admin", "pytest", "-c", "celery", "make_sitemap.py", "jupyter"]
)
def test_a_tool_may_make_the_application_anywhere(tool: str) -> None:
    assert [refusal(name, tool, ()) for name in ENVIRONMENTS] == [None] * 4


@pytest.mark.parametrize(
    ("dev_servers", "argv", "allowed"),
    [
        (["uvicorn"], ["uvicorn"], True),
        (("gunicorn", "uvicorn"), ["uvicorn"], True),
        ({"uvicorn --reload"}, ["uvicorn", "a:b", "--reload"], True),
        (["uvicorn --reload"], ["uvicorn", "a:b"], False),
        (["gunicorn"], ["uvicorn"], False),
        (["uvicorn2"], ["uvicorn"], False),
        (["", " "], ["uvicorn"], False),
        ([None], ["uvicorn"], False),
        ([], ["uvicorn"], False),
        ("uvicorn", ["uvicorn"], False),
        (None, ["uvicorn"], False),
        (True, ["uvicorn"], False),
    ],
)
def test_servers_that_are_named_may_serve_development(
    monkeypatch: pytest.MonkeyPatch, dev_servers: object, argv: list[str], allowed: bool
) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    assert (refusal("development", "uvicorn", dev_servers) is None) is allowed


def test_naming_a_server_allows_nothing_else() -> None:
    assert refusal("build", "uvicorn", ["uvicorn"])
    assert refusal("production", "runserver", ["runserver"])


def test_a_refusal_says_what_to_do() -> None:
    assert refusal("development", "uvicorn", ()) == (
        "The environment is development, and uvicorn would serve it. Set "
        "HARDENED_ENVIRONMENT=production; without it, the environment follows DEBUG. On a "
        'developer\'s machine, HARDENED_DEV_SERVERS = ["uvicorn"] allows it.'
    )
