"""The ``check`` command in this process; tests/test_projects.py runs it as a user does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError, SystemCheckError
from django.core.management.commands import check as django_check
from django.db import connections
from projects_support import STRONG_KEY

from django_hardened import gate
from django_hardened.management.commands import check
from django_hardened.waivers import read_waivers, today

OURS = ["E101", "E102", "W404", "E910", "E911", "W912"]
PROMISED = {"id", "level", "message", "hint", "setting", "file", "line", "waiver"}


@pytest.fixture(autouse=True)
def _production(settings: Any, tmp_path: Path) -> None:
    settings.HARDENED_ENVIRONMENT = "production"
    settings.BASE_DIR = tmp_path


@pytest.fixture(autouse=True)
def _few_of_ours(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run all checks, and look at few: the settings of the tests are not those of a site."""
    if "all_findings" in request.fixturenames:
        return
    looked_at = {f"django_hardened.{code}" for code in OURS}

    def is_looked_at(message: CheckMessage) -> bool:
        ours = str(message.id).startswith("django_hardened.")
        return message.id in looked_at or not ours

    def run_few(**options: Any) -> list[CheckMessage]:
        return [*filter(is_looked_at, run_checks(**options))]

    monkeypatch.setattr(gate, "run_checks", run_few)


@pytest.fixture
def all_findings() -> None:
    """Ask for nothing to be left out."""


def _run(*args: str, **options: Any) -> tuple[str, str]:
    stdout, stderr = StringIO(), StringIO()
    call_command("check", *args, stdout=stdout, stderr=stderr, no_color=True, **options)
    return stdout.getvalue(), stderr.getvalue()


def _ids(report: str) -> list[str]:
    return re.findall(r"^\S+ \((\w+\.\w+)\)", report, re.MULTILINE)


def test_it_is_ours_that_runs() -> None:
    assert get_commands()["check"] == "django_hardened"
    assert isinstance(load_command_class("django_hardened", "check"), check.Command)


def test_the_flags_are_those_of_django() -> None:
    ours = check.Command().create_parser("manage.py", "check")
    theirs = django_check.Command().create_parser("manage.py", "check")
    added = {"--format", "--write-waivers"}
    kept = [action for action in ours._actions if not added & {*action.option_strings}]
    assert [str(action) for action in kept] == [str(action) for action in theirs._actions]
    assert len(ours._actions) == len(theirs._actions) + len(added)


def test_nothing_to_say() -> None:
    assert _run() == ("System check identified no issues (0 silenced).\n", "")


