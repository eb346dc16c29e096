from __future__ import annotations

from typing import Any

import pytest
from catalogue_support import codes, findings
from checks_api_support import Closed, Listing, OwnListing, Silent, SmallListing
from django.urls import path
from findings_support import subjects
from rest_framework.permissions import AllowAny, IsAuthenticated

from django_hardened import defaults
from django_hardened.checks import api_output

PAGES = "rest_framework.pagination."
OURS = "checks_api_support."
RENDERERS = "rest_framework.renderers."


def _api(*views: Any, **changes: Any) -> dict[str, Any]:
    return {
        "REST_FRAMEWORK": defaults.rest_framework("production") | changes,
        "ROOT_URLCONF": tuple(path(f"{i}/", view) for i, view in enumerate(views)),
    }


def _found(*views: Any, **changes: Any) -> list[str]:
    return codes(api_output, **_api(*views, **changes))


@pytest.mark.parametrize(
    ("renderers", "found"),
    [
        ([RENDERERS + "JSONRenderer"], []),
        ([RENDERERS + "JSONRenderer", RENDERERS + "BrowsableAPIRenderer"], ["I418"]),
        ((RENDERERS + "AdminRenderer",), ["I418"]),
        (["not_installed.Renderer"], []),
        (None, []),
    ],
)
def test_renderers(renderers: Any, found: list[str]) -> None:
    assert _found(DEFAULT_RENDERER_CLASSES=renderers) == found


@pytest.mark.parametrize(
    ("permissions", "found"), [(["AllowAny"], "W413"), (["AllowAny", "IsAdminUser"], "I418")]
)
def test_who_is_shown_the_forms(permissions: list[str], found: str) -> None:
    classes = [f"rest_framework.permissions.{name}" for name in permissions]
    renderers = [RENDERERS + "BrowsableAPIRenderer"]
    changes = {"DEFAULT_PERMISSION_CLASSES": classes, "DEFAULT_RENDERER_CLASSES": renderers}
    assert _found(**changes) == [found]


def test_renderers_of_rest_framework_itself() -> None:
    assert codes(api_output, REST_FRAMEWORK={}) == ["W413"]


@pytest.mark.parametrize(
    ("view", "pagination", "found"),
    [
        (Listing.as_view(), None, ["W414"]),
        (SmallListing.as_view(), None, []),
        (Listing.as_view(pagination_class=None), None, []),
        (OwnListing.as_view(), None, []),
        (Closed.as_view(), None, []),
        (Listing.as_view(), OURS + "SizedPages", []),
    ],
)
def test_lists(view: Any, pagination: Any, found: list[str]) -> None:
    assert _found(view, DEFAULT_PAGINATION_CLASS=pagination) == found


def test_each_list_is_a_finding_of_its_own() -> None:
    class Other(Listing):
        pass

    views = [Listing.as_view(), Other.as_view(), Listing.as_view()]
    found = findings(api_output, **_api(*views, DEFAULT_PAGINATION_CLASS=None))
    assert subjects(found) == ["checks_api_support.Listing", f"{__name__}.{Other.__qualname__}"]
    assert "checks_api_support.Listing answers with whole tables" in found[0].msg


@pytest.mark.parametrize(
    ("cls", "size", "found"),
    [
        (PAGES + "PageNumberPagination", 20, []),
        (PAGES + "PageNumberPagination", None, ["W415"]),
        (PAGES + "CursorPagination", None, ["W415"]),
        (PAGES + "CursorPagination", 20, []),
        (PAGES + "LimitOffsetPagination", None, ["W415"]),
        (PAGES + "LimitOffsetPagination", 20, ["W416"]),
        (OURS + "LimitedOffset", 20, []),
        (OURS + "LimitedOffset", None, ["W415"]),
        (OURS + "SizedPages", None, []),
        (OURS + "AnySizePages", None, ["W416"]),
        (OURS + "LimitedPages", None, []),
        (OURS + "ForeignPages", None, []),
        ("not_installed.Pages", None, []),
        (3, None, []),
    ],
)
def test_pagination(cls: Any, size: Any, found: list[str]) -> None:
    assert _found(DEFAULT_PAGINATION_CLASS=cls, PAGE_SIZE=size) == found


SCHEMA: Any = type("SchemaView", (Silent,), {"__module__": "drf_spectacular.views"})


@pytest.mark.parametrize(
    ("view", "found"),
    [
        (SCHEMA.as_view(permission_classes=[AllowAny]), ["W417"]),
        (SCHEMA.as_view(permission_classes=[]), ["W417"]),
        (SCHEMA.as_view(permission_classes=[IsAuthenticated]), []),
        (SCHEMA.as_view(permission_classes=[IsAuthenticated | AllowAny]), []),
        (SCHEMA.as_view(), []),  # the default permission, which is closed
        (Silent.as_view(permission_classes=[AllowAny]), []),
    ],
)
def test_schemas(view: Any, found: list[str]) -> None:
    assert _found(view) == found


def test_a_schema_is_named() -> None:
    view = SCHEMA.as_view(permission_classes=[AllowAny])
    [message] = findings(api_output, **_api(view, view))
    assert "drf_spectacular.views.SchemaView" in message.msg


def test_a_project_without_an_api(settings: Any) -> None:
    settings.INSTALLED_APPS = ["django_hardened", "django.contrib.contenttypes"]
    assert codes(api_output, ROOT_URLCONF=(), REST_FRAMEWORK={}) == []


@pytest.mark.parametrize(("pattern", "found"), [("/0/", []), ("/1/", ["W417"])])
def test_a_schema_that_is_declared_public_is_not_named(pattern: str, found: list[str]) -> None:
    entry = {"pattern": pattern, "method": "GET", "reason": "The API is there for anybody."}
    view = SCHEMA.as_view(permission_classes=[AllowAny])
    api = {**_api(view), "HARDENED_PUBLIC_ENDPOINTS": [entry]}
    assert codes(api_output, **api) == found
