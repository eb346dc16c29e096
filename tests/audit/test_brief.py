"""Which pages of an admin a brief audit takes for closed without asking them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from django_hardened.audit.endpoints import Access
from django_hardened.audit.inventory import audit


class Relaxed(admin.AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return True


class WithoutDoor(admin.AdminSite):
    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return view


def _accesses(site: admin.AdminSite, *, is_brief: bool) -> dict[str, Access]:
    site.register(Group)
    patterns = (path("admin/", site.urls),)
    with override_settings(ROOT_URLCONF=patterns):
        return {f"{each.method} {each.path}": each.access for each in audit(is_brief=is_brief)}


def test_django_s_own_door_is_for_staff_and_its_login_is_not_behind_it() -> None:
    found = _accesses(admin.AdminSite(name="own"), is_brief=True)
    assert found["GET /admin/auth/group/"] is Access.STAFF
    assert found["GET /admin/login/"] is Access.ANONYMOUS


@pytest.mark.parametrize("cls", [Relaxed, WithoutDoor])
def test_a_door_of_the_project_is_asked(cls: type[admin.AdminSite]) -> None:
    brief = _accesses(cls(name="other"), is_brief=True)
    full = _accesses(cls(name="other"), is_brief=False)
    assert brief == full
    assert brief["GET /admin/"] is Access.ANONYMOUS


def test_a_door_that_one_site_has_replaced_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    site = admin.AdminSite(name="other")
    monkeypatch.setattr(site, "has_permission", lambda request: True)
    assert _accesses(site, is_brief=True)["GET /admin/"] is Access.ANONYMOUS


class Reports(admin.ModelAdmin):  # type: ignore[type-arg]  # not at run time
    def get_urls(self) -> list[Any]:
        reports = path("reports/", self.admin_site.admin_view(self.reports))
        return [reports, *super().get_urls()]

    def reports(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


@pytest.mark.parametrize("cls", [admin.AdminSite, Relaxed, WithoutDoor])
def test_a_page_of_an_admin_is_behind_the_door_that_it_was_given_to(
    cls: type[admin.AdminSite],
) -> None:
    site = cls(name="other")
    site.register(Group, Reports)
    with override_settings(ROOT_URLCONF=(path("admin/", site.urls),)):
        brief = {each.path: each for each in audit(is_brief=True)}
        full = {each.path: each for each in audit()}
    page, same = brief["/admin/auth/group/reports/"], full["/admin/auth/group/reports/"]
    assert (page.access, page.view, page.kind) == (same.access, same.view, same.kind)
    assert page.access is (Access.STAFF if cls is admin.AdminSite else Access.ANONYMOUS)
    assert page.view == f"{__name__}.Reports.reports"


def test_no_page_behind_the_door_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "django_hardened.audit.inventory.infer",
        lambda subject, method, gates: asked.append(subject.route.path),
    )
    site = admin.AdminSite(name="own")
    site.register(Group, Reports)
    with override_settings(ROOT_URLCONF=(path("admin/", site.urls),)):
        audit(is_brief=True)
    assert {*asked} == {"/admin/login/"}


def test_the_details_are_left_out() -> None:
    with override_settings(ROOT_URLCONF=(path("", never_cache(_page)),)):
        (brief,), (full,) = audit(is_brief=True), audit()
    assert (full.cache, full.csrf_exempt) == ("never_cache", True)
    assert full.file is not None
    assert full.line is not None
    assert (brief.cache, brief.csrf_exempt, brief.file, brief.line) == (None, False, None, None)


@csrf_exempt
def _page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
