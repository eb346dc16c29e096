"""The report as one page, also in a browser."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser_support import Complaints, chromium, tab
from django.core import checks
from django.test import override_settings
from playwright.sync_api import Browser, expect

from django_hardened.audit.endpoints import Access, Endpoint, Kind, Probed
from django_hardened.declarations import Declarations, parse_declaration
from django_hardened.exposure import Finding
from django_hardened.gate import Verdict
from django_hardened.reports.endpoints import page
from django_hardened.reports.endpoints.rows import Changes

OPEN = Endpoint("/news/<int:pk>/", None, "GET", "news.views.item", Access.ANONYMOUS, Kind.CLASS)
WRITE = replace(OPEN, path="/hook/", method="POST", view="shop.views.<script>alert(1)</script>")
USER = replace(OPEN, path="/me/", access=Access.AUTHENTICATED, note="what it may do is open")
PACKAGE = replace(
    USER, path="/admin/", access=Access.STAFF, is_third_party=True, file="a.py", line=3
)
LOGIN = replace(WRITE, path="/login/", view="django.contrib.auth.views.LoginView")
DECLARED = Declarations(
    (parse_declaration({"pattern": "/news/*", "method": "GET", "reason": "It is news."}),)
)
ALL = [USER, OPEN, WRITE, PACKAGE, LOGIN]


def text(rendered: str) -> str:
    """Return what people read."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", rendered, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_most_exposed_comes_first() -> None:
    shown = page.render(ALL, [])
    headings = [re.sub("<.*?>", "", each) for each in re.findall(r"<h3.*?>(.*?)</h3>", shown)]
    assert headings == [
        "Anybody may write 2",
        "Anybody may read 1",
        "Whoever is logged in 1",
        "Staff 1",
    ]


