"""shcheck: no header field is missing."""

from __future__ import annotations

import pytest
from scanned_sites_support import Site
from scanners_support import shcheck


@pytest.mark.parametrize(
    "path", ["/", "/admin/login/", "/accounts/login/", "/no-such-page/", "/api/health/"]
)
def test_nothing_is_missing(site: Site, path: str) -> None:
    assert shcheck(site, path) == []


def test_it_tells_a_bad_site(naked_site: Site) -> None:
    assert len(shcheck(naked_site, "/")) == 9
