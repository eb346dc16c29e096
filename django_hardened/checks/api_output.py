"""4xx: what Django REST framework hands out: pages, schemas, and forms to try them."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage

from django_hardened.checks import api, declared
from django_hardened.checks.classes import is_subclass, load_class
from django_hardened.checks.rules import Rule

_PAGES = (
    'REST_FRAMEWORK |= {{"DEFAULT_PAGINATION_CLASS": '
    '"rest_framework.pagination.PageNumberPagination", "PAGE_SIZE": 50}}'
)

W413 = Rule(
    "W413",
    "The browsable API is on: with a browser, everybody sees the forms of each endpoint.",
    'REST_FRAMEWORK["DEFAULT_RENDERER_CLASSES"] = ["rest_framework.renderers.JSONRenderer"]',
    "REST_FRAMEWORK",
    asvs="13.4.5",
)
I418 = Rule(
    "I418",
    "The browsable API is on: with a browser, whoever is let in sees the forms of each endpoint.",
    'REST_FRAMEWORK["DEFAULT_RENDERER_CLASSES"] = ["rest_framework.renderers.JSONRenderer"]',
    "REST_FRAMEWORK",
    asvs="13.4.5",
)
W414 = Rule(
    "W414",
    "{subject} answers with whole tables: REST framework has no DEFAULT_PAGINATION_CLASS.",
    _PAGES,
    "REST_FRAMEWORK",
    cwe=770,
)
W415 = Rule(
    "W415",
    "{subject} is the default pagination and PAGE_SIZE is None: lists are not divided.",
    'REST_FRAMEWORK["PAGE_SIZE"] = 50',
    "REST_FRAMEWORK",
    cwe=770,
)
W416 = Rule(
    "W416",
    "{subject} is the default pagination, and ?{parameter}= may be any number: a client can ask "
    "for whole tables.",
    'A subclass with {limit} = 100, named in REST_FRAMEWORK["DEFAULT_PAGINATION_CLASS"]',
    "REST_FRAMEWORK",
    cwe=770,
)
W417 = Rule(
    "W417",
    "Anybody can read the schema of the API, which lists every endpoint: {subject}.",
    'SPECTACULAR_SETTINGS["SERVE_PERMISSIONS"] = ["rest_framework.permissions.IsAuthenticated"]'
    "  # or permission_classes where the view is made",
    "ROOT_URLCONF",
    asvs="13.4.5",
)
RULES = (W413, I418, W414, W415, W416, W417)

_BROWSABLE = "rest_framework.renderers.BrowsableAPIRenderer"
_PAGINATION = "rest_framework.pagination."
# What each class takes its size from, the parameter of the request, and its limit.
_PAGINATIONS = {
    f"{_PAGINATION}PageNumberPagination": ("page_size", "page_size_query_param", "max_page_size"),
    f"{_PAGINATION}CursorPagination": ("page_size", "page_size_query_param", "max_page_size"),
    f"{_PAGINATION}LimitOffsetPagination": ("default_limit", "limit_query_param", "max_limit"),
}


def check_renderers(**kwargs: Any) -> list[CheckMessage]:
    if not api.is_used(api.views()):
        return []
    from django_hardened.drf import effective  # noqa: PLC0415  # only where REST framework is used

    paths = effective.paths("DEFAULT_RENDERER_CLASSES")
    if not any(is_subclass(path, _BROWSABLE) for path in paths):
        return []
    permissions = effective.paths("DEFAULT_PERMISSION_CLASSES")
    is_open = all(path == "rest_framework.permissions.AllowAny" for path in permissions)
    return [W413.found() if is_open else I418.found()]


def check_pagination(**kwargs: Any) -> list[CheckMessage]:
    views = api.views()
    if not api.is_used(views):
        return []
    from django_hardened.drf import effective  # noqa: PLC0415

    path = effective.value("DEFAULT_PAGINATION_CLASS")
    if path is None:
        names = {view.name for view in views if view.is_own and view.lists_everything}
        return [W414.found(subject=name) for name in sorted(names)]
    cls = load_class(path)
    base = next((base for base in _PAGINATIONS if is_subclass(path, base)), None)
    if cls is None or base is None:
        return []
    size, parameter, limit = _PAGINATIONS[base]
    if _own(cls, size) is None and effective.value("PAGE_SIZE") is None:
        return [W415.found(subject=path)]
    name = getattr(cls, parameter, None)
    if name and getattr(cls, limit, None) is None:
        return [W416.found(subject=path, parameter=name, limit=limit)]
    return []


def _own(cls: type, name: str) -> Any:
    """Return an attribute that a class of the project has set; DRF's are its PAGE_SIZE."""
    says = next(base for base in cls.__mro__ if name in vars(base))
    return None if says.__module__ == "rest_framework.pagination" else vars(says)[name]


def check_schema_views(**kwargs: Any) -> list[CheckMessage]:
    names = declared.without_declared(sorted(open_schemas()))
    return [W417.found(subject=name) for name in names]


def open_schemas() -> set[str]:
    """Return the views that show anybody the schema of the API."""
    return {view.name for view in api.views() if view.is_schema and view.admits_anybody}


CHECKS = (check_renderers, check_pagination, check_schema_views)
