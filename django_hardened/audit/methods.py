"""The methods that a view answers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.views.generic import RedirectView

from django_hardened.audit import admin, bodies, functions, ninja

# HEAD is a GET without a body, and OPTIONS says which methods there are.
_IMPLIED = {"head", "options"}
_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")


def methods_of(
    chain: list[Any], instance: Any = None, table: Mapping[str, Any] = MappingProxyType({})
) -> list[str]:
    """Return the methods of the view with these layers.

    ``instance`` is of its class, if it has one, and ``table`` has the views that it hands them to.
    """
    target = chain[-1]
    path_view = ninja.path_view(target)
    if path_view is not None:
        found = {method for operation in path_view.operations for method in operation.methods}
    elif instance is not None:
        found = _of_instance(instance)
    elif table:
        found = {*table}
    elif _is_feed(target):
        found = {"GET"}
    else:
        found = {"GET"} | _written(chain) | (required_methods(chain) or set())
    required = required_methods(chain)
    if required is not None:
        found &= required
    implied = {"HEAD"} if "GET" in found and not _has_own_head(instance, table) else set()
    return sorted(found - implied, key=_rank)


def _has_own_head(instance: Any, table: Mapping[str, Any]) -> bool:
    if instance is None:
        return "HEAD" in table and table["HEAD"] is not table["GET"]
    cls = type(instance)
    return has_own(instance, "head") and cls.head is not getattr(cls, "get", None)


def _is_feed(target: Any) -> bool:
    # There is none where nothing has imported them.
    syndication = sys.modules.get("django.contrib.syndication.views")
    return syndication is not None and isinstance(target, syndication.Feed)


def _written(chain: list[Any]) -> set[str]:
    """Return the methods that change things, as the code of a function has them."""
    named = bodies.methods_named(chain[-1])
    if named:
        return named
    is_form = admin.takes_submissions(chain) or bodies.takes_submissions(chain[-1])
    return {"POST"} if is_form else set()


def _rank(method: str) -> tuple[int, str]:
    return (_ORDER.index(method) if method in _ORDER else len(_ORDER)), method


def _of_instance(instance: Any) -> set[str]:
    found = set()
    for name in map(str.lower, instance.http_method_names):
        handler = getattr(instance, name, None)
        if handler is None or (name in _IMPLIED and not has_own(instance, name)):
            continue
        if isinstance(instance, RedirectView) and name != "get" and not has_own(instance, name):
            continue  # all methods are redirected alike
        found.add(name.upper())
    return found


def answers_nothing(instance: Any) -> bool:
    """Whether a view without handlers leaves it to Django or DRF to say so, with 405."""
    return not any(has_own(instance, name) for name in ("dispatch", "http_method_not_allowed"))


def has_own(instance: Any, name: str) -> bool:
    """Whether a class of the project or of a package has the method, and not Django or DRF."""
    function = getattr(type(instance), name, None)
    function = functions.cells(function).get("func", function)  # what @api_view decorates
    module = str(getattr(function, "__module__", ""))
    return function is not None and not module.startswith(functions.FRAMEWORKS)


def required_methods(chain: list[Any]) -> set[str] | None:
    """Return the methods that ``require_http_methods`` admits, or None without it."""
    found: set[str] | None = None
    for layer in chain:
        listed = functions.cells(layer).get("request_method_list")
        if listed is not None and functions.module_of(layer) == "django.views.decorators.http":
            admitted = {str(each).upper() for each in listed}
            found = admitted if found is None else found & admitted
    return found
