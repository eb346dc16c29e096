"""4xx: Django Ninja, GraphQL and Channels, recognised without importing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks import api, declared, stack
from django_hardened.checks.classes import names_in
from django_hardened.checks.dictionaries import entries
from django_hardened.checks.rules import Rule
from django_hardened.installed import is_from_a_package

_NINJA_AUTH = (
    "NinjaAPI(auth=django_auth)  # of ninja.security; then auth=None on operations that are public "
    "on purpose"
)

E473 = Rule(
    "E473",
    "{subject}, an operation of Django Ninja, is open to anybody, and says nothing of it.",
    _NINJA_AUTH,
    "ROOT_URLCONF",
    asvs="8.2.1",
    cwe=862,
)
W471 = Rule(
    "W471",
    "GraphiQL is on, for everybody who finds {subject}: it shows the whole schema.",
    "{subject}.as_view({fix}, schema=schema)",
    "ROOT_URLCONF",
    asvs="13.4.5",
)
W472 = Rule(
    "W472",
    "The channel layer {subject!r} is in the memory of one process: what one sends, the others "
    "never receive.",
    'CHANNEL_LAYERS[{subject!r}] = {{"BACKEND": "channels_redis.core.RedisChannelLayer", '
    '"CONFIG": {{"hosts": [os.environ["REDIS_URL"]]}}}}',
    "CHANNEL_LAYERS",
)
RULES = (E473, W471, W472)

# What the code of a function uses that asks who calls it.
_ASKING = re.compile(
    r"^is_(?:authenticated|staff|superuser|active)$|has_perm|has_module_perms|authenticate"
    r"|compare|authori[sz]e|require|check_perm"
)
_LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


def check_ninja(**kwargs: Any) -> list[CheckMessage]:
    names = declared.without_declared(sorted(open_by_default()))
    return [E473.found(subject=name) for name in names]


def open_by_default() -> set[str]:
    """Return the operations of Django Ninja that rely on the default: anybody may call them.

    Where a decorator or the function itself may ask for a login, the audit of endpoints tells.
    """
    found: set[str] = set()
    asks_for_login = stack.has(_LOGIN_REQUIRED)
    for callback in api.callbacks():
        if asks_for_login and getattr(callback, "login_required", True):
            continue
        for operation in _operations(callback):
            if not (operation.auth_callbacks or _is_said(operation) or _is_in_doubt(operation)):
                view = operation.view_func
                found.add(f"{view.__module__}.{view.__qualname__}")  # as the audit names it
    return found


def _is_said(operation: Any) -> bool:
    """Whether ``auth=None`` stands at ``operation``, or at its router."""
    if operation.auth_param is None:
        return True
    owner = getattr(operation, "api", None)
    named = [router for _, router in getattr(owner, "_routers", ())]  # until 1.4 the same objects
    routers = getattr(owner, "_bound_routers_cache", None) or named
    return any(
        operation in view.operations
        for router in routers
        if router.auth is None
        for view in router.path_operations.values()
    )


def _is_in_doubt(operation: Any) -> bool:
    """Whether ``operation`` may be closed all the same, or is not of this project."""
    return (
        is_from_a_package(operation.view_func.__module__)
        # What @decorate_view leaves, and @login_required on the function itself.
        or "run" in vars(operation)
        or hasattr(operation.view_func, "__wrapped__")
        or any(map(_ASKING.search, names_in(operation.view_func)))
    )


def _operations(callback: Any) -> Iterator[Any]:
    """Yield the operations of a Ninja view: a method of its PathView, or a function around one."""
    for holder in (getattr(callback, "__self__", None), *_enclosed(callback)):
        if type(holder).__module__ == "ninja.operation":
            yield from getattr(holder, "operations", ())


def _enclosed(callback: Any) -> Iterator[Any]:
    for cell in getattr(callback, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def check_graphql(**kwargs: Any) -> list[CheckMessage]:
    found = {}
    for callback in api.callbacks():
        cls = getattr(callback, "view_class", None)
        initkwargs = getattr(callback, "view_initkwargs", None) or {}
        fix = _graphiql(cls, initkwargs) if isinstance(cls, type) else ""
        if fix:
            found[f"{cls.__module__}.{cls.__qualname__}"] = fix  # type: ignore[union-attr]
    return [W471.found(subject=name, fix=fix) for name, fix in sorted(found.items())]


def _graphiql(cls: type, initkwargs: dict[str, Any]) -> str:
    """Return how to turn GraphiQL off where ``cls`` shows it, or blank."""
    modules = {base.__module__ for base in cls.__mro__}
    if "graphene_django.views" in modules:
        is_on = initkwargs.get("graphiql", getattr(cls, "graphiql", False))
        return "graphiql=False" if is_on else ""
    if "strawberry.django.views" in modules:  # graphiql until 0.213, and on unless it is said
        for name, off in (("graphql_ide", "graphql_ide=None"), ("graphiql", "graphiql=False")):
            if name in initkwargs:
                return off if initkwargs[name] else ""
        return "graphql_ide=None"
    return ""


def check_channel_layers(**kwargs: Any) -> list[CheckMessage]:
    return [
        W472.found(subject=alias)
        for alias, config in entries(getattr(settings, "CHANNEL_LAYERS", None))
        if config.get("BACKEND") == "channels.layers.InMemoryChannelLayer"
    ]


CHECKS = (check_ninja, check_graphql, check_channel_layers)
