"""The inventory: every endpoint of a URLconf."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from threading import Lock
from typing import Any

from django.conf import settings
from django.utils import translation

from django_hardened.audit import admin, functions, layers, marks, memos, places, tables
from django_hardened.audit.capture import forget_cached, quiet, without_sending
from django_hardened.audit.details import details
from django_hardened.audit.detours import detours
from django_hardened.audit.endpoints import Access, Endpoint, Kind
from django_hardened.audit.inference import Inference, Subject, infer, infer_detour
from django_hardened.audit.middleware import Gates
from django_hardened.audit.roles import no_database
from django_hardened.audit.urlconf import Route, routes

# What REST framework's format_suffix_patterns adds, and what may end a path in its place.
_SUFFIX = re.compile(r"(?:\.?<(?:\w+:)?format>)?/?$")
_LANGUAGES = 10  # of a path; a site that has not said which has a hundred
# Asking patches what it asks.
_lock = Lock()


def audit(urlconf: Any = None, *, is_brief: bool = False) -> list[Endpoint]:
    """Return the endpoints of ``urlconf``, by default the project's, in the order of matching.

    No code of a view runs but what only looks another up (``tables``), nothing is called over a
    network, and no database is needed.
    ``is_brief`` is for who wants to know what is open. It leaves out the ``details``; of the pages
    of an admin it tells no more than that they are for staff, and asks none of them.
    """
    return [endpoint for _, endpoint in inventory(urlconf, is_brief=is_brief)]


def inventory(
    urlconf: Any = None,
    *,
    is_brief: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[tuple[Route, Endpoint]]:
    """Return what :func:`audit` does with the routes that lead to it.

    ``progress`` is told how many patterns of how many are done.
    """
    found: list[tuple[Route, Endpoint]] = []
    with _lock, quiet(), without_sending(), no_database.entered(), memos.kept():
        survey, all_routes = _Survey(is_brief=is_brief), _reachable(routes(urlconf))
        for number, route in enumerate(all_routes, start=1):
            found += [(route, endpoint) for endpoint in survey.endpoints(route)]
            progress(number, len(all_routes))
    return found


def _reachable(found: Iterable[Route]) -> list[Route]:
    """Leave out what stands twice: the first pattern answers."""
    first: dict[tuple[str, ...], Route] = {}
    for route in found:
        first.setdefault(tuple(map(str, route.patterns)), route)
    return [*first.values()]


class _Survey:
    """Asks each view once at each path that something in front of it can tell from others."""

    def __init__(self, *, is_brief: bool) -> None:
        self._gates, self._is_brief = Gates(), is_brief
        self._known: dict[tuple[object, ...], list[Endpoint]] = {}

    def endpoints(self, route: Route) -> list[Endpoint]:
        if self._gates.look_at_paths:
            return self._asked_in_each_language(route)
        # The routes, and with them the views, are there as long as this is.
        key = (id(route.callback), repr(route.arguments), *_told_apart_by(route))
        if key not in self._known:
            self._known[key] = self._asked(route)
        return [replace(each, path=route.path, name=route.full_name) for each in self._known[key]]

    def _asked_in_each_language(self, route: Route) -> list[Endpoint]:
        """Ask at each path that ``i18n_patterns`` gives to a view: the widest answer counts."""
        found = self._asked(route)
        for language in _other_languages(route):
            with translation.override(language):
                others = {each.method: each for each in self._asked(replace(route))}
            found = [_wider(each, others.get(each.method, each)) for each in found]
        return found

    def _asked(self, route: Route) -> list[Endpoint]:
        if self._is_brief and admin.is_behind_the_door(layers.layers(route.callback)):
            return [*_for_staff(Subject(route))]
        return [*_endpoints(route, self._gates, is_brief=self._is_brief)]


def _told_apart_by(route: Route) -> tuple[object, ...]:
    """Return what of a path may decide who may call: nothing is in front of a bare function.

    The path that ends in ``.json`` is the same for all.
    """
    if functions.is_bare(route.callback) and not tables.table_of(route.callback):
        return (route.argument_names - {"format"},)
    return _SUFFIX.sub("", route.path), route.full_name


def _wider(one: Endpoint, other: Endpoint) -> Endpoint:
    if one.access.is_closed and not other.access.is_closed:
        return replace(one, access=other.access, note=other.note or f"at {other.path}")
    return one


def _other_languages(route: Route) -> list[str]:
    """Return the default language, which may have no prefix, and others."""
    if all(getattr(each, "language_prefix", None) is None for each in route.patterns):
        return []
    others = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    found = [settings.LANGUAGE_CODE, *others]
    return [code for code in found[:_LANGUAGES] if code != translation.get_language()]


def _for_staff(subject: Subject) -> Iterator[Endpoint]:
    route, view = subject.route, _view_of(subject, subject.cls or subject.target)
    for method in ("GET", "POST"):
        yield Endpoint(route.path, route.full_name, method, view, Access.STAFF, Kind.ADMIN)


def _endpoints(route: Route, gates: Gates, *, is_brief: bool) -> Iterator[Endpoint]:
    try:
        yield from _asked(route, gates, is_brief=is_brief)
    except Exception as error:  # noqa: BLE001  # a view of a make that nobody has thought of
        yield Endpoint(
            path=route.path,
            name=route.full_name,
            method="GET",
            view=functions.name_of(route.callback),
            access=Access.UNKNOWN,
            note=f"{type(error).__name__} when it was looked at",
        )


def _asked(route: Route, gates: Gates, *, is_brief: bool) -> Iterator[Endpoint]:
    forget_cached()  # decorators of others may count who asks
    subject = Subject(route)
    methods = subject.methods or (["GET", "POST"] if subject.cls else [])
    found = []
    for method in methods:
        inference = infer(subject, method, gates)
        if inference is not None:
            found.append(_endpoint(subject, method, inference, is_brief=is_brief))
    yield from found
    if not subject.is_method_looked_at:
        return
    for method in detours(subject.layers, subject.instance, found):
        inference = infer_detour(subject, method, gates)
        if inference is not None:
            yield _endpoint(subject, method, inference, is_brief=is_brief)


def _endpoint(subject: Subject, method: str, inference: Inference, *, is_brief: bool) -> Endpoint:
    route, handler = subject.route, subject.handler(method)
    named: Any = subject.cls or subject.target
    if subject.path_view is not None or subject.table or _is_function_of_drf(subject):
        named = handler
    chain = [*subject.layers, *_layers_of_handler(subject, method)]
    return Endpoint(
        path=route.path,
        name=route.full_name,
        method=method,
        view=_view_of(subject, named),
        access=inference.access,
        kind=subject.kind,
        public_reason=marks.public_reason(chain, subject.cls, handler),
        is_third_party=places.is_third_party(_module_of(_owner(subject) or named)),
        note=inference.note,
        **({} if is_brief else details(subject, method, inference, chain, named)),
    )


def _is_function_of_drf(subject: Subject) -> bool:
    return (
        subject.is_drf and subject.cls is not None and subject.cls.__qualname__ == "WrappedAPIView"
    )


def _view_of(subject: Subject, named: Any) -> str:
    name = admin.name_of(subject.layers)
    if name is not None:
        return name
    owner = getattr(named, "__self__", None)
    if owner is not None and not isinstance(owner, type):
        return f"{functions.name_of(type(owner))}.{named.__name__}"
    return functions.name_of(named)


def _owner(subject: Subject) -> Any:
    """Return the class whose author answers for a view: of an admin's, that of its models."""
    model_admin = admin.model_admin_of(subject.layers)
    return None if model_admin is None else type(model_admin)


def _module_of(named: Any) -> str:
    owner = getattr(named, "__self__", None)
    if owner is not None:
        return type(owner).__module__
    return named.__module__ if hasattr(named, "__qualname__") else type(named).__module__


def _layers_of_handler(subject: Subject, method: str) -> list[Any]:
    """Return the layers of what a view hands the method to, and of the ``dispatch`` of a class."""
    if subject.instance is None:
        return layers.layers(subject.table[method]) if method in subject.table else []
    handler = getattr(subject.instance, method.lower(), None)
    handler = getattr(handler, "__func__", handler)
    return [
        *layers.layers(type(subject.instance).dispatch),
        *(layers.layers(handler) if handler else []),
    ]
