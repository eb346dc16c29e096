"""What is written on a view and its decorators: marks, caches, limits and permissions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from django_hardened.audit import functions, layers

_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_STAFF = "django.contrib.admin.views.decorators"


def public_reason(chain: list[Any], cls: type | None, handler: Any) -> str | None:
    """Return why a view was marked to be public: on a layer, its class, or its own method."""
    candidates = [handler, *layers.layers(handler), *chain]
    if cls is not None:
        candidates += [cls]
    for each in candidates:
        reason = getattr(each, "public_reason", None)
        if isinstance(reason, str):
            return reason
    return None


def is_csrf_exempt(callback: Any, chain: list[Any]) -> bool:
    """Whether nothing asks for the token of a form; REST framework does so by itself."""
    if any("csrf_protect" in vars_of(layer) or _is_csrf_protect(layer) for layer in chain):
        return False
    has_middleware = any(str(entry) == _CSRF for entry in settings.MIDDLEWARE)
    return bool(getattr(callback, "csrf_exempt", False)) or not has_middleware


def vars_of(layer: Any) -> dict[str, Any]:
    """Return the attributes of a layer that has some."""
    return getattr(layer, "__dict__", {})


def _is_csrf_protect(layer: Any) -> bool:
    bases = type(functions.middleware_of(layer)).__mro__
    return any(base.__name__ == "CsrfViewMiddleware" for base in bases)


def cache(chain: list[Any]) -> str | None:
    """Return what is said about caches: ``never_cache``, ``cache_page 60 s``, ``cache_control``."""
    found = [told for layer in chain if (told := _cache_of(layer))]
    return ", ".join(dict.fromkeys(found)) or None


def _cache_of(layer: Any) -> str | None:
    enclosed = functions.cells(layer)
    if functions.module_of(layer) == "django.views.decorators.cache":
        given = enclosed.get("kwargs")
        if not given:
            return "never_cache"
        listed = ", ".join(
            name.replace("_", "-") if value is True else f"{name.replace('_', '-')}={value}"
            for name, value in given.items()
        )
        return f"cache_control {listed}"
    middleware = functions.middleware_of(layer)
    is_cache = type(middleware).__name__ == "CacheMiddleware"
    return f"cache_page {getattr(middleware, 'page_timeout', '?')} s" if is_cache else None


def limits(chain: list[Any]) -> tuple[str, ...]:
    """Return the rates of ``@ratelimit``, of this package or of django-ratelimit."""
    return tuple(dict.fromkeys(told for layer in chain for told in _limits_of(layer)))


def _limits_of(layer: Any) -> Iterator[str]:
    module, enclosed = functions.module_of(layer), functions.cells(layer)
    if module == "django_ratelimit.decorators" and enclosed.get("rate") is not None:
        yield f"ratelimit: {enclosed['rate']}"
    if module == "django_hardened.ratelimit.decorators" and "layer" in enclosed:
        for rule in enclosed["layer"].rules:
            if rule.rate is not None:
                yield f"ratelimit: {rule.rate}"


def required(chain: list[Any]) -> tuple[str, ...]:
    """Return what the decorators ask for: permissions by name, else who asks."""
    return tuple(dict.fromkeys(told for layer in chain for told in _required_by(layer)))


def _required_by(layer: Any) -> Iterator[str]:
    enclosed, module = functions.cells(layer), functions.module_of(layer)
    test = enclosed.get("test_func")
    if module == "django.contrib.auth.decorators" and test is not None:
        permissions = functions.cells(test).get("perms")
        if permissions:
            yield from map(str, permissions)
        elif functions.module_of(test) == _STAFF:
            yield "staff_member_required"
        elif functions.module_of(test) == module:
            yield "login_required"
        else:
            yield functions.name_of(test).rpartition(".")[2]
    elif (
        not module.startswith(("django.", "rest_framework.", "contextlib", "functools", "django_"))
        and hasattr(layer, "__wrapped__")
        and not functions.is_class_view(layer)
    ):
        # A decorator of the project or of a package: its name, from the function that made it.
        qualified = getattr(getattr(layer, "__code__", None), "co_qualname", "")
        if "<locals>" in qualified:
            yield qualified.partition(".<locals>")[0]


def required_by_class(instance: Any) -> tuple[str, ...]:
    """Return what the mixins of Django ask for."""
    names = {base.__name__ for base in type(instance).__mro__ if _is_mixin(base)}
    found: list[str] = []
    if "PermissionRequiredMixin" in names:
        try:
            found += map(str, instance.get_permission_required())
        except Exception:  # noqa: BLE001  # the code of others
            found.append("get_permission_required")
    if "UserPassesTestMixin" in names:
        found.append("test_func")
    if "LoginRequiredMixin" in names:
        found.append("LoginRequiredMixin")
    return tuple(found)


def _is_mixin(base: type) -> bool:
    return base.__module__ == "django.contrib.auth.mixins"
