"""``audit_endpoints`` as it is typed."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zoo_site
from audit_support import urls
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path, re_path
from django.views.decorators.http import require_GET
from jsonschema import Draft4Validator

from django_hardened.audit.capture import ProbeImpossible
from django_hardened.audit.endpoints import Access, Endpoint, Probed
from django_hardened.management.commands import audit_endpoints
from django_hardened.reports.endpoints import table

SCHEMA = Path(__file__).resolve().parent.parent / "data" / "sarif-schema-2.1.0.json"
PATTERNS = [
    path("open/", zoo_site.form),
    path("closed/", zoo_site.logged_in),
    path("inside/", zoo_site.inside),
    path("right/", zoo_site.with_right, name="right"),
]


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "120")  # workers of pytest-xdist have 80
    with urls(*PATTERNS), override_settings(BASE_DIR=tmp_path):
        yield tmp_path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: str, **options: Any) -> str:
    out, err = io.StringIO(), io.StringIO()
    options = {"stdout": out, "stderr": err, **options}
    call_command("audit_endpoints", *arguments, no_color=True, **options)
    return out.getvalue()


def failing(*arguments: str) -> tuple[str, str]:
    out = io.StringIO()
    with pytest.raises(CommandError) as raised:
        run(*arguments, stdout=out)
    return str(raised.value), out.getvalue()


# -- The table -----------------------------------------------------------------------------------


def test_the_table_lists_every_endpoint() -> None:
    assert run().splitlines() == [
        "METHOD  PATH      WHO               LIMIT  VIEW",
        "GET     /open/    anybody           -      zoo_site.form",
        "POST    /open/    anybody           -      zoo_site.form",
        "GET     /closed/  authenticated     -      zoo_site.logged_in",
        "GET     /inside/  unknown           -      zoo_site.inside",
        "GET     /right/   auth.change_user  -      zoo_site.with_right",
        "",
        "5 endpoints on 4 paths: 2 open to anybody (1 of them write), 1 to users, 0 to staff, "
        "1 by permission, 1 unknown.",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_longer_than_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    with override_settings(ROOT_URLCONF="zoo_site"):
        table = run().splitlines()[:-2]
    assert max(map(len, table)) <= width


def test_only_what_is_open_or_may_be_is_listed_on_request() -> None:
    paths = {each["path"] for each in json.loads(run("--open", "--format=json"))["endpoints"]}
    assert paths == {"/open/", "/inside/"}


@pytest.mark.django_db
def test_the_table_marks_what_calls_have_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = run("--probe").splitlines()
    assert "GET     /inside/  authenticated =     -      zoo_site.inside" in lines
    assert "POST    /open/    anybody             -      zoo_site.form" in lines
    assert "POST    /open/    anybody =           -      zoo_site.form" in (
        run("--probe", "--unsafe-methods").splitlines()
    )


def test_progress_is_shown_on_a_terminal_only() -> None:
    err = Terminal()
    run(stderr=err)
    assert err.getvalue() == "Asking [##############################] 4/4\r\x1b[K"
    err = io.StringIO()  # type: ignore[assignment]
    run(stderr=err)
    assert err.getvalue() == ""


def test_progress_waits_until_the_work_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 0.4, 0.6, 0.6, 0.65])
    monkeypatch.setattr(audit_endpoints.time, "monotonic", lambda: next(now))
    shown: list[str] = []

    class Stream:
        def isatty(self) -> bool:
            return True

        def write(self, text: str, style: Any, ending: str) -> None:
            shown.append(text + ending)

        def flush(self) -> None:
            """Nothing waits."""

    progress = audit_endpoints._Progress("Asking", Stream())
    for done in (1, 2, 3):
        progress(done, 4)
    assert shown == ["Asking [###############...............] 2/4\r"]


# -- For machines ---------------------------------------------------------------------------------


def test_json_has_every_field() -> None:
    report = json.loads(run("--format=json"))
    assert report["version"] == 1
    assert report["endpoints"][-1] == {
        "path": "/right/",
        "name": "right",
        "method": "GET",
        "view": "zoo_site.with_right",
        "access": "permission",
        "permissions": ["auth.change_user"],
        "authenticators": [],
        "throttles": [],
        "csrf_exempt": False,
        "public_reason": None,
        "file": "tests/zoo_site.py",
        "line": report["endpoints"][-1]["line"],
        "probed": None,
        "kind": "function",
        "action": None,
        "cache": None,
        "origin": "first-party",
        "note": None,
    }
    assert [each["kind"] for each in report["findings"]] == ["open-write", "open", "unknown"]


@pytest.mark.django_db
def test_json_tells_what_calls_have_answered() -> None:
    report = json.loads(run("--format=json", "--probe"))
    probed = {each["path"]: each["probed"] for each in report["endpoints"] if each["probed"]}
    assert probed["/inside/"] == {
        "access": "authenticated",
        "answers": {"anonymous": 302, "authenticated": 200, "staff": 200},
        "agrees": True,
        "note": None,
    }


def test_html_is_one_page_with_checks_and_changes(base: Path) -> None:
    report = base / "before.json"
    report.write_text(run("--format=json"))
    page = run("--format=html", "--diff", str(report))
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert "Nothing is opened or closed." in page
    assert "<code>django_hardened." in page
    assert "What has changed" not in run("--format=html")


@pytest.mark.django_db
def test_csv_has_a_line_for_each_and_no_formulas() -> None:
    with urls(path("=cmd/", zoo_site.plain, name="=1+1"), *PATTERNS):
        rows = list(csv.DictReader(io.StringIO(run("--format=csv", "--probe"))))
    assert [row["path"] for row in rows][:2] == ["/=cmd/", "/open/"]
    assert (rows[0]["name"], rows[0]["probed"], rows[0]["agrees"]) == ("'=1+1", "anonymous", "True")
    assert rows[-1]["permissions"] == "auth.change_user"
    with urls():
        assert run("--format=csv") == "\n"


def test_sarif_has_each_finding_at_its_view() -> None:
    log = json.loads(run("--format=sarif"))
    Draft4Validator(json.loads(SCHEMA.read_text())).validate(log)
    results = log["runs"][0]["results"]
    assert [each["ruleId"] for each in results] == [
        "audit_endpoints.open-write",
        "audit_endpoints.open",
        "audit_endpoints.unknown",
    ]
    location = results[0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "tests/zoo_site.py"
    assert results[0]["partialFingerprints"] == {"finding/v1": "open-write/POST /open/"}
    with override_settings(HARDENED_PUBLIC_ENDPOINTS=[{}, declared("/gone/")]):
        log = json.loads(run("--format=sarif"))
    Draft4Validator(json.loads(SCHEMA.read_text())).validate(log)
    found = {each["ruleId"]: each for each in log["runs"][0]["results"]}
    assert found["audit_endpoints.stale"]["partialFingerprints"] == {
        "finding/v1": "stale/GET /gone/"
    }
    assert found["audit_endpoints.stale"]["locations"] == []


# -- --check -------------------------------------------------------------------------------------


def declared(pattern: str, method: Any = "GET") -> dict[str, Any]:
    return {"pattern": pattern, "method": method, "reason": "It is news."}


def test_check_fails_and_says_what_to_do() -> None:
    error, output = failing("--check")
    assert error == "3 things to be closed, declared or corrected."
    assert "tests/zoo_site.py:" in output
    assert ": Anybody may write with POST /open/ (zoo_site.form).\n    Put a permission" in output


def test_check_passes_once_each_is_declared() -> None:
    entries = [declared("/open/", ["GET", "POST"]), declared("/inside/")]
    with override_settings(HARDENED_PUBLIC_ENDPOINTS=entries):
        assert "5 endpoints" in run("--check")
    with override_settings(HARDENED_PUBLIC_ENDPOINTS=[*entries, declared("/gone/")]):
        error, output = failing("--check")
    assert error == "1 thing to be closed, declared or corrected."
    assert "\nGET /gone/ is declared public, and there is no such endpoint.\n" in output


def test_check_of_a_machine_format_says_it_there(base: Path) -> None:
    error, output = failing("--check", "--format=json")
    assert error.startswith("3 things")
    assert len(json.loads(output)["findings"]) == 3


# -- --write -------------------------------------------------------------------------------------


def test_write_drafts_what_is_missing(base: Path) -> None:
    err = io.StringIO()
    run("--write", stderr=err)
    file = base / "public_endpoints.toml"
    assert err.getvalue() == f"Added to {file}. Write down why each is public, or close it.\n"
    assert 'pattern = "/open/"\nmethod = ["GET", "POST"]\nreason = ""\n' in file.read_text()
    assert failing("--check")[0].startswith("5 things")  # no reason, no declaration
    before = file.read_text()
    assert failing("--write", "--check")[0].startswith("5 things")
    err = io.StringIO()
    run("--write", stderr=err)
    assert err.getvalue().startswith(f"Nothing to add: each has its entry in {file}. Write")
    assert file.read_text() == before
    file.write_text(file.read_text().replace('""', '"It is news."'))
    run("--check")
    err = io.StringIO()
    run("--write", stderr=err)
    assert err.getvalue() == (
        "Nothing to declare: what is open is declared, or a view of Django's for strangers.\n"
    )


def test_write_needs_a_place_that_can_be_written(base: Path) -> None:
    (base / "public_endpoints.toml").write_text("[[public")
    assert "cannot be written" in failing("--write")[0]
    with override_settings(BASE_DIR=None):
        assert failing("--write")[0].startswith("Set BASE_DIR")


# -- --diff --------------------------------------------------------------------------------------


def opened(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def test_diff_tells_what_a_change_opens(base: Path) -> None:
    report = base / "before.json"
    report.write_text(run("--format=json"))
    assert run("--diff", str(report)) == "Nothing is opened or closed.\n"
    changed = [
        path("open/", zoo_site.logged_in),
        path("closed/", opened),
        path("inside/", zoo_site.inside),
        path("new/", opened),
    ]
    with urls(*changed):
        assert run("--diff", str(report)).splitlines() == [
            "Opened:",
            "  GET /closed/: authenticated -> anonymous",
            "New:",
            "  GET /new/: anonymous",
            "Closed:",
            "  GET /open/: anonymous -> authenticated",
            "Gone:",
            "  POST /open/: anonymous",
            "  GET /right/: permission",
        ]
        changes = json.loads(run("--format=json", "--diff", str(report)))["changes"]
    assert changes["opened"] == [
        {"method": "GET", "path": "/closed/", "before": "authenticated", "after": "anonymous"}
    ]


@pytest.mark.django_db
def test_diff_reads_what_calls_had_proved(base: Path) -> None:
    report = base / "before.json"
    report.write_text(run("--format=json", "--probe"))
    assert run("--probe", "--diff", str(report)) == "Nothing is opened or closed.\n"
    assert run("--diff", str(report)).splitlines() == [
        "Opened:",
        "  GET /inside/: authenticated -> unknown",
    ]


@pytest.mark.parametrize(
    "content",
    [
        None,
        "{",
        "[]",
        "[" * 100_000,
        '{"version": 1}',
        '{"version": 1, "endpoints": 7}',
        "7",
        '{"version": 2}',
        '{"version": 1, "endpoints": [{}]}',
        '{"version": 1, "endpoints": [{"path": "/", "method": "GET", "access": "odd"}]}',
        '{"version": 1, "endpoints": [7]}',
        '{"version": 1, "endpoints": [{"access": "staff", "probed": 7}]}',
    ],
    ids=lambda content: str(content)[:40],
)
def test_diff_with_what_is_no_report_fails(base: Path, content: str | None) -> None:
    report = base / "before.json"
    if content is not None:
        report.write_text(content)
    why = "it is no report of version 1: make it with audit_endpoints --format json."
    if content is None:
        why = "No such file or directory"
    assert failing("--diff", str(report))[0] == f"{report} cannot be read: {why}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_report_is_read_as_a_shell_has_written_it(base: Path, encoding: str) -> None:
    report = base / "before.json"
    report.write_bytes(run("--format=json").encode(encoding))
    assert run("--diff", str(report)) == "Nothing is opened or closed.\n"


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_patterns_that_read_alike_the_wider_one_counts(base: Path, first: int) -> None:
    def patterns(one: Any, other: Any) -> list[Any]:
        both = [
            re_path(r"^a/(?P<x>\d+)/$", require_GET(one)),
            re_path(r"^a/(?P<x>[a-z]+)/$", require_GET(other)),
        ]
        return [both[first], both[1 - first]]

    report = base / "before.json"
    with urls(*patterns(zoo_site.logged_in, zoo_site.logged_in)):
        report.write_text(run("--format=json"))
    with urls(*patterns(opened, zoo_site.logged_in)):
        assert run("--diff", str(report)).splitlines() == [
            "Opened:",
            "  GET /a/<x>/: authenticated -> anonymous",
        ]
        report.write_text(run("--format=json"))
    with urls(*patterns(zoo_site.logged_in, opened)):
        assert run("--diff", str(report)) == "Nothing is opened or closed.\n"


# -- --probe -------------------------------------------------------------------------------------


def test_unsafe_methods_are_for_probing() -> None:
    assert failing("--unsafe-methods")[0] == "--unsafe-methods is for --probe."


@pytest.mark.parametrize("error", [ProbeImpossible("no"), OperationalError("no")])
def test_a_database_that_cannot_be_used_is_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def probe(*args: Any, **kwargs: Any) -> Any:
        raise error

    monkeypatch.setattr(audit_endpoints, "probe", probe)
    assert failing("--probe")[0].endswith("no")


@pytest.mark.django_db
def test_what_was_caught_is_told() -> None:
    from django.core.mail import send_mail

    def mailing(request: HttpRequest) -> HttpResponse:
        send_mail("subject", "body", "from@example.com", ["to@example.com"])
        return HttpResponse()

    err = io.StringIO()
    with urls(mailing):
        run("--probe", stderr=err)
    assert err.getvalue() == "Caught: 3 mails, 0 tasks.\n"


@pytest.mark.django_db
def test_a_call_that_taught_nothing_is_marked(base: Path) -> None:
    hidden = [
        re_path(r"^a/(?P<pk>\d+)/$", opened),
        re_path(r"^a/(?P<pk>[0-9]+)/$", zoo_site.logged_in),
    ]
    with urls(*hidden):
        lines = run("--probe").splitlines()
    assert [line.split()[2:4] for line in lines[1:3]] == [["anybody", "="], ["authenticated", "?"]]


@pytest.mark.parametrize(
    ("called", "agrees", "told"),
    [
        (Access.ANONYMOUS, False, "staff !"),
        (Access.STAFF, True, "staff ="),
        (Access.UNKNOWN, True, "staff ?"),
    ],
)
def test_what_a_call_has_told_is_marked(called: Access, agrees: bool, told: str) -> None:
    endpoint = Endpoint("/a/", None, "GET", "shop.a", Access.STAFF)
    probed = replace(endpoint, probed=Probed(called, {}, agrees=agrees))
    assert table.who(probed).replace("anybody", "staff") == told


@pytest.mark.django_db
def test_middleware_that_cannot_be_loaded_is_named(base: Path) -> None:
    with override_settings(MIDDLEWARE=["shop.middleware.Gone"]):
        message = failing("--probe")[0]
    assert message.startswith("MIDDLEWARE cannot be loaded: No module named 'shop'")


def test_an_entry_that_is_no_pattern_is_named() -> None:
    with override_settings(ROOT_URLCONF=type("Urls", (), {"urlpatterns": [1]})):
        message = failing()[0]
    assert message.startswith("Your URL pattern 1 is invalid. Ensure that urlpatterns is a list")


@pytest.mark.parametrize(
    ("urlconf", "why"),
    [
        ("shop.urls", "ModuleNotFoundError: No module named 'shop'"),
        ("json", "ImproperlyConfigured: The included URLconf"),
    ],
)
def test_urls_that_cannot_be_loaded_are_named(urlconf: str, why: str) -> None:
    with override_settings(ROOT_URLCONF=urlconf):
        message = failing()[0]
    assert message.startswith(f"ROOT_URLCONF ({urlconf}) cannot be loaded: {why}")
