"""wapiti: nothing to be seen, and nothing that an attack finds."""

from __future__ import annotations

import pytest
from scanned_sites_support import Site
from scanners_support import ACTIVE, wapiti


def test_nothing_is_seen(site: Site) -> None:
    assert wapiti(site, "passive", 5) == []


@pytest.mark.parametrize("site", ["gunicorn"], indirect=True)
def test_no_attack_succeeds(site: Site) -> None:
    assert wapiti(site, ACTIVE, 5) == []


def test_it_tells_a_bad_site(naked_site: Site) -> None:
    kinds = {finding.kind for finding in wapiti(naked_site, "passive,csrf", 5)}
    assert kinds >= {
        "Clickjacking Protection",
        "Content Security Policy Configuration",
        "Cross Site Request Forgery",
        "Secure Flag cookie",
    }
