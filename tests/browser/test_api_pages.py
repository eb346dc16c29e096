"""REST framework's pages, Swagger and Redoc under the policies that the documentation gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import rest_framework
from browser_site.fill import PASSWORD
from browser_support import Complaints, Desk
from playwright.sync_api import Page, Route, expect

FONTS = "@font-face { font-family: Roboto; src: url(https://fonts.gstatic.com/roboto.woff2); }"
LOGO = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'></svg>"
LIST = "/library/books/"
PAGES = [
    "/library/",
    LIST,
    f"{LIST}?page=2",
    f"{LIST}?search=Volume&ordering=-printed",
    f"{LIST}1/",
    f"{LIST}?format=api",
    "/api/posts/",
    "/api/posts/latest/",
    "/api/health/",
    "/swagger/",
    "/redoc/",
]


@pytest.fixture
def admin(admin: Page) -> Page:
    """What Redoc's page asks others for is answered here."""
    font = Path(rest_framework.__file__).parent / "static/rest_framework/fonts"

    def answer(route: Route) -> None:
        address = route.request.url
        if "gstatic" in address:
            body = (font / "glyphicons-halflings-regular.woff2").read_bytes()
            route.fulfill(body=body, headers={"Access-Control-Allow-Origin": "*"})
        elif "googleapis" in address:
            route.fulfill(body=FONTS, content_type="text/css")
        else:
            route.fulfill(body=LOGO, content_type="image/svg+xml")

    admin.route(re.compile("^https://(fonts[.]|cdn[.])"), answer)
    return admin


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_shown(admin: Page, address: str) -> None:
    admin.goto(address)
    title = admin.locator("h1, h2").first
    expect(title).to_be_visible()
    assert "Times" not in title.evaluate("(title) => getComputedStyle(title).fontFamily")


def test_a_stranger_is_asked_to_log_in(stranger: Page, complaints: Complaints) -> None:
    response = stranger.goto(LIST)
    assert response
    assert response.status == 401
    complaints.failures.clear()  # that one
    complaints.errors.clear()
    stranger.click("text=Log in")
    stranger.fill("[name=username]", "admin")
    stranger.fill("[name=password]", "wrong")
    stranger.click("[type=submit]")
    expect(stranger.locator(".text-error")).to_be_visible()
    stranger.fill("[name=username]", "admin")
    stranger.fill("[name=password]", PASSWORD)
    stranger.click("[type=submit]")
    stranger.wait_for_url("**" + LIST)
    stranger.click(".dropdown-toggle >> text=admin")
    stranger.click("text=Log out")  # by the one event handler that the policy knows
    expect(stranger.locator(".response-info")).to_contain_text("401")
    complaints.failures.clear()
    complaints.errors.clear()


def test_an_error_is_shown(admin: Page, desk: Desk) -> None:
    admin.goto(LIST)
    admin.click("[name=html-tab]")  # the page remembers which was last
    admin.eval_on_selector("#post-object-form form", "(form) => { form.noValidate = true; }")
    admin.click("#post-object-form button:has-text('POST')")
    expect(admin.locator(".response-info")).to_contain_text("400 Bad Request")
    expect(admin.locator("#post-object-form .has-error").first).to_be_visible()
    desk.complaints.failures.clear()  # that one
    desk.complaints.errors.clear()


def test_books_are_filtered_in_a_dialog(admin: Page) -> None:
    admin.goto(LIST)
    dialog = admin.locator("#filtersModal")
    expect(dialog).to_be_hidden()
    admin.click("button:has-text('Filters')")
    expect(dialog).to_be_visible()
    dialog.locator("[name=search]").fill("Volume 07")
    dialog.locator("button:has-text('Search')").click()
    expect(admin.locator(".response-info")).to_contain_text("volume-07")
    admin.wait_for_load_state("networkidle")  # the scripts that open the dialog have run
    admin.click("button:has-text('Filters')")
    expect(dialog).to_be_visible()
    dialog.locator("a", has_text="printed - descending").click()
    assert "ordering=-printed" in admin.url


def test_a_book_is_written_by_form_and_as_raw_data(admin: Page) -> None:
    admin.goto(LIST)
    admin.click("[name=html-tab]")
    admin.fill("#post-object-form [name=title]", "By form")
    admin.fill("#post-object-form [name=slug]", "by-form")
    admin.fill("#post-object-form [name=printed]", "1999-01-01")
    admin.click("#post-object-form button:has-text('POST')")
    expect(admin.locator(".response-info")).to_contain_text("201 Created")
    with admin.expect_navigation():
        admin.click(".response-info a:has-text('/books/') >> nth=0")
    admin.click("[name=raw-tab]")
    text = admin.locator("#put-generic-content-form [name=_content]")
    text.fill(text.input_value().replace("By form", "As raw data"))
    admin.click("button:has-text('PUT') >> visible=true")  # a script sends it
    expect(admin.locator(".response-info")).to_contain_text("As raw data")
    admin.click("button:has-text('OPTIONS')")
    expect(admin.locator(".response-info")).to_contain_text('"parses"')
    admin.click("button:has-text('DELETE')")
    admin.click("#deleteModal button:has-text('Delete')")
    expect(admin.locator(".response-info")).to_contain_text("204 No Content")


def test_the_format_is_chosen(admin: Page) -> None:
    admin.goto(LIST)
    admin.click(".format-selection .dropdown-toggle")
    with admin.expect_navigation():
        admin.click(".format-option >> text=json")
    assert admin.evaluate("document.contentType") == "application/json"


def test_swagger_calls_the_api(admin: Page) -> None:
    admin.goto("/swagger/")
    block = admin.locator("#operations-library-library_books_list")
    block.locator("button.opblock-summary-control").click()
    block.locator("button:has-text('Try it out')").click()
    block.locator("button.execute").click()
    answer = block.locator(".live-responses-table")
    expect(answer).to_contain_text("200")
    expect(answer).to_contain_text("Volume 01")
    admin.click(".authorize >> nth=0")
    expect(admin.locator(".modal-ux")).to_be_visible()


def test_redoc_is_searched(admin: Page) -> None:
    admin.goto("/redoc/")
    admin.click("[role=menuitem]:has-text('library') >> nth=0")
    expect(admin.locator("[data-section-id*='library_books_list']").first).to_be_visible()
    admin.fill("[role=search] input", "partial")
    result = admin.locator("[data-role='search:results'] [role=menuitem]").first
    expect(result).to_contain_text(re.compile("partial", re.IGNORECASE))
