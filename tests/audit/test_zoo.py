"""Each view of the zoo, as the audit sees it and as a call finds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import zoo_site
from django.test import override_settings

from django_hardened.audit.endpoints import Access, Endpoint, Kind
from django_hardened.audit.inventory import audit, inventory
from django_hardened.audit.probe import probe

SITE: dict[str, Any] = {
    "ROOT_URLCONF": "zoo_site",
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [("django.template.loaders.locmem.Loader", {"zoo.html": "zoo"})]
            },
        }
    ],
}
ROWS = [
    (row.path, method, access, row.is_read)
    for row in zoo_site.TRUTH
    for method, access in row.by_method.items()
]


@pytest.fixture(scope="module")
def endpoints() -> Iterator[dict[tuple[str, str], Endpoint]]:
    with override_settings(**SITE):
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


SHARED = ("name", "access", "kind", "public_reason", "view", "is_third_party", "note")


def test_a_brief_audit_agrees(endpoints: dict[tuple[str, str], Endpoint]) -> None:
    with override_settings(**SITE):
        brief = {(each.path, each.method): each for each in audit(is_brief=True)}
    # Behind the door of the admin it asks nobody: it names both methods, and staff.
    of_staff = {
        key for key, each in brief.items() if (each.kind, each.access) == (Kind.ADMIN, Access.STAFF)
    }
    assert brief.keys() - of_staff == endpoints.keys() - of_staff
    for key in endpoints.keys() - of_staff:
        for name in SHARED:
            assert getattr(brief[key], name) == getattr(endpoints[key], name), key
    for key in of_staff & endpoints.keys():
        assert endpoints[key].access.is_closed
        assert (brief[key].kind, brief[key].view) == (endpoints[key].kind, endpoints[key].view)
    assert of_staff & endpoints.keys()


@pytest.fixture(scope="module")
def probed(django_db_setup: None, django_db_blocker: Any) -> dict[tuple[str, str], Endpoint]:
    with override_settings(**SITE), django_db_blocker.unblock():
        found, _ = probe(inventory(), unsafe=True)
    return {(each.path, each.method): each for each in found}


@pytest.mark.django_db
def test_calling_each_agrees(probed: dict[tuple[str, str], Endpoint]) -> None:
    found = {(path, method): probed[path, method].probed for path, method, *_ in ROWS}
    expected = {(path, method): (access, True) for path, method, access, _ in ROWS}
    told = {key: (each.access.value, each.agrees) for key, each in found.items() if each}
    assert told == expected
