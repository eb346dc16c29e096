"""The receiver: whatever is sent, nothing but counts of what is known comes out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.test import Client, override_settings
from django.test.utils import override_script_prefix
from django.urls import include, path
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.csp import DIRECTIVES
from django_hardened.csp_reports import views
from django_hardened.csp_reports.bodies import (
    REPORT_URI,
    REPORTING_API,
    Violation,
    is_source,
    read_reports,
)
from django_hardened.csp_reports.tally import LOGGER, MARK, Kind, Tally, read_line, read_lines

PAGE = "http://testserver/reset/MQ/secret-token/?next=/x"


def page(request: HttpRequest, **kwargs: str) -> HttpResponse:
    return HttpResponse("<p/>")


urlpatterns = [
    path("csp-reports/", include("django_hardened.csp_reports")),
    path("reset/<uidb64>/<token>/", page),
    path("", page),
]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(views, "tally", Tally(clock=clock))
    with override_settings(ROOT_URLCONF=__name__):
        yield clock


def _old(**values: Any) -> bytes:
    report = {
        "document-uri": PAGE,
        "violated-directive": "img-src",
        "blocked-uri": "https://cdn.example.com/a.png?key=1",
        **{name.replace("_", "-"): value for name, value in values.items()},
    }
    return json.dumps({"csp-report": report}).encode()


def _new(*bodies: Any, kind: str = "csp-violation") -> bytes:
    reports = [{"type": kind, "url": PAGE, "body": body} for body in bodies]
    return json.dumps(reports).encode()


BODY = {
    "documentURL": PAGE,
    "effectiveDirective": "script-src-elem",
    "blockedURL": "https://cdn.example.com:8443/a.js",
}


def _post(body: bytes, content_type: str = REPORT_URI, **more: Any) -> Any:
    return Client().post("/csp-reports/", body, content_type=content_type, **more)


def _lines(caplog: Any) -> list[Any]:
    found = [r.getMessage() for r in caplog.records if r.name == LOGGER]
    assert all(line.startswith(MARK) for line in found)
    return [json.loads(line.removeprefix(MARK)) for line in found]


# -- Both forms ----------------------------------------------------------------------------------


def test_the_old_form(caplog: Any) -> None:
    assert _post(_old()).status_code == 204
    assert _lines(caplog) == [
        {
            "count": 1,
            "directive": "img-src",
            "page": "reset/<uidb64>/<token>/",
            "source": "https://cdn.example.com",
        }
    ]
    assert "secret" not in caplog.text
    assert "key=1" not in caplog.text


def test_the_new_form(caplog: Any) -> None:
    assert _post(_new(BODY, {**BODY, "blockedURL": "inline"}), REPORTING_API).status_code == 204
    assert [(line["directive"], line["source"]) for line in _lines(caplog)] == [
        ("script-src-elem", "https://cdn.example.com:8443"),
        ("script-src-elem", "inline"),
    ]


def test_where_the_site_is_mounted_is_no_part_of_a_route(caplog: Any) -> None:
    body = _old(document_uri=PAGE.replace("/reset/", "/app/reset/"))
    with override_script_prefix("/app/"):  # as Django's handlers set it
        assert _post(body).status_code == 204
    assert [line["page"] for line in _lines(caplog)] == ["reset/<uidb64>/<token>/"]


def test_the_old_form_says_more_before_level_3() -> None:
    body = _old(violated_directive="style-src 'self' https:", blocked_uri="self")
    assert read_reports(REPORT_URI, body) == [Violation("style-src", "self", PAGE)]


@pytest.mark.parametrize(
    ("blocked", "source"),
    [
        *[(word, word) for word in ("inline", "eval", "wasm-eval", "trusted-types-sink", "self")],
        ("data", "data:"),
        ("data:text/html,x", "data:"),
        ("blob:https://x.example/1", "blob:"),
        ("HTTPS://Cdn.Example.COM/x", "https://cdn.example.com"),
        ("https://user:password@x.example/", "https://x.example"),
        ("wss://x.example:1/y", "wss://x.example:1"),
        ("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80"),
        *[(odd, "") for odd in ("", "chrome-extension://abc/x.js", "about:blank", "https://")],
        *[(odd, "") for odd in ("https://[", "javascript:x", "https://x y", "https://x;y", "x")],
        ("https://" + "a" * 300, ""),
    ],
)
def test_where_it_came_from(blocked: str, source: str) -> None:
    found = read_reports(REPORT_URI, _old(blocked_uri=blocked))
    assert [violation.source for violation in found] == ([source] if source else [])


@pytest.mark.parametrize("values", [{"violated_directive": "evil\n"}, {"blocked_uri": 7}])
def test_what_is_no_violation_is_left_out(values: Any, caplog: Any) -> None:
    assert _post(_old(**values)).status_code == 204
    assert _lines(caplog) == []


def test_other_reports_are_left_out_and_so_are_too_many() -> None:
    assert read_reports(REPORTING_API, _new(BODY, kind="deprecation")) == []
    assert read_reports(REPORTING_API, b'[1, {"type": "csp-violation", "body": 1}]') == []
    assert len(read_reports(REPORTING_API, _new(*[BODY] * 500))) == 20


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.dictionaries(
        st.sampled_from(["blocked-uri", "effective-directive", "document-uri", "blockedURL"]),
        st.text() | st.integers() | st.none(),
    ),
)
def test_whatever_is_sent_only_known_things_come_out(value: Any, report: Any) -> None:
    for content_type, sent in (
        (REPORT_URI, value),
        (REPORTING_API, value),
        (REPORT_URI, {"csp-report": report}),
        (REPORTING_API, [{"type": "csp-violation", "body": report}]),
    ):
        try:
            found = read_reports(content_type, json.dumps(sent).encode())
        except ValueError:
            continue
        for violation in found:
            assert violation.directive in DIRECTIVES
            assert is_source(violation.source)


# -- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (_old(), "application/json", 415),
        (_old(), "text/plain", 415),
        (b"x" * (64 * 1024 + 1), REPORT_URI, 413),
        (b"{", REPORT_URI, 400),
        (b"[]", REPORT_URI, 400),
        (b'{"csp-report": []}', REPORT_URI, 400),
        (b"{}", REPORTING_API, 400),
        (b"\xff\xfe\x00", REPORTING_API, 400),
        (b"[" * 60_000, REPORTING_API, 400),
        (b"1" * 60_000, REPORTING_API, 400),
    ],
    ids=range(10),
)
def test_what_is_no_report(body: bytes, content_type: str, status: int, caplog: Any) -> None:
    response = _post(body, content_type)
    assert response.status_code == status
    assert response.content == b""
    assert _lines(caplog) == []


def test_only_post() -> None:
    assert Client().get("/csp-reports/").status_code == 405


def test_no_token_is_needed_and_no_site_is_refused() -> None:
    client = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "cross-site"})
    assert client.post("/csp-reports/", _old(), content_type=REPORT_URI).status_code == 204


def test_a_client_that_goes_away(rf: Any) -> None:
    request = rf.post("/csp-reports/", b"x", content_type=REPORT_URI)

    def read(*args: Any) -> bytes:
        raise UnreadablePostError

    request.read = read
    assert views.receive(request).status_code == 400


@override_settings(RATELIMIT_ENABLE=True)
def test_so_many_a_minute() -> None:
    statuses = [_post(_old(), REMOTE_ADDR="198.51.100.77").status_code for _ in range(62)]
    assert statuses[:60] == [204] * 60
    assert statuses[60:] == [429] * 2


@pytest.mark.parametrize("page", ["https://other.example/", "http://[", "", "about:blank"])
def test_pages_of_others_are_left_out(page: str, caplog: Any) -> None:
    assert _post(_old(document_uri=page)).status_code == 204
    assert _lines(caplog) == []


def test_a_page_that_is_nowhere(caplog: Any) -> None:
    _post(_old(document_uri="http://testserver/a/path/that/somebody/made/up"))
    _post(_old(document_uri="http://testserver"))
    assert [line["page"] for line in _lines(caplog)] == ["?", ""]


# -- Counts --------------------------------------------------------------------------------------

KINDS = [Kind("img-src", f"https://{n}.example", "") for n in range(100)]


def test_each_kind_at_once_and_its_number_in_a_while(clock: Clock, caplog: Any) -> None:
    tally = Tally(60, clock=clock)
    for _ in range(5):
        tally.add(KINDS[0])
    tally.add(KINDS[1])
    assert [line["count"] for line in _lines(caplog)] == [1, 1]
    clock.now = 60
    tally.add(KINDS[2])
    assert [line["count"] for line in _lines(caplog)] == [1, 1, 4, 1]
    assert _lines(caplog)[2]["source"] == "https://0.example"


def test_the_log_and_the_memory_are_bounded(clock: Clock, caplog: Any) -> None:
    tally = Tally(60, 10, clock=clock)
    for kind in KINDS * 3:
        tally.add(kind)
    assert len(_lines(caplog)) == 10
    tally.flush()
    assert len(_lines(caplog)) == 21
    assert _lines(caplog)[-1] == {"others": 270}
    assert sum(line.get("count", 0) for line in _lines(caplog)) == 30
    tally.flush()
    assert len(_lines(caplog)) == 21


def test_what_is_logged_is_read_back(clock: Clock, caplog: Any) -> None:
    tally = Tally(60, 10, clock=clock)
    for kind in [KINDS[0], *KINDS[:12], KINDS[0]]:
        tally.add(kind)
    tally.flush()
    lines = [f"2026-01-01 WARNING {LOGGER}: {r.getMessage()} tail" for r in caplog.records]
    counts = read_lines(["another line", *lines])
    assert counts == {**dict.fromkeys(KINDS[1:10], 1), KINDS[0]: 3}


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "{",
        "[]",
        "7",
        '{"count": 1}',
        '{"count": "x", "directive": "img-src", "page": "", "source": "inline"}',
        '{"count": 1, "directive": "evil", "page": "", "source": "inline"}',
        '{"count": 1, "directive": "img-src", "page": "", "source": "\\"], evil(), [\\""}',
        '{"count": 1e999, "directive": "img-src", "page": "", "source": "inline"}',
        '{"count": -5, "directive": "img-src", "page": "", "source": "inline"}',
        '{"count": 0, "directive": "img-src", "page": "", "source": "inline"}',
        '{"count": 1.5, "directive": "img-src", "page": "", "source": "inline"}',
        '{"count": true, "directive": "img-src", "page": "", "source": "inline"}',
        '{"count": 1, "directive": "script-src", "page": "", "source": "data"}',
        "[" * 100_000,
    ],
    ids=range(15),
)
def test_a_line_that_somebody_has_made_up(rest: str) -> None:
    assert read_line(f"GET /{MARK}{rest}") is None
