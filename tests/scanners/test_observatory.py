"""Mozilla's HTTP Observatory: an A+ on every page."""

from __future__ import annotations

from scanned_sites_support import Site
from scanners_support import observatory

# The five points between them are for a cookie: no page sets one for their sake.
EXPECTED = {
    "/": (200, 130),
    "/posts/hello/": (200, 130),
    "/no-such-page/": (404, 130),
    "/api/health/": (200, 130),
    "/api/posts/": (401, 130),
    "/static/blog/site.css": (200, 130),
    "/admin/login/": (200, 135),
    "/accounts/login/": (200, 135),
    "/accounts/password-reset/": (200, 135),
}


def test_every_page_has_an_a_plus(site: Site) -> None:
    verdicts = observatory(site, list(EXPECTED))

    assert {
        path: (verdict["status"], verdict["score"]) for path, verdict in verdicts.items()
    } == EXPECTED
    assert {verdict["grade"] for verdict in verdicts.values()} == {"A+"}


def test_http_leads_to_https(site: Site) -> None:
    (verdict,) = observatory(site, ["/"]).values()
    assert verdict["results"]["redirection"] == ["redirection-to-https", 0]


def test_it_tells_a_bad_site(naked_site: Site) -> None:
    (verdict,) = observatory(naked_site, ["/"]).values()
    assert (verdict["grade"], verdict["score"]) == ("F", 0)
