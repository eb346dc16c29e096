"""What one run of the catalogue works out once, and the next one anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from checks_api_support import Silent, plain_view
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from django_hardened.audit import inventory
from django_hardened.checks import api, declared, run_checks
from django_hardened.checks.once import once_in_a_run, one_run

DECLARED = {"pattern": "/other/", "method": "GET", "reason": "It is there to be read."}


def another_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    found: list[bool] = []
    audit = inventory.audit

    def counted(*, is_brief: bool) -> list[Any]:
        found.append(is_brief)
        return audit(is_brief=is_brief)

    monkeypatch.setattr(inventory, "audit", counted)
    return found


def test_a_run_has_one_audit_and_the_next_run_another(audits: list[bool]) -> None:
    options: dict[str, Any] = {"include_deployment_checks": True, "tags": ["django_hardened"]}
    with override_settings(
        ROOT_URLCONF=(path("", Silent.as_view()),),
        HARDENED_PUBLIC_ENDPOINTS=[DECLARED],
        REST_FRAMEWORK={"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]},
    ):
        first = run_checks(**options)
        assert audits == [True]
        second = run_checks(**options)
    assert audits == [True, True]
    assert sorted(map(str, first)) == sorted(map(str, second))
    assert "django_hardened.E401" in [each.id for each in first]  # which asks the audit as well


def test_a_check_by_itself_keeps_nothing() -> None:
    for view in (plain_view, another_view):
        with override_settings(ROOT_URLCONF=(path("", view),)):
            assert api.callbacks() == [view]
            assert [each.view for each in declared.endpoints()] == [
                f"{view.__module__}.{view.__name__}"
            ]


def test_nothing_outlives_a_run() -> None:
    for view in (plain_view, another_view):
        with override_settings(ROOT_URLCONF=(path("", view),)), one_run():
            assert api.callbacks() == [view]
            assert api.callbacks() is api.callbacks()


def test_what_fails_is_asked_again_and_a_run_within_a_run_is_its_own() -> None:
    answers: Iterator[Any] = iter([LookupError(), 1, 2, 3])

    @once_in_a_run
    def answer() -> Any:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    with one_run():
        with pytest.raises(LookupError):
            answer()
        assert (answer(), answer()) == (1, 1)
        with one_run():
            assert (answer(), answer()) == (2, 2)
        assert answer() == 1
    assert answer() == 3


def test_a_run_that_fails_ends() -> None:
    count = iter(range(3))
    number = once_in_a_run(lambda: next(count))

    def fail() -> None:
        with one_run():
            assert (number(), number()) == (0, 0)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (number(), number()) == (1, 2)
