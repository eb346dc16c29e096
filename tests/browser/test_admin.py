"""The pages of the admin under the policy in force: each is shown, and none complains."""

from __future__ import annotations

import re

import pytest
from browser_site.fill import PASSWORD
from browser_support import log_in
from playwright.sync_api import Page, expect

BOOKS = "/admin/browser_site/book/"
PAGES = [
    "/admin/",
    "/admin/browser_site/",
    BOOKS,
    f"{BOOKS}?q=Volume&kind__exact=poems&printed__year=1801",
    f"{BOOKS}?q=nothing-has-this-name",
    f"{BOOKS}add/",
    f"{BOOKS}1/change/",
    f"{BOOKS}1/delete/",
    f"{BOOKS}1/history/",
    "/admin/browser_site/shelf/",
    "/admin/browser_site/shelf/add/?_popup=1",
    "/admin/browser_site/author/1/delete/",
    "/admin/blog/post/",
    "/admin/blog/post/add/",
    "/admin/blog/post/1/change/",
    "/admin/auth/user/",
    "/admin/auth/user/add/",
    "/admin/auth/user/1/change/",
    "/admin/auth/user/1/password/",
    "/admin/auth/group/add/",
    "/admin/authtoken/tokenproxy/",
    "/admin/authtoken/tokenproxy/add/",
    "/admin/password_change/",
    "/admin/password_change/done/",
]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_shown(admin: Page, address: str) -> None:
    admin.goto(address)
    expect(admin.locator("#content")).to_be_visible()
    # A style sheet that is stopped leaves Times, and a script no theme.
    assert "Times" not in admin.evaluate("getComputedStyle(document.body).fontFamily")
    assert admin.evaluate("document.documentElement.dataset.theme") == "auto"


def test_a_stranger_logs_in_and_out(stranger: Page) -> None:
    stranger.goto("/admin/login/?next=/admin/")
    stranger.fill("[name=username]", "changer")
    stranger.fill("[name=password]", "wrong")
    stranger.click("[type=submit]")
    expect(stranger.locator(".errornote")).to_be_visible()
    log_in(stranger, "/admin/")
    expect(stranger.locator("#user-tools")).to_contain_text("admin")
    stranger.click("#logout-form button")
    stranger.wait_for_url("https://*/")
    stranger.goto("/admin/")
    assert "/login/" in stranger.url


def test_a_password_is_changed(stranger: Page) -> None:
    new = f"{PASSWORD}-2"
    log_in(stranger, "/admin/password_change/", "changer")
    # Back again as well, for a test that is run twice.
    for old, other in ((PASSWORD, new), (new, PASSWORD)):
        stranger.goto("/admin/password_change/")
        stranger.fill("[name=old_password]", old)
        stranger.fill("[name=new_password1]", other)
        stranger.fill("[name=new_password2]", other)
        stranger.click("#content [type=submit]")
        stranger.wait_for_url("**/password_change/done/")


def test_the_theme_is_toggled(admin: Page) -> None:
    admin.goto("/admin/")
    root = admin.locator("html")
    seen = [root.get_attribute("data-theme")]
    for _ in range(3):
        admin.click(".theme-toggle >> visible=true")
        seen.append(root.get_attribute("data-theme"))
    assert sorted(set(map(str, seen))) == ["auto", "dark", "light"]
    assert seen[0] == seen[3]


def test_the_dark_theme_is_dark(admin: Page) -> None:
    admin.goto("/admin/")
    admin.evaluate("localStorage.setItem('theme', 'dark')")
    admin.reload()
    expect(admin.locator("html")).to_have_attribute("data-theme", "dark")
    colour = admin.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", colour))) < 200


def test_the_sidebar_is_filtered_and_closed(admin: Page) -> None:
    admin.goto(BOOKS)
    rows = admin.locator("#nav-sidebar .model-book, #nav-sidebar .model-author")
    expect(rows).to_have_count(2)
    admin.fill("#nav-filter", "book")
    expect(admin.locator("#nav-sidebar .model-author")).to_be_hidden()
    expect(admin.locator("#nav-sidebar .model-book")).to_be_visible()
    admin.fill("#nav-filter", "")
    admin.click("#toggle-nav-sidebar")
    expect(admin.locator("#main")).not_to_have_class(re.compile(r"\bshifted\b"))


# -- Lists ----------------------------------------------------------------------------------------


def test_a_list_is_searched_filtered_and_sorted(admin: Page) -> None:
    admin.goto(BOOKS)
    rows = admin.locator("#result_list tbody tr")
    admin.fill("#searchbar", '"Volume 0"')
    admin.click("#changelist-search [type=submit]")
    expect(rows).to_have_count(9)
    admin.click("#changelist-filter >> text=Poems")
    expect(rows).to_have_count(5)
    admin.click("#result_list thead >> text=Title")
    expect(rows.first).to_contain_text("Volume 0")
    admin.click(".toplinks >> text=1805")
    expect(rows).to_have_count(1)


def test_filters_are_folded_and_stay_so(admin: Page) -> None:
    admin.goto(BOOKS)
    filters = admin.locator("#changelist-filter details")
    was = filters.count()
    assert was == 3
    expect(filters.first).to_have_attribute("open", "")
    filters.first.locator("summary").click()
    expect(filters.first).not_to_have_attribute("open", "")
    admin.reload()
    expect(filters.first).not_to_have_attribute("open", "")


def test_rows_are_chosen_and_acted_on(admin: Page) -> None:
    admin.goto(f"{BOOKS}?q=Volume 02")
    counter = admin.locator(".action-counter")
    expect(counter).to_contain_text("0 of 1")
    admin.click("#action-toggle")
    expect(counter).to_contain_text("1 of 1")
    admin.select_option("[name=action]", "lend")
    admin.click(".actions button >> visible=true")
    expect(admin.locator(".messagelist")).to_contain_text("1 lent.")


def test_all_rows_of_all_pages_are_chosen(admin: Page) -> None:
    admin.goto(f"{BOOKS}?q=Volume")
    expect(admin.locator(".actions .question")).to_be_hidden()
    admin.click("#action-toggle")
    admin.click(".actions .question a")
    expect(admin.locator(".actions .all")).to_be_visible()
    admin.click(".actions .clear a")
    expect(admin.locator(".action-counter")).to_contain_text("0 of 10")


def test_rows_are_edited_in_the_list(admin: Page) -> None:
    admin.goto(f"{BOOKS}?q=Volume 03")
    admin.check("[name=form-0-is_lent]")
    admin.click("[name=_save]")
    expect(admin.locator(".messagelist")).to_contain_text("1 book was changed")
    expect(admin.locator("[name=form-0-is_lent]")).to_be_checked()


def test_rows_are_deleted_by_the_action(admin: Page) -> None:
    for name in ("Doomed 1", "Doomed 2"):
        admin.goto("/admin/auth/group/add/")
        admin.fill("#id_name", name)
        admin.click("[name=_save]")
    admin.goto("/admin/auth/group/?q=Doomed")
    admin.click("#action-toggle")
    admin.select_option("[name=action]", "delete_selected")
    admin.click(".actions button >> visible=true")
    admin.click(".cancel-link")  # a script goes back
    expect(admin.locator("#result_list tbody tr")).to_have_count(2)
    admin.reload()
    admin.check("#action-toggle")
    admin.select_option("[name=action]", "delete_selected")
    admin.click(".actions button >> visible=true")
    admin.click("#content [type=submit]")
    expect(admin.locator(".messagelist")).to_contain_text("deleted 2 groups")
