"""The pictures of the documentation: pages under the policy in force.

``HARDENED_DRAW_PICTURES=1 pytest tests/browser/test_pictures.py`` takes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "how-to"
PICTURES = {
    "policy-admin-list.png": ("/admin/browser_site/book/", "#result_list"),
    "policy-admin-form.png": ("/admin/browser_site/book/add/", ".datetimeshortcuts"),
    "policy-browsable-api.png": ("/library/books/", ".response-info"),
    "policy-swagger.png": ("/swagger/", ".opblock"),
    "policy-redoc.png": ("/redoc/", "[role=menuitem]"),
}
OTHERS = re.compile("^https://(fonts[.]|cdn[.])")
MOST_BYTES = 100_000


DRAWS = bool(os.environ.get("HARDENED_DRAW_PICTURES"))


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Page | None:
    return request.getfixturevalue("admin") if DRAWS else None


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_there_and_small(page: Page | None, name: str) -> None:
    if page:
        draw(page, name)
    assert f"]({name})" in (DOCS / "content-security-policy.md").read_text(encoding="utf-8")
    assert 0 < (DOCS / name).stat().st_size <= MOST_BYTES


def draw(page: Page, name: str) -> None:
    address, part = PICTURES[name]
    if "redoc" in name:  # which asks others for fonts and a logo
        empty = {"Access-Control-Allow-Origin": "*"}
        page.route(OTHERS, lambda route: route.fulfill(body="", headers=empty))
    page.set_viewport_size({"width": 1000, "height": 640})
    page.goto(address)
    expect(page.locator(part).first).to_be_visible()
    if "form" in name:
        page.locator("#id_title").press_sequentially("Of policies")
        page.click(".field-author .select2-selection")
        expect(page.locator(".select2-results__option")).to_have_count(3)
    page.screenshot(path=DOCS / name)
