from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from checks_support import codes_of
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path

from django_hardened.checks import admin


def _view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _site(name: str = "admin") -> tuple[list[Any], str, str]:
    """As ``admin.site.urls``, whose app name is the same for every site."""
    return [path("login/", _view, name="login")], "admin", name


def _codes(settings: Any, *urlpatterns: Any) -> list[str]:
    module = ModuleType("made_up_urls")
    module.urlpatterns = list(urlpatterns)  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module
    return codes_of(admin)


@pytest.mark.parametrize(
    "urlpattern",
    [
        path("admin/", _site()),
        path("admin/", _site("staff")),
        re_path(r"^admin/", _site()),
        path("", include([path("admin/", _site())])),
        i18n_patterns(path("admin/", _site()))[0],
    ],
    ids=["default", "site of one's own", "regex", "included", "with a language"],
)
def test_default_address(settings: Any, urlpattern: Any) -> None:
    assert _codes(settings, path("", _view), urlpattern) == ["I320"]


@pytest.mark.parametrize(
    "urlpattern",
    [
        path("back-office/", _site()),
        path("internal/", include([path("admin/", _site())])),
        path("admin/", include([path("login/", _view)])),
        path("admin/", _view),
    ],
    ids=["renamed", "below", "another app", "a view"],
)
def test_another_address(settings: Any, urlpattern: Any) -> None:
    assert _codes(settings, urlpattern) == []


@pytest.mark.parametrize("has_setting", [True, False])
def test_a_project_without_urls(settings: Any, has_setting: bool) -> None:
    settings.ROOT_URLCONF = None
    if not has_setting:
        del settings.ROOT_URLCONF
    assert codes_of(admin) == []