def test_an_error_fails(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    with pytest.raises(SystemCheckError) as raised:
        _run("--deploy", "--tag", "django_hardened")
    assert _ids(str(raised.value)) == ["django_hardened.E102"]
    assert str(raised.value).startswith("SystemCheckError: System check identified some issues:\n")
    assert raised.value.returncode == 1


def test_without_deploy_it_does_not(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert _run()[1] == ""


def test_a_warning_is_told_and_passes(settings: Any) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
    stdout, stderr = _run("--deploy", "--tag", "django_hardened")
    assert stdout == ""
    assert _ids(stderr) == ["django_hardened.W404"]
    with pytest.raises(SystemCheckError):
        _run("--deploy", "--tag", "django_hardened", "--fail-level", "WARNING")


def test_an_error_passes_at_a_higher_level(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    _, stderr = _run("--deploy", "--tag", "django_hardened", "--fail-level", "CRITICAL")
    assert _ids(stderr) == ["django_hardened.E102"]


def test_a_silenced_error_fails_all_the_same(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.SILENCED_SYSTEM_CHECKS = ["django_hardened.E102"]
    with pytest.raises(SystemCheckError) as raised:
        _run("--deploy", "--tag", "django_hardened")
    assert _ids(str(raised.value)) == ["django_hardened.E102"]
    assert str(raised.value).endswith("identified 1 issue (0 silenced).")


def test_a_replaced_finding_is_not_counted(settings: Any) -> None:
    settings.ALLOWED_HOSTS = []
    with pytest.raises(SystemCheckError) as raised:
        _run("--deploy", "--tag", "security")
    found = _ids(str(raised.value))
    assert "django_hardened.E101" in found
    assert "security.W020" not in found
    assert "django_hardened.E101" in found
    assert re.search(rf"identified {len(found)} issues? \(0 silenced\)", str(raised.value))


def test_tags_and_apps(settings: Any) -> None:
    settings.ALLOWED_HOSTS = []
    assert _run("--deploy", "--tag", "models")[1] == ""
    with pytest.raises(CommandError, match="no system check with the"):
        _run("--tag", "nonsense")
    assert "django_hardened" in _run("--list-tags")[0].split()
    assert _run("auth")[1] == ""
    with pytest.raises(LookupError):
        _run("nonsense")


def test_a_database_is_asked_only_when_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def record(**kwargs: Any) -> list[Any]:
        asked.append(kwargs)
        return []

    monkeypatch.setattr(connections["default"].validation, "check", record)
    _run()
    assert asked == []
    _run("--database", "default")
    assert asked


@pytest.mark.parametrize("found", [0, 1])
def test_the_count_is_printed_only_where_it_is_wanted(
    settings: Any, monkeypatch: pytest.MonkeyPatch, found: int
) -> None:
    """As with Django's: a caller of ``check()`` gets the count if it asks for it."""
    settings.ALLOWED_HOSTS = ["*"] if found else ["www.example.com"]
    monkeypatch.setattr(checks, "run_checks", vars(gate)["run_checks"])
    outputs = []
    for command in (check.Command, django_check.Command):
        stdout, stderr = StringIO(), StringIO()
        command(stdout=stdout, stderr=stderr, no_color=True).check(
            tags=["django_hardened"], include_deployment_checks=True, fail_level=50
        )
        outputs.append((stdout.getvalue(), stderr.getvalue()))
    assert outputs[0] == outputs[1]


# -- Formats -------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["json", "sarif", "github"])
def test_the_exit_status_is_the_same_in_each_format(settings: Any, format_: str) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    arguments = ("--deploy", "--tag", "django_hardened", "--format", format_)
    stdout, stderr = _run(*arguments, "--fail-level", "CRITICAL")
    assert "E102" in stdout
    assert stderr == ""
    for level in ("ERROR", "WARNING"):
        again = StringIO()
        with pytest.raises(SystemCheckError) as raised:
            call_command("check", *arguments, "--fail-level", level, stdout=again)
        assert raised.value.returncode == 1
        assert str(raised.value) == "1 of the findings fail this check."
        assert again.getvalue() == stdout


def test_json_for_all_checks(settings: Any) -> None:
    """Django's findings too, without those that ours repeat."""
    settings.ALLOWED_HOSTS = []
    settings.CSRF_FAILURE_VIEW = "no.such.view"
    stdout = StringIO()
    with pytest.raises(SystemCheckError, match="of the findings fail this check") as raised:
        call_command("check", "--deploy", "--format", "json", stdout=stdout, no_color=True)
    report = json.loads(stdout.getvalue())
    found = [finding["id"] for finding in report["findings"]]
    assert report["version"] == 1
    assert {"security.E102", "django_hardened.E101"} <= {*found}
    assert "security.W020" not in found
    assert all({*finding} >= PROMISED for finding in report["findings"])
    serious = [f for f in report["findings"] if f["level"] in ("error", "critical")]
    assert str(raised.value).startswith(f"{len(serious)} of the findings")


@pytest.mark.parametrize("format_", ["json", "sarif", "github"])
def test_no_secret_in_any_format(settings: Any, all_findings: None, format_: str) -> None:
    secret = "changeme-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL-eYuIoRt"
    settings.SECRET_KEY = secret
    settings.SECRET_KEY_FALLBACKS = [secret]
    stdout = StringIO()
    with pytest.raises(SystemCheckError) as raised:
        call_command("check", "--deploy", "--format", format_, stdout=stdout, no_color=True)
    assert "E013" in stdout.getvalue()
    assert secret not in stdout.getvalue() + str(raised.value)


def test_nothing_to_say_in_other_formats() -> None:
    assert json.loads(_run("--format", "json")[0])["findings"] == []
    assert json.loads(_run("--format", "sarif")[0])["runs"][0]["results"] == []
    assert _run("--format", "github") == ("", "")


def test_no_other_format() -> None:
    with pytest.raises(CommandError, match="invalid choice: 'xml'"):
        _run("--format", "xml")


# -- Waivers -------------------------------------------------------------------------------------

STRICT = ("--deploy", "--tag", "django_hardened", "--fail-level", "WARNING")


def _waive(settings: Any, **changes: Any) -> None:
    waiver = {"id": "E102", "reason": "r", "owner": "o", "expires": today(), **changes}
    settings.HARDENED_WAIVERS = [waiver]


def test_a_waived_error_passes_and_is_told(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    _waive(settings)
    assert _run(*STRICT) == (
        "System check identified no issues (0 silenced, 1 waived).\n"
        f"Waived: E102 until {today()}, o: r\n",
        "",
    )


def test_an_expired_waiver_fails(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    _waive(settings, expires=today() - timedelta(days=1))
    with pytest.raises(SystemCheckError) as raised:
        _run(*STRICT)
    assert sorted(_ids(str(raised.value))) == ["django_hardened.E102", "django_hardened.E910"]


def test_an_expired_waiver_is_nothing_to_local_development(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    _waive(settings, expires=today() - timedelta(days=1))
    assert _run() == ("System check identified no issues (0 silenced).\n", "")


def test_an_idle_waiver_is_told_on_complete_runs_only(settings: Any) -> None:
    _waive(settings)
    assert _run(*STRICT)[1] == ""
    stdout = StringIO()
    call_command("check", "--deploy", "--format=json", "--fail-level=CRITICAL", stdout=stdout)
    found = json.loads(stdout.getvalue())["findings"]
    assert "django_hardened.W912" in [finding["id"] for finding in found]


def test_a_waiver_of_django_s_own_finding(settings: Any) -> None:
    settings.SECRET_KEY = STRONG_KEY[:45]
    _waive(settings, id="security.W009")
    arguments = ("--deploy", "--tag", "security", "--format", "json", "--fail-level", "CRITICAL")
    found = {f["id"]: f["waiver"] for f in json.loads(_run(*arguments)[0])["findings"]}
    assert found["security.W009"] == {"reason": "r", "owner": "o", "expires": str(today())}


# -- Drafting waivers ----------------------------------------------------------------------------


def test_an_existing_project_can_adopt_the_gate_today(
    settings: Any, tmp_path: Path, all_findings: None
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.MIDDLEWARE = []
    strict = ("--deploy", "--fail-level", "WARNING")
    with pytest.raises(SystemCheckError):
        _run(*strict)
    stdout, stderr = _run(*strict, "--write-waivers", "ops@example.com")
    path, drafted = tmp_path / "hardened_waivers.toml", read_waivers()
    assert drafted.problems == ()
    assert {(w.owner, w.expires) for w in drafted.entries} == {
        ("ops@example.com", today() + timedelta(days=30))
    }
    assert stderr.startswith(f"Waivers drafted in {path}: {len(drafted.entries)}, until ")
    assert f"{len(drafted.entries)} waived)" in stdout + stderr  # what is information stays open
    assert "".join(_run(*strict)).count("Waived: ") == len(drafted.entries)
    before = path.read_text()
    assert _run(*strict, "--write-waivers", "dev")[1].startswith("There is nothing to waive.\n")
    assert path.read_text() == before


def test_drafts_come_after_what_is_there(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "hardened_waivers.toml"
    expired = today() - timedelta(days=1)
    there = f'# ours\n[[waiver]]\nid="E104"\nreason="r"\nowner="o"\nexpires={expired}'
    path.write_text(there)
    settings.ALLOWED_HOSTS = ["*"]
    assert "1 waived" in _run(*STRICT, "--write-waivers", 'A "B" \\ <a@b>\n')[0]
    assert path.read_text().startswith(f"{there}\n\n[[waiver]]\n")
    assert [waiver.owner for waiver in read_waivers().entries] == ["o", 'A "B" \\ <a@b>\n']
    assert _run(*STRICT)[1] == ""


def test_what_has_ended_is_not_drafted_again(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "hardened_waivers.toml"
    expired = today() - timedelta(days=1)
    there = f'[[waiver]]\nid="E102"\nreason="r"\nowner="o"\nexpires={expired}'
    path.write_text(there)
    settings.ALLOWED_HOSTS = ["*"]
    with pytest.raises(SystemCheckError) as raised:
        _run(*STRICT, "--write-waivers", "ops")
    assert _ids(str(raised.value)) == ["django_hardened.E102", "django_hardened.E910"]
    assert path.read_text() == there


def test_a_named_file_is_made(settings: Any, tmp_path: Path) -> None:
    settings.HARDENED_WAIVERS_FILE = "waivers.toml"
    settings.ALLOWED_HOSTS = ["*"]
    _run(*STRICT, "--write-waivers", "ops")
    assert "E102" in (tmp_path / "waivers.toml").read_text()


def test_a_report_for_machines_stays_one(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    stdout, stderr = _run(*STRICT, "--write-waivers", "ops", "--format", "json")
    [finding] = json.loads(stdout)["findings"]
    assert finding["waiver"]["owner"] == "ops"
    assert stderr.startswith("Waivers drafted in ")


def test_what_is_left_fails(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.HARDENED_WAIVERS = ["nonsense"]
    with pytest.raises(SystemCheckError) as raised:
        _run(*STRICT, "--write-waivers", "ops")
    assert _ids(str(raised.value)) == ["django_hardened.E911"]


def test_drafts_need_a_deploy() -> None:
    with pytest.raises(CommandError, match="needs --deploy"):
        _run("--write-waivers", "ops")


@pytest.mark.parametrize("owner", ["", " ", "\n", "-", "?"])
def test_drafts_need_an_owner(owner: str) -> None:
    with pytest.raises(CommandError, match="needs an owner"):
        _run("--deploy", "--write-waivers", owner)


def test_drafts_need_a_place(settings: Any) -> None:
    settings.BASE_DIR = None
    with pytest.raises(CommandError, match="Set BASE_DIR or HARDENED_WAIVERS_FILE"):
        _run("--deploy", "--write-waivers", "ops")


def test_nothing_is_written_to_what_is_not_toml(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "hardened_waivers.toml"
    path.write_text("[[waiver")
    settings.ALLOWED_HOSTS = ["*"]
    with pytest.raises(CommandError, match="Nothing was written to"):
        _run(*STRICT, "--write-waivers", "ops")
    assert path.read_text() == "[[waiver"


def test_nothing_is_written_to_a_folder_that_is_not_there(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path / "nowhere"
    settings.ALLOWED_HOSTS = ["*"]
    with pytest.raises(CommandError, match="Nothing was written to"):
        _run(*STRICT, "--write-waivers", "ops")


# -- As a process --------------------------------------------------------------------------------

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "example_project"


def _process(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "unsafe_here.py").write_text(
        "from example.settings_unsafe import *\n"
        "from pathlib import Path\n"
        "BASE_DIR = Path(__file__).parent\n"
    )
    path = os.pathsep.join([str(folder), str(EXAMPLE), *filter(None, sys.path)])
    return subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--settings=unsafe_here", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_unsafe_example_in_a_pipeline(tmp_path: Path) -> None:
    unsafe = _process(tmp_path, "--format", "json")
    assert unsafe.returncode == 1
    assert len(json.loads(unsafe.stdout)["findings"]) > 10
    assert "of the findings fail this check." in unsafe.stderr

    adopted = _process(tmp_path, "--fail-level", "WARNING", "--write-waivers", "ops")
    assert (adopted.returncode, adopted.stderr[:15]) == (0, "Waivers drafted"), adopted.stderr
    strict = _process(tmp_path, "--fail-level", "WARNING", "--format", "sarif")
    assert strict.returncode == 0, strict.stderr
    assert json.loads(strict.stdout)["version"] == "2.1.0"
