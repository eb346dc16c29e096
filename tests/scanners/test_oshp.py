"""The expectations of the OWASP Secure Headers Project's validator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from scanned_sites_support import Site, example_site
from scanners_support import OSHP, oshp_failures

PAGES = ("/", "/admin/login/", "/accounts/login/", "/api/health/", "/no-such-page/")
# The example site without what it asks for beside the defaults.
DEFAULTS = """from scanned_settings import *
HARDENED_HEADERS = {}
SECURE_HSTS_SECONDS, SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, False
"""


@pytest.fixture(scope="module")
def default_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("oshp")
    (folder / "default_settings.py").write_text(DEFAULTS)
    with example_site("gunicorn", folder, "default_settings") as running:
        yield running


def test_the_site_meets_all_but_one(site: Site) -> None:
    log_out = site.log_out()
    failures = {path: oshp_failures(site.header(path), log_out) for path in PAGES}
    assert failures == {path: {"Referrer-Policy"} for path in PAGES}


def test_what_a_site_does_not_meet_unless_it_asks(default_site: Site) -> None:
    failures = oshp_failures(default_site.header("/"), default_site.log_out())
    assert failures == {
        "Cache-Control",
        "Clear-Site-Data",
        "Cross-Origin-Embedder-Policy",
        "Permissions-Policy",
        "Referrer-Policy",
        "Strict-Transport-Security",
        "X-DNS-Prefetch-Control",
    }
    assert len(OSHP) - len(failures) == 10


def test_the_one_would_end_every_log_in(site: Site) -> None:
    """Under `no-referrer` a browser sends this, and Django's CSRF protection refuses it."""
    status, header = site.ask("/accounts/login/")
    cookie = header["Set-Cookie"].partition(";")[0]
    body = f"csrfmiddlewaretoken={cookie.partition('=')[2]}&username=a&password=b"
    fields = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    own = {"Origin": site.url("")}
    without = site.ask("/accounts/login/", "POST", body, {**fields, "Origin": "null"})
    assert (status, without[0]) == (200, 403)
    assert site.ask("/accounts/login/", "POST", body, {**fields, **own})[0] == 200


def test_a_bad_site_meets_what_is_not_to_be_sent_alone(naked_site: Site) -> None:
    header = naked_site.header("/")
    assert len(OSHP) == 17
    assert len(OSHP) - len(oshp_failures(header, header)) == 4