def test_nothing_of_the_project_is_markup() -> None:
    finding = Finding("open", "<img src=x onerror=alert(1)>", "hint", WRITE)
    shown = page.render(ALL, [finding])
    assert shown.count("<script>") == 1
    assert "<img" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_the_policy_admits_what_is_there_and_nothing_else() -> None:
    shown = page.render(ALL, [])
    policy = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)"', shown)
    assert policy
    told = html.unescape(policy[1])
    for name in ("style", "script"):
        content = re.findall(rf"<{name}>(.*?)</{name}>", shown, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in told
    assert told.startswith("default-src 'none'; ")
    assert "require-trusted-types-for 'script'" in told
    assert "unsafe" not in told
    # What a policy does not let run, and what would be fetched.
    assert not re.search(r"\s(style|on\w+|src|srcset)=", re.sub(r"<code>.*?</code>", "", shown))
    assert "http" not in re.sub("http-equiv", "", shown)


def test_it_says_why_something_is_open() -> None:
    marked = replace(OPEN, path="/marked/", public_reason="A mark.")
    told = text(page.render([*ALL, marked], [], declarations=DECLARED))
    assert "/news/<int:pk>/ Declared: It is news." in told
    assert "/marked/ Declared: A mark." in told
    assert "/login/ Of Django, and for strangers." in told
    assert "/me/ what it may do is open" in told
    assert "Declared public 1 Methods Path Reason GET /news/* It is news." in told


def test_it_says_what_calls_have_answered() -> None:
    agreed = replace(USER, probed=Probed(Access.AUTHENTICATED, {"anonymous": 302}, agrees=True))
    differs = replace(OPEN, probed=Probed(Access.STAFF, {"anonymous": 403}, agrees=False))
    hidden = replace(WRITE, probed=Probed(Access.UNKNOWN, {}, agrees=True, note="is hidden"))
    told = text(page.render([agreed, differs, hidden], []))
    for each in ("agrees: anonymous 302", "differs: anonymous 403", "is hidden"):
        assert each in told


def test_it_has_findings_changes_and_checks_with_their_cures() -> None:
    finding = Finding("open-write", "Anybody may write.", "Close it.", PACKAGE)
    message = checks.Warning("Not safe.", hint="Make it so.", id="shop.W001")
    changes = Changes(opened=(("GET", "/a/", "staff", "anonymous"),))
    with override_settings(HARDENED_EDGE={"hsts"}):
        told = text(
            page.render(
                ALL, [finding], verdicts=[Verdict(message)], changes=changes, before="main.json"
            )
        )
    assert "corrected 1 open-write Anybody may write. a.py:3 Close it." in told
    assert "What has changed Since main.json" in told
    assert "opened GET /a/ staff anonymous" in told
    assert "warning shop.W001 Not safe." in told
    assert "Make it so." in told
    assert "a proxy in front is declared to do: hsts" in told
    quiet = text(page.render(ALL, [], changes=Changes()))
    assert "Nothing is opened or closed." in quiet
    assert "Nothing: what is open has been declared." in quiet


def test_it_can_be_read_without_eyes_and_without_a_mouse() -> None:
    shown = page.render(ALL, [])
    assert '<html lang="en">' in shown
    labelled = set(re.findall(r'aria-labelledby="(.*?)"', shown))
    assert labelled <= set(re.findall(r'id="(.*?)"', shown))
    assert shown.count("<th scope=") == shown.count("<th ")
    assert len(re.findall("<input", shown)) == len(re.findall(r"<label>[^<]*<input", shown))
    assert 'role="status"' in shown
    assert '<a class="skip" href="#endpoints">' in shown


# -- In a browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_a_browser_runs_it_under_its_own_policy(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page.render(ALL, []))
    complaints = Complaints()
    with tab(browser, complaints) as tab_:
        tab_.goto(file.as_uri())
        expect(tab_.locator("#shown")).to_have_text("5 of 5 shown")
    complaints.assert_none()


def test_the_policy_stops_what_is_slipped_in(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    slipped = "<script>document.title = 'taken over'</script></body>"
    file.write_text(page.render(ALL, []).replace("</body>", slipped))
    complaints = Complaints()
    with tab(browser, complaints) as tab_:
        tab_.goto(file.as_uri())
        expect(tab_).to_have_title("Who may call what")
        assert complaints.directives == {"script-src-elem"}


# Text against the colour behind it, as WCAG 2.2 counts contrast; 4.5 is level AA.
LOOKS = """() => {
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = (color) => channels(color).slice(0, 3).map((each) => each / 255)
        .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
        .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
    const back = (element) => {
        const color = getComputedStyle(element).backgroundColor;
        return channels(color)[3] === 0 && element.parentElement
            ? back(element.parentElement) : color;
    };
    const contrast = (element) => {
        const both = [light(getComputedStyle(element).color), light(back(element))];
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    };
    const texts = [...document.body.querySelectorAll("*")].filter((each) =>
        each.tagName !== "SCRIPT" && [...each.childNodes].some((node) =>
            node.nodeType === 3 && node.data.trim()));
    const all = [...document.querySelectorAll("[id]")].map((each) => each.id);
    const named = (each) => each.caption || each.getAttribute("aria-labelledby");
    return {
        looks: getComputedStyle(document.body).backgroundColor,
        pale: texts.filter((each) => contrast(each) < 4.5).map((each) => each.outerHTML),
        twice: all.filter((each, index) => all.indexOf(each) !== index),
        nameless: [...document.querySelectorAll("table")].filter((each) => !named(each)).length,
        unlabelled: [...document.querySelectorAll("input")]
            .filter((each) => !each.labels.length).length,
        dangling: [...document.querySelectorAll("a[href^='#']")]
            .filter((each) => !document.querySelector(each.hash)).map((each) => each.hash),
        skipping: [...document.querySelectorAll("a, input")]
            .filter((each) => each.tabIndex !== 0).length,
        wider: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    };
}"""


@pytest.mark.parametrize(
    ("width", "scheme", "back"),
    [(1200, "light", "rgb(255, 255, 255)"), (500, "dark", "rgb(18, 22, 28)")],
    ids=["light", "narrow-and-dark"],
)
def test_it_can_be_seen_heard_and_reached(
    browser: Browser, tmp_path: Path, width: int, scheme: str, back: str
) -> None:
    finding = Finding("open-write", "Anybody may write.", "Close it.", PACKAGE)
    levels = [checks.Error, checks.Warning, checks.Info]
    verdicts = [Verdict(each("Not safe.", hint="Do.", id="shop.W1")) for each in levels]
    changes = Changes(opened=(("GET", "/a/", "staff", "anonymous"),))
    rendered = page.render(
        ALL,
        [finding],
        declarations=DECLARED,
        verdicts=verdicts,
        changes=changes,
        before="main.json",
    )
    file = tmp_path / "report.html"
    file.write_text(rendered)
    with tab(browser, viewport={"width": width, "height": 900}, color_scheme=scheme) as tab_:
        tab_.goto(file.as_uri())
        found = tab_.evaluate(LOOKS)
    assert found == {
        "looks": back,
        "pale": [],
        "twice": [],
        "nameless": 0,
        "unlabelled": 0,
        "dangling": [],
        "skipping": 0,
        "wider": False,
    }


def test_it_is_printed(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page.render(ALL * 40, []))
    with tab(browser) as tab_:
        tab_.goto(file.as_uri())
        content = tab_.pdf()
    assert content.startswith(b"%PDF-")
    counted = re.search(rb"/Type\s*/Pages\s*/Count (\d+)|/Count (\d+)", content)
    assert counted
    assert int(counted[1] or counted[2]) > 1


@pytest.mark.parametrize(
    ("search", "unchecked", "found"),
    [
        ("NEWS <int", "", ["/news/<int:pk>/"]),
        ("NOTHING", "", []),
        ("", "[name=write][value=no]", ["/hook/", "/login/"]),
        ("", "[name=origin][value=first-party]", ["/admin/"]),
        ("", "[name=exposure][value=open-write]", ["/news/<int:pk>/", "/me/", "/admin/"]),
    ],
)
def test_endpoints_are_searched_and_filtered(
    browser: Browser, tmp_path: Path, search: str, unchecked: str, found: list[str]
) -> None:
    file = tmp_path / "report.html"
    file.write_text(page.render(ALL, []))
    with tab(browser) as tab_:
        tab_.goto(file.as_uri())
        tab_.fill("#search", search)
        if unchecked:
            tab_.uncheck(unchecked)
        expect(tab_.locator("#shown")).to_have_text(f"{len(found)} of 5 shown")
        rows = tab_.locator(".group tbody tr >> visible=true")
        assert rows.locator("th code").all_text_contents() == found
