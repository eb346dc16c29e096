"""Every page of the example site, as it is, under the policy in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

import pytest
from browser_site.fill import PASSWORD
from browser_support import Complaints, Site, log_in, tab
from playwright.sync_api import Browser, Page, expect

PAGES = [
    "/",
    "/posts/hello/",
    "/accounts/login/",
    "/accounts/password-reset/",
    "/accounts/password-reset/sent/",
    "/accounts/password-reset/complete/",
    "/accounts/password-reset/MQ/a-b/",
    "/admin/login/",
]


@pytest.fixture
def reader(browser: Browser, blog: Site, complaints: Complaints) -> Iterator[Page]:
    options = {"base_url": blog.origin, "timezone_id": "Asia/Tokyo", "locale": "de-DE"}
    with tab(browser, complaints, **options) as page:
        yield page
    complaints.assert_none()


def test_each_page_is_shown(reader: Page) -> None:
    for address in PAGES:
        reader.goto(address)
        expect(reader.locator("h1, #site-name").first).to_be_visible()
        assert "Times" not in reader.evaluate("getComputedStyle(document.body).fontFamily")


def test_what_is_no_page_is_shown(reader: Page) -> None:
    reader.goto("/feed/")
    assert "<title>Hello</title>" in reader.inner_text("body")
    reader.goto("/api/health/")
    assert json.loads(reader.inner_text("body")) == {"status": "ok"}
    reader.goto("/api/posts/latest/")
    assert json.loads(reader.inner_text("body"))["author"] == "ada"


def test_errors_are_pages_too(reader: Page, complaints: Complaints) -> None:
    response = reader.goto("/no-such-page/")
    assert response
    assert response.status == 404
    expect(reader.locator("h1")).to_have_text("Not found")
    assert "Times" not in reader.evaluate("getComputedStyle(document.body).fontFamily")
    assert complaints.violations == []
    complaints.forget()  # that it is not there


def test_a_script_without_a_nonce_runs_in_a_cached_page(reader: Page) -> None:
    for _ in range(2):  # the second comes from the cache of the site
        reader.goto("/")
        time = reader.locator("time").first
        sent = datetime.fromisoformat(str(time.get_attribute("datetime")))
        expect(time).to_contain_text(str(sent.year))
        expect(time).to_contain_text("um")  # as in "26. November 2026 um 18:00"


def test_a_script_with_a_nonce_runs_in_a_form(reader: Page) -> None:
    reader.goto("/accounts/login/")
    field = reader.locator("[name=password]")
    expect(field).to_have_attribute("type", "password")
    reader.check("text=Show the password")
    expect(field).to_have_attribute("type", "text")
    reader.uncheck("text=Show the password")
    expect(field).to_have_attribute("type", "password")


def test_a_reader_logs_in_and_out(reader: Page) -> None:
    reader.goto("/accounts/login/")
    reader.fill("[name=username]", "admin")
    reader.fill("[name=password]", "wrong")
    reader.click("main [type=submit]")
    expect(reader.locator(".errorlist")).to_be_visible()
    reader.fill("[name=password]", PASSWORD)
    reader.click("main [type=submit]")
    expect(reader.locator("h1")).to_have_text("admin")
    cookies = {cookie["name"]: cookie for cookie in reader.context.cookies()}
    assert set(cookies) == {"__Host-sessionid", "__Host-csrftoken", "__Host-hardened_device"}
    assert all(cookie["secure"] and cookie["sameSite"] != "None" for cookie in cookies.values())
    readable = {name for name, cookie in cookies.items() if not cookie["httpOnly"]}
    assert readable <= {"__Host-csrftoken"}
    for name in cookies.keys() - readable:
        assert name not in reader.evaluate("document.cookie")
    reader.evaluate("localStorage.setItem('kept', '1')")
    reader.click("main [type=submit]")
    reader.wait_for_url("https://*/")
    # Clear-Site-Data has emptied what scripts had kept.
    assert reader.evaluate("localStorage.getItem('kept')") is None


def test_a_post_is_written_in_the_admin(reader: Page) -> None:
    log_in(reader, "/admin/blog/post/add/")
    reader.locator("#id_title").press_sequentially("Under policy")
    reader.fill("#id_body", "Seen in a browser.")
    reader.click(".select2-selection")
    reader.click(".select2-results__option:has-text('ada')")
    expect(reader.locator("#id_slug")).to_have_value("under-policy")
    reader.click("[name=_continue]")
    reader.click("text=View on site")
    expect(reader.locator("h1")).to_have_text("Under policy")
