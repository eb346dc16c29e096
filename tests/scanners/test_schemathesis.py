"""schemathesis: no operation answers without the credentials that its schema asks for."""

from __future__ import annotations

from scanned_sites_support import Site
from scanners_support import ignored_auth


def test_no_operation_ignores_credentials(site: Site) -> None:
    sent, failures = ignored_auth(site, "/api/schema/")
    assert failures == []
    assert sent > 50


def test_it_tells_a_bad_site(naked_site: Site) -> None:
    assert ignored_auth(naked_site, "/schema.json")[1]
