"""Two sites under a server, and a browser for the tests of one module.

Playwright keeps a loop running in the thread that uses it. So it ends with the module: the tests
of others would find the loop, and Django's database would refuse.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser_support import Complaints, Desk, Site, chromium, log_in, serving, tab, window
from playwright.sync_api import Browser, Page, StorageState


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(
        "www.example.com", "browser_site.settings", tmp_path_factory.mktemp("www")
    ) as site:
        yield site


@pytest.fixture(scope="session")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("blog")
    with serving("blog.example.com", "browser_site.example_settings", directory) as site:
        yield site


@pytest.fixture(scope="module")
def browser(library: Site, blog: Site) -> Iterator[Browser]:
    with chromium(library, blog) as browser:
        yield browser


@pytest.fixture(scope="module")
def session(browser: Browser, library: Site) -> StorageState:
    """The cookies of a login, for tests that are about something else."""
    with tab(browser, base_url=library.origin) as page:
        log_in(page, "/admin/")
        return page.context.storage_state()


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture(scope="module")
def desk(browser: Browser, library: Site, session: StorageState) -> Iterator[Desk]:
    """A browser's window, logged in at the library, with a cache that the tests share."""
    complaints = Complaints()
    with window(browser, complaints, base_url=library.origin, storage_state=session) as context:
        yield Desk(context, complaints)


@pytest.fixture
def admin(desk: Desk) -> Iterator[Page]:
    """A page of the library, logged in; whatever it complains about fails the test."""
    desk.complaints.forget()
    page, *others = desk.context.pages or [desk.context.new_page()]
    for other in others:  # of a test that has failed
        other.close()
    yield page
    page.evaluate("{ localStorage.clear(); sessionStorage.clear(); }")
    desk.complaints.assert_none()
    page.unroute_all()


@pytest.fixture
def stranger(browser: Browser, library: Site, complaints: Complaints) -> Iterator[Page]:
    with tab(browser, complaints, base_url=library.origin) as page:
        yield page
    complaints.assert_none()
