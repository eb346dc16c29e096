"""Each view of the zoo, as the audit sees it and as a call finds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import zoo_site
from django.test import override_settings

from django_hardened.audit.endpoints import Endpoint
from django_hardened.audit.inventory import audit

ROWS = [
    (row.path, method, access, row.is_read)
    for row in zoo_site.TRUTH
    for method, access in row.by_method.items()
]


@pytest.fixture(scope="module")
def endpoints() -> Iterator[dict[tuple[str, str], Endpoint]]:
    with override_settings(ROOT_URLCONF="zoo_site"):
        yield {(each.path, each.method): each for each in audit()}


def test_the_zoo_has_enough_shapes() -> None:
    assert len(zoo_site.TRUTH) >= 60


@pytest.mark.parametrize(("path", "method", "access", "is_read"), ROWS)
def test_it_is_seen_as_it_is(
    endpoints: dict[tuple[str, str], Endpoint], path: str, method: str, access: str, is_read: bool
) -> None:
    endpoint = endpoints[path, method]
    assert endpoint.access.value == (access if is_read else "unknown"), endpoint.note


def test_no_method_too_many_is_listed(endpoints: dict[tuple[str, str], Endpoint]) -> None:
    known = {(row.path, method) for row in zoo_site.TRUTH for method in row.by_method}
    paths = {row.path for row in zoo_site.TRUTH}
    assert {key for key in endpoints if key[0] in paths} == known
