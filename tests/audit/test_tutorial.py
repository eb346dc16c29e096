"""REST framework's tutorial: each endpoint and who may call it. And a router with 500 viewsets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from audit_support import urls
from django.contrib.auth.models import Group
from django.db import connection
from django.test import override_settings
from django.urls import include, path
from rest_framework import permissions, routers, viewsets
from rest_framework.views import APIView

from django_hardened.audit.endpoints import Endpoint
from django_hardened.audit.inventory import audit, inventory
from django_hardened.audit.probe import probe

_OPEN, _USER = "anonymous", "authenticated"
_READ = {"GET": _OPEN}
_LIST, _DETAIL = {"GET": _OPEN, "POST": _OPEN}, {"GET": _OPEN, "PUT": _OPEN, "DELETE": _OPEN}
_OWNED_LIST = {"GET": _OPEN, "POST": _USER}
_OWNED_DETAIL = {"GET": _OPEN, "PUT": _USER, "PATCH": _USER, "DELETE": _USER}

TRUTH: dict[str, dict[str, str]] = {
    "/1/snippets/": _LIST,
    "/1/snippets/<int:pk>/": _DETAIL,
    "/2/snippets/": _LIST,
    "/2/snippets<drf_format_suffix:format>": _LIST,
    "/2/snippets/<int:pk>": _DETAIL,
    "/2/snippets/<int:pk><drf_format_suffix:format>": _DETAIL,
    "/3/snippets/": _LIST,
    "/3/snippets/<int:pk>/": _DETAIL,
    "/3/mixed/": _LIST,
    "/3/generic/<int:pk>/": {**_DETAIL, "PATCH": _OPEN},
    "/5/": _READ,
    "/5/snippets/": _OWNED_LIST,
    "/5/snippets/<int:pk>/": _OWNED_DETAIL,
    "/5/snippets/<int:pk>/highlight/": _READ,
    "/5/users/": _READ,
    "/5/users/<int:pk>/": _READ,
    "/": _READ,
    "/<drf_format_suffix:format>": _READ,
    "/snippets/": _OWNED_LIST,
    "/snippets.<format>": _OWNED_LIST,
    "/snippets/<pk>/": _OWNED_DETAIL,
    "/snippets/<pk>.<format>": _OWNED_DETAIL,
    "/snippets/<pk>/highlight/": _READ,
    "/snippets/<pk>/highlight.<format>": _READ,
    "/users/": _READ,
    "/users.<format>": _READ,
    "/users/<pk>/": _READ,
    "/users/<pk>.<format>": _READ,
    # Django's LoginView takes PUT as it does POST.
    "/api-auth/login/": {**_LIST, "PUT": _OPEN},
    "/api-auth/logout/": {"POST": _OPEN},
}
ACTIONS = {
    ("/snippets/", "GET"): "list",
    ("/snippets/", "POST"): "create",
    ("/snippets/<pk>/", "GET"): "retrieve",
    ("/snippets/<pk>/", "PUT"): "update",
    ("/snippets/<pk>/", "PATCH"): "partial_update",
    ("/snippets/<pk>/", "DELETE"): "destroy",
    ("/snippets/<pk>/highlight/", "GET"): "highlight",
    ("/users/", "GET"): "list",
    ("/users/<pk>/", "GET"): "retrieve",
}


@pytest.fixture
def tutorial(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve the tutorial's site as it is there, with REST framework's own default: all is open."""
    monkeypatch.setattr(APIView, "permission_classes", [permissions.AllowAny])
    with override_settings(ROOT_URLCONF="tutorial_site"):
        yield


def by_path(endpoints: list[Endpoint]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for each in endpoints:
        found.setdefault(each.path, {})[each.method] = each.access.value
    return found


def test_every_endpoint_of_the_tutorial_and_who_may_call_it(tutorial: None) -> None:
    found = audit()
    assert by_path(found) == TRUTH
    is_plain = {each.path: each.csrf_exempt for each in found}
    assert {path for path, exempt in is_plain.items() if exempt} == {
        "/1/snippets/",
        "/1/snippets/<int:pk>/",
    }
    named = {(each.path, each.method): each.action for each in found if each.action}
    assert {key: action for key, action in named.items() if "<format>" not in key[0]} == ACTIONS
    owned = {each.permissions for each in found if each.path.startswith("/snippets")}
    assert owned == {("IsAuthenticatedOrReadOnly", "IsOwnerOrReadOnly")}


@pytest.mark.django_db
def test_calling_the_tutorial_agrees(tutorial: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE snippets_snippet (id integer PRIMARY KEY, title text NOT NULL,"
            " code text NOT NULL, highlighted text NOT NULL, owner_id integer NOT NULL)"
        )
    found, _ = probe(inventory(), unsafe=True)
    assert [
        (each.path, each.method) for each in found if not (each.probed and each.probed.agrees)
    ] == []
    told = {(each.path, each.method, each.probed.access.value) for each in found if each.probed}
    assert told == {
        (path, method, access) for path, truth in TRUTH.items() for method, access in truth.items()
    }


def test_a_router_with_500_viewsets() -> None:
    router = routers.DefaultRouter()
    for number in range(500):
        permission = permissions.IsAuthenticatedOrReadOnly if number % 10 else permissions.AllowAny
        made = {"queryset": Group.objects.all(), "permission_classes": [permission]}
        viewset = type(f"View{number}", (viewsets.ModelViewSet,), made)
        router.register(f"things-{number}", viewset, basename=f"thing-{number}")
    with urls(path("api/", include(router.urls))):
        found = audit()
    # Six of each viewset and the root, each of them with a suffix as well.
    assert len(found) == 2 * (6 * 500 + 1)
    assert Counter((each.access.value, each.is_write) for each in found) == {
        ("authenticated", False): 2,  # the root, by the default
        ("anonymous", False): 2 * 2 * 500,
        ("anonymous", True): 2 * 4 * 50,
        ("authenticated", True): 2 * 4 * 450,
    }
    assert {
        each.path.split("/")[2].partition(".")[0]
        for each in found
        if each.is_write and each.access.value == "anonymous"
    } == {f"things-{number}" for number in range(0, 500, 10)}
