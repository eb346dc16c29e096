from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.request import urlopen

import pytest
from django.contrib.staticfiles.management.commands.runserver import Command as StaticfilesCommand
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError
from django.core.management.commands.runserver import Command as DjangoCommand
from projects_support import (
    ADD_APP,
    ADD_HELPER,
    GOOD_ENV,
    PATIENCE,
    Project,
    clean_environment,
)

from django_hardened.management.commands import runserver

# testserver and migrate open the database before anything is refused.
PRODUCTION = {name: value for name, value in GOOD_ENV.items() if name != "DATABASE_URL"}
DEVELOPMENT = {"HARDENED_ENVIRONMENT": "development", "DEBUG": "true", "SECRET_KEY": "local"}
OUTSIDE = ["production", "test", "build"]

OWN_RUNSERVER = """
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("addrport", nargs="?")

    def handle(self, *args, **options):
        self.stdout.write(f"served by {__name__}")
"""

MakeApp = Callable[..., str]


@pytest.fixture
def make_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeApp]:
    """Return a function that writes the files of an importable app; the name is its only use."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(name: str, **files: str) -> str:
        for path, text in files.items():
            target = tmp_path / path.replace("__", "/").replace("/init", "/__init__")
            target = target.with_suffix(".py")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return name

    yield make
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) is None or name.startswith("fake_"):
            del sys.modules[name]


# -- Which runserver is wrapped ------------------------------------------------------------------


def _next(settings: Any, *apps: str) -> type:
    settings.INSTALLED_APPS = ["django_hardened", *apps]
    return runserver.next_runserver()


def test_djangos_own_where_no_app_has_one(settings: Any) -> None:
    assert _next(settings) is DjangoCommand
    assert _next(settings, "django.contrib.auth", "django.contrib.contenttypes") is DjangoCommand


def test_that_of_staticfiles(settings: Any) -> None:
    apps = ["django.contrib.contenttypes", "django.contrib.staticfiles"]
    assert _next(settings, *apps) is StaticfilesCommand


def test_the_first_below_wins(settings: Any) -> None:
    found = _next(settings, "whitenoise.runserver_nostatic", "django.contrib.staticfiles")
    assert found.__module__.startswith("whitenoise.")


def test_what_stands_above_is_not_below(settings: Any) -> None:
    settings.INSTALLED_APPS = ["django.contrib.staticfiles", "django_hardened"]
    assert runserver.next_runserver() is DjangoCommand


APPS = {
    "a package": {
        "fake_app__init": "",
        "fake_app__management__init": "",
        "fake_app__management__commands__init": "",
        "fake_app__management__commands__runserver": OWN_RUNSERVER,
    },
    "folders without __init__": {
        "fake_app__init": "",
        "fake_app__management__commands__runserver": OWN_RUNSERVER,
    },
}
APPS_WITHOUT = {
    "nothing": {"fake_app__init": ""},
    "a module": {"fake_app": ""},
    "other commands": {
        "fake_app__init": "",
        "fake_app__management__init": "",
        "fake_app__management__commands__init": "",
        "fake_app__management__commands__other": OWN_RUNSERVER,
    },
    "no commands": {"fake_app__init": "", "fake_app__management__init": ""},
    "management as a module": {"fake_app__init": "", "fake_app__management": ""},
    "commands as a module": {
        "fake_app__init": "",
        "fake_app__management__init": "",
        "fake_app__management__commands": "",
    },
    "a private name": {
        "fake_app__init": "",
        "fake_app__management__commands___runserver": OWN_RUNSERVER,
    },
    "management that cannot be imported": {
        "fake_app__init": "",
        "fake_app__management__init": "raise RuntimeError",
    },
}


@pytest.mark.parametrize("files", APPS.values(), ids=APPS)
def test_an_app_with_its_own(settings: Any, make_app: MakeApp, files: dict[str, str]) -> None:
    app = make_app("fake_app", **files)
    found = _next(settings, "django.contrib.auth", "django.contrib.contenttypes", app)
    assert found.__module__ == "fake_app.management.commands.runserver"
    get_commands.cache_clear()
    assert {"runserver", "check"} <= set(get_commands())
    get_commands.cache_clear()


@pytest.mark.parametrize("files", APPS_WITHOUT.values(), ids=APPS_WITHOUT)
def test_an_app_without(settings: Any, make_app: MakeApp, files: dict[str, str]) -> None:
    app = make_app("fake_app", **files)
    assert _next(settings, app) is DjangoCommand
    assert _next(settings, app, "django.contrib.staticfiles") is StaticfilesCommand


def test_an_app_configuration_of_another_name(settings: Any, make_app: MakeApp) -> None:
    make_app(
        "fake_app",
        fake_app__init="",
        fake_app__apps=(
            "from django.apps import AppConfig\n\n"
            "class Renamed(AppConfig):\n    name = 'fake_app'\n    label = 'renamed'\n"
        ),
        fake_app__management__commands__runserver=OWN_RUNSERVER,
    )
    found = _next(settings, "fake_app.apps.Renamed")
    assert found.__module__ == "fake_app.management.commands.runserver"


# -- The guard -----------------------------------------------------------------------------------


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Stand in for the server; what would have been served is in the list."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(DjangoCommand, "run", lambda self, **options: calls.append(options))
    return calls


def _run(*args: str, **options: Any) -> None:
    call_command("runserver", *args, stdout=StringIO(), stderr=StringIO(), **options)


@pytest.mark.parametrize("word", [*OUTSIDE, "prod", "Development", ""])
@pytest.mark.parametrize("debug", [True, False])
def test_it_refuses_outside_development(
    settings: Any, served: list[Any], word: str, debug: bool
) -> None:
    settings.HARDENED_ENVIRONMENT = word
    settings.DEBUG = debug
    for arguments in ([], ["--noreload"], ["0.0.0.0:80", "--skip-checks"]):
        with pytest.raises(CommandError, match="runserver is for development, and this is"):
            _run(*arguments)
    assert served == []


def test_without_the_setting_debug_decides(settings: Any, served: list[Any]) -> None:
    del settings.HARDENED_ENVIRONMENT
    settings.DEBUG = False
    with pytest.raises(CommandError, match="this is production"):
        _run()
    assert served == []
    settings.DEBUG = True
    _run()
    assert len(served) == 1


@pytest.mark.parametrize("debug", [True, False])
def test_in_development_it_serves(settings: Any, served: list[Any], debug: bool) -> None:
    settings.HARDENED_ENVIRONMENT = "development"
    settings.DEBUG = debug
    _run("127.0.0.1:8123", "--noreload", "--nothreading")
    [options] = served
    assert options["use_reloader"] is False
    assert options["use_threading"] is False


@pytest.mark.parametrize(
    ("wsgi", "asgi", "command"),
    [
        ("shop.wsgi.application", None, "gunicorn shop.wsgi:application"),
        (None, "shop.asgi.application", "uvicorn shop.asgi:application"),
        ("shop.wsgi.application", "shop.asgi.app", "uvicorn shop.asgi:app"),
        (None, None, "gunicorn yourproject.wsgi:application"),
        ("wsgi.app", "", "gunicorn wsgi:app"),
    ],
)
def test_it_says_what_to_use(
    settings: Any, wsgi: str | None, asgi: str | None, command: str
) -> None:
    settings.HARDENED_ENVIRONMENT = "production"
    settings.WSGI_APPLICATION = wsgi
    settings.ASGI_APPLICATION = asgi
    with pytest.raises(CommandError) as refused:
        _run()
    assert f"\n\n    {command}\n\n" in str(refused.value)
    assert refused.value.returncode == 1


def test_asgi_application_may_be_missing(settings: Any) -> None:
    assert not hasattr(settings, "ASGI_APPLICATION")
    settings.WSGI_APPLICATION = "shop.wsgi.application"
    with pytest.raises(CommandError, match=r"gunicorn shop\.wsgi:application"):
        _run()


def test_the_flags_are_those_of_the_wrapped_one() -> None:
    wrapped = runserver.Command.__mro__[1]
    assert issubclass(wrapped, DjangoCommand)
    parser = runserver.Command().create_parser("manage.py", "runserver")
    assert parser.format_help() == wrapped().create_parser("manage.py", "runserver").format_help()


# -- As users run it -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.start(tmp_path_factory.mktemp("template"))
    project.settings(ADD_APP, ADD_HELPER)
    return project


@pytest.fixture
def project(template: Project, tmp_path: Path) -> Project:
    return template.copy(tmp_path / "project")


@pytest.mark.parametrize(
    "arguments",
    [
        ["runserver"],
        ["runserver", "--noreload"],
        ["runserver", "--noreload", "--insecure", "--skip-checks", "127.0.0.1:0"],
        ["testserver", "--noinput", "--addrport", "127.0.0.1:0", "group.json"],
    ],
    ids=" ".join,
)
def test_production_is_not_served(project: Project, arguments: list[str]) -> None:
    project.env(**PRODUCTION)
    project.file(
        "group.json",
        '[{"model": "auth.group", "pk": 1, "fields": {"name": "staff", "permissions": []}}]',
    )
    result = project.manage(*arguments)
    assert result.status == 1
    assert "CommandError: runserver is for development, and this is production." in result.stderr
    assert "gunicorn site1.wsgi:application" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Starting development server" not in result.stdout


@pytest.mark.parametrize("word", ["test", "build"])
def test_nor_are_the_other_environments(project: Project, word: str) -> None:
    project.env(**PRODUCTION, HARDENED_ENVIRONMENT=word)
    result = project.manage("runserver", "--noreload", "127.0.0.1:0")
    assert result.status == 1
    assert f"and this is {word}." in result.stderr


def test_the_environment_of_the_process_decides(project: Project) -> None:
    project.env(**DEVELOPMENT)
    result = project.manage("runserver", "--noreload", HARDENED_ENVIRONMENT="build")
    assert result.status == 1
    assert "and this is build." in result.stderr


@contextmanager
def _serving(project: Project, log: Path) -> Iterator[str]:
    """Yield the address that ``runserver`` prints; the port is the system's choice."""
    with (
        log.open("w") as errors,
        subprocess.Popen(
            project.command("runserver", "--noreload", "127.0.0.1:0"),
            cwd=project.root,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        watchdog = Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            assert process.stdout
            lines = (re.search(r"server at (http://\S+)/", line) for line in process.stdout)
            yield next((match[1] for match in lines if match), "")
        finally:
            watchdog.cancel()
            process.terminate()
            process.wait(PATIENCE)


def _get(url: str) -> tuple[int, str, bytes]:
    with urlopen(url, timeout=PATIENCE) as response:
        return response.status, response.headers["Content-Type"], response.read()


def test_in_development_static_files_are_served(project: Project, tmp_path: Path) -> None:
    project.env(**DEVELOPMENT)
    with _serving(project, tmp_path / "log") as address:
        status, kind, body = _get(f"{address}/static/admin/css/base.css")
        assert (status, kind.partition(";")[0]) == (200, "text/css")
        assert b"color" in body
        assert _get(f"{address.replace('127.0.0.1', 'localhost')}/")[0] == 200


def _add_app(project: Project, where: str) -> None:
    project.file("desk/__init__.py")
    project.file("desk/management/commands/runserver.py", OWN_RUNSERVER)
    project.settings(where)


def test_the_runserver_of_an_app_is_kept(project: Project) -> None:
    _add_app(project, 'INSTALLED_APPS.insert(1, "desk")')
    project.env(**DEVELOPMENT)
    result = project.manage("runserver")
    assert result.status == 0
    assert result.stdout == "served by desk.management.commands.runserver\n"
    assert result.stderr == ""


def test_the_runserver_of_an_app_is_guarded(project: Project) -> None:
    _add_app(project, 'INSTALLED_APPS.insert(1, "desk")')
    project.env(**PRODUCTION)
    result = project.manage("runserver")
    assert result.status == 1
    assert "served by" not in result.stdout
    assert "and this is production." in result.stderr


@pytest.mark.current_versions
def test_an_app_above_hides_the_guard_and_a_check_says_so(project: Project) -> None:
    _add_app(project, 'INSTALLED_APPS.insert(0, "desk")')
    project.env(**PRODUCTION)
    deploy = [f"django_hardened.{code}" for code in ("I285", "I320", "W520")]
    for arguments, others in (
        (["check"], []),
        (["check", "--deploy"], deploy),
        (["migrate", "--plan"], []),
    ):
        result = project.manage(*arguments)
        assert result.ids == ["django_hardened.E901", *others]
        assert result.status == 1
        assert "The command runserver of desk hides that of django_hardened" in result.stderr


def test_staticfiles_above_is_refused_before_it_serves(project: Project) -> None:
    project.settings('INSTALLED_APPS = [*INSTALLED_APPS[1:], "django_hardened"]')
    project.env(**PRODUCTION)
    result = project.manage("runserver", "--noreload", "127.0.0.1:0")
    assert result.ids == ["django_hardened.E901", "django_hardened.E914"]
    assert result.status == 1
    assert "Starting development server" not in result.stdout
