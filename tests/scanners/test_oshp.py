"""The expectations of the OWASP Secure Headers Project's validator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from scanned_sites_support import Site, example_site
from scanners_support import OSHP, oshp_failures

PAGES = ("/", "/admin/login/", "/accounts/login/", "/api/health/", "/no-such-page/")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "what-scanners-say.md"


@pytest.fixture(scope="module")
def asking_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with the settings of the page for those whom a validator has to like."""
    folder = tmp_path_factory.mktemp("oshp")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    text = f"from scanned_settings import *\nfrom scanned_settings import HARDENED_HEADERS\n{code}"
    (folder / "asked_settings.py").write_text(text)
    with example_site("gunicorn", folder, "asked_settings") as running:
        yield running


def test_what_a_site_does_not_meet_unless_it_asks(site: Site) -> None:
    assert oshp_failures(site.header("/"), site.log_out()) == {
        "Cache-Control",
        "Clear-Site-Data",
        "Permissions-Policy",
        "Referrer-Policy",
        "Strict-Transport-Security",
        "X-DNS-Prefetch-Control",
    }


def test_a_site_that_asks_meets_all_but_one(asking_site: Site) -> None:
    log_out = asking_site.log_out()
    failures = {path: oshp_failures(asking_site.header(path), log_out) for path in PAGES}
    assert failures == {path: {"Referrer-Policy"} for path in PAGES}


def test_the_one_would_end_every_log_in(asking_site: Site) -> None:
    """Under `no-referrer` a browser sends this, and Django's CSRF protection refuses it."""
    status, header = asking_site.ask("/accounts/login/")
    cookie = header["Set-Cookie"].partition(";")[0]
    body = f"csrfmiddlewaretoken={cookie.partition('=')[2]}&username=a&password=b"
    fields = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    own = {"Origin": asking_site.url("")}
    without = asking_site.ask("/accounts/login/", "POST", body, {**fields, "Origin": "null"})
    assert (status, without[0]) == (200, 403)
    assert asking_site.ask("/accounts/login/", "POST", body, {**fields, **own})[0] == 200


def test_a_bad_site_meets_what_is_not_to_be_sent_alone(naked_site: Site) -> None:
    header = naked_site.header("/")
    assert len(OSHP) == 17
    assert len(OSHP) - len(oshp_failures(header, header)) == 4
