"""Which pages of an admin a brief audit takes for closed without asking them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.test import override_settings
from django.urls import path

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
