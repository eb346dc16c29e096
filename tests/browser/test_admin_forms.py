"""The widgets of the admin's forms under the policy in force: each is used, and does its work."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

ADD = "/admin/browser_site/book/add/"


def choose_author(page: Page, search: str) -> None:
    page.click(".field-author .select2-selection")
    page.fill(".select2-search__field", search)
    page.click(f".select2-results__option:has-text('{search}')")


def test_a_book_is_added_changed_and_deleted(admin: Page) -> None:
    admin.goto(ADD)
    admin.fill("#id_title", "Of Policies")
    choose_author(admin, "Ada")
    admin.fill("#id_printed", "2020-02-29")
    admin.click("[name=_continue]")
    expect(admin.locator(".messagelist")).to_contain_text("Of Policies")
    assert admin.input_value("#id_slug") == "of-policies"
    expect(admin.locator(".field-author .select2-selection__rendered")).to_contain_text("Ada")
    admin.fill("#id_printed", "no date")
    admin.click("[name=_save]")
    expect(admin.locator(".errornote")).to_be_visible()
    admin.fill("#id_printed", "2021-03-01")
    admin.click("[name=_continue]")
    admin.click("text=History")
    expect(admin.locator("#change-history")).to_contain_text("Printed")
    admin.go_back()
    admin.click(".deletelink")
    admin.click(".cancel-link")  # a script goes back
    admin.click(".deletelink")
    admin.click("#content [type=submit]")
    expect(admin.locator(".messagelist")).to_contain_text("deleted successfully")


def test_a_slug_follows_the_title(admin: Page) -> None:
    admin.goto(ADD)
    admin.locator("#id_title").press_sequentially("Il faut cultiver")
    expect(admin.locator("#id_slug")).to_have_value("il-faut-cultiver")


def test_dates_and_times_are_picked(admin: Page) -> None:
    admin.goto(ADD)
    admin.click(".field-printed .datetimeshortcuts a >> nth=0")  # Today
    today = admin.input_value("#id_printed")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", today)
    admin.fill("#id_printed", "2020-02-10")
    admin.click(".field-printed .date-icon")
    calendar = admin.locator(".calendarbox >> visible=true")
    expect(calendar).to_contain_text(re.compile("February 2020", re.IGNORECASE))
    calendar.locator(".calendarnav-next").click()
    calendar.locator("td a", has_text=re.compile(r"^17$")).click()
    expect(admin.locator("#id_printed")).to_have_value("2020-03-17")
    admin.click(".field-lent .clock-icon")
    admin.click(".clockbox >> visible=true >> text=Noon")
    expect(admin.locator("#id_lent_1")).to_have_value("12:00:00")
    admin.click(".field-lent .datetimeshortcuts >> nth=0 >> a >> nth=0")
    expect(admin.locator("#id_lent_0")).to_have_value(today)


def test_a_related_object_is_added_changed_viewed_and_deleted_in_popups(admin: Page) -> None:
    admin.goto(ADD)
    shelf = admin.locator("#id_shelf")
    with admin.expect_popup() as opened:
        admin.click("#add_id_shelf")
    opened.value.fill("#id_name", "Attic")
    with opened.value.expect_event("close"):
        opened.value.click("[name=_save]")
    expect(shelf.locator("option:checked")).to_have_text("Attic")

    with admin.expect_popup() as opened:
        admin.click("#change_id_shelf")
    opened.value.fill("#id_name", "Loft")
    with opened.value.expect_event("close"):
        opened.value.click("[name=_save]")
    expect(shelf.locator("option:checked")).to_have_text("Loft")

    with admin.expect_popup() as opened:
        admin.click("#delete_id_shelf")
    with opened.value.expect_event("close"):
        opened.value.click("#content [type=submit]")
    expect(shelf.locator("option", has_text="Loft")).to_have_count(0)

    # What is chosen can be looked at.
    shelf.select_option(label="Cellar")
    admin.click("#view_id_shelf")
    expect(admin.locator("#id_name")).to_have_value("Cellar")


def test_the_links_of_a_related_object_follow_the_choice(admin: Page) -> None:
    admin.goto(ADD)
    change = admin.locator("#change_id_shelf")
    assert change.get_attribute("href") is None
    admin.select_option("#id_shelf", label="Cellar")
    assert re.search(r"/shelf/\d+/change/", str(change.get_attribute("href")))


def test_an_author_is_searched(admin: Page) -> None:
    admin.goto(ADD)
    admin.click(".field-author .select2-selection")
    expect(admin.locator(".select2-results__option")).to_have_count(3)
    admin.fill(".select2-search__field", "brontë")
    expect(admin.locator(".select2-results__option")).to_have_text(["Emily Brontë"])
    admin.keyboard.press("Enter")
    expect(admin.locator("#id_author option:checked")).to_have_text("Emily Brontë")


def test_a_reader_is_looked_up(admin: Page) -> None:
    admin.goto(ADD)
    with admin.expect_popup() as opened:
        admin.click("#lookup_id_owner")
    with opened.value.expect_event("close"):
        opened.value.click("text=Reader Two")
    expect(admin.locator("#id_owner")).to_have_value(re.compile(r"\d+"))


def test_tags_are_moved_between_boxes(admin: Page) -> None:
    admin.goto(ADD)
    there, chosen = admin.locator("#id_tags_from"), admin.locator("#id_tags_to")
    expect(chosen.locator("option")).to_have_count(0)
    there.select_option(label="gothic")
    admin.click("#id_tags_add")
    expect(chosen.locator("option")).to_have_text(["gothic"])
    admin.locator("#id_tags_input").press_sequentially("lett")
    expect(there.locator("option")).to_have_text(["letters"])
    there.select_option(label="letters")
    admin.click("#id_tags_add")
    expect(chosen.locator("option")).to_have_text(["gothic", "letters"])
    chosen.select_option(label="gothic")
    admin.click("#id_tags_remove")
    expect(chosen.locator("option")).to_have_text(["letters"])
    admin.select_option("#id_readers_from", label=["Reader One", "Reader Two"])
    admin.click("#id_readers_add")
    expect(admin.locator("#id_readers_to").locator("option")).to_have_text(
        ["Reader One", "Reader Two"]
    )


def test_rows_are_added_to_inlines_and_taken_away(admin: Page) -> None:
    admin.goto(ADD)
    chapters = admin.locator("#chapter_set-group .dynamic-chapter_set")
    expect(chapters).to_have_count(1)
    admin.click("#chapter_set-group .add-row a")
    expect(chapters).to_have_count(2)
    admin.fill("#id_chapter_set-1-name", "The second")
    # The widgets of a new row work as well.
    admin.click("#chapter_set-1 .datetimeshortcuts a >> nth=0")
    assert admin.input_value("#id_chapter_set-1-read")
    admin.click("#chapter_set-1 .inline-deletelink")
    expect(chapters).to_have_count(1)
    assert admin.input_value("[name=chapter_set-TOTAL_FORMS]") == "1"


def test_what_is_folded_is_unfolded(admin: Page) -> None:
    admin.goto(ADD)
    expect(admin.locator("#id_note")).to_be_hidden()
    admin.click("fieldset.collapse summary:has-text('More')")
    admin.fill("#id_note", "Seen.")
    admin.click("#copy_set-group summary")
    admin.click("#copy_set-group .add-row a")
    expect(admin.locator("#id_copy_set-0-number")).to_be_visible()


def test_a_form_that_was_changed_opens_a_copy(admin: Page) -> None:
    admin.goto("/admin/browser_site/book/5/change/")
    title = f"A copy {admin.evaluate('performance.timeOrigin')}".replace(".", "-")
    admin.fill("#id_title", title)
    admin.fill("#id_slug", title.lower().replace(" ", "-"))
    admin.click("[name=_saveasnew]")
    expect(admin.locator(".messagelist")).to_contain_text("added successfully")
    admin.click(".deletelink")
    admin.click("#content [type=submit]")
    expect(admin.locator(".messagelist")).to_contain_text("deleted successfully")


def test_a_password_can_be_made_unusable(admin: Page) -> None:
    admin.goto("/admin/auth/user/add/")
    expect(admin.locator("#id_password1")).to_be_visible()
    admin.locator("[name=usable_password][value=false]").check()
    expect(admin.locator("#id_password1")).to_be_hidden()
