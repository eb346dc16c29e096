"""Ways around: methods that nobody has listed, with which strangers get past a guard.

A guard may look at the method, as most do that let a browser's preflight pass. A function answers
it with all its code then, and a class may hand it to another handler.
"""

from __future__ import annotations

from typing import Any

from django_hardened.audit.endpoints import Endpoint
from django_hardened.audit.methods import has_own, required_methods

_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


def detours(chain: list[Any], instance: Any, listed: list[Endpoint]) -> list[str]:
    """Return the methods to ask for beyond those that are ``listed``.

    Args:
        chain: the layers of a view with a guard that looks at the method.
        instance: of its class, if it has one.
        listed: its endpoints, one for each method.
    """
    if all(not each.access.is_closed for each in listed) and (listed or instance is not None):
        return []
    methods = {each.method for each in listed}
    if any(each.method == "GET" and not each.access.is_closed for each in listed):
        methods |= {"HEAD", "OPTIONS"}  # no wider than what is open
    found = _METHODS if instance is None else _of_class(instance)
    required = required_methods(chain)
    return [
        each for each in found if each not in methods and (required is None or each in required)
    ]


def _of_class(instance: Any) -> list[str]:
    if has_own(instance, "dispatch"):  # which may hand any of them to any handler
        return [*_METHODS]
    return ["HEAD"] if hasattr(instance, "get") else []
