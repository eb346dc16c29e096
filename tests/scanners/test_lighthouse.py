"""Lighthouse's security audits, in Chromium: nothing of high severity.

It judges HTML that is answered 200, and nothing else.
"""

from __future__ import annotations

import pytest
from scanned_sites_support import Site
from scanners_support import SECURITY_AUDITS, lighthouse


@pytest.mark.parametrize("site", ["gunicorn"], indirect=True)
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/admin/login/"])
def test_nothing_is_of_high_severity(site: Site, path: str) -> None:
    found = lighthouse(site, path)
    assert found.keys() == set(SECURITY_AUDITS)
    assert [name for name, items in found.items() if "High" in items] == []
    assert found["is-on-https"] == []
