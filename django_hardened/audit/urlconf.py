"""The URLconf, walked: each pattern with its path, its name and the view as it is called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from django_hardened.audit import arguments, regexes

_NAMED = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """A pattern below the resolvers that lead to it.

    ``arguments`` are those that the URLconf gives by itself; ``urlconf`` is the module that has
    the pattern; ``app_names`` stand beside the ``namespaces``.
    """

    patterns: tuple[Any, ...]
    callback: Any
    name: str | None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    namespaces: tuple[str, ...] = ()
    urlconf: str = ""
    app_names: tuple[str, ...] = ()

    @cached_property
    def written(self) -> str:
        """The pattern as the URLconf has it, which is the ``route`` of a ``ResolverMatch``."""
        first, *others = map(str, self.patterns)
        return first + "".join(each.removeprefix("^") for each in others)

    @cached_property
    def path(self) -> str:
        """The path as people write it, ``/posts/<int:pk>/``."""
        return "/" + "".join(map(_readable, self.patterns)).removeprefix("/")

    @cached_property
    def sample(self) -> Sample:
        """A path of it that can be called."""
        return self.sampled({})

    def sampled(self, values: Mapping[str, Iterable[str]]) -> Sample:
        """Return a path of it; ``values`` has what to try first for its arguments, by name."""
        path, args, kwargs = "", (), dict(self.arguments)
        for pattern in self.patterns:
            part = _sample(pattern, values)
            path += part
            found = _match(pattern, part)
            if found:
                args = args + tuple(found[0])
                kwargs |= found[1]
        return Sample("/" + path.removeprefix("/"), () if kwargs else args, kwargs)

    @cached_property
    def argument_names(self) -> frozenset[str]:
        """The names of what the path gives to the view."""
        return frozenset(_NAMED.findall(self.path))

    @property
    def full_name(self) -> str | None:
        """The name with its namespaces, as ``reverse`` takes it."""
        return ":".join([*self.namespaces, self.name]) if self.name else None


@dataclass(frozen=True)
class Sample:
    """A path, and the arguments that the view then gets."""

    path: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def routes(urlconf: Any = None) -> Iterator[Route]:
    """Yield the patterns of ``urlconf``, by default the project's, in the order of matching."""
    yield from _walk(get_resolver(urlconf), (), {}, (), ())


def _walk(
    resolver: URLResolver,
    patterns: tuple[Any, ...],
    arguments: Mapping[str, Any],
    namespaces: tuple[str, ...],
    app_names: tuple[str, ...],
) -> Iterator[Route]:
    arguments = {**arguments, **resolver.default_kwargs}
    if resolver.namespace:
        namespaces = (*namespaces, resolver.namespace)
    if resolver.app_name:
        app_names = (*app_names, resolver.app_name)
    module = resolver.urlconf_module
    urlconf = getattr(module, "__name__", "")
    for entry in resolver.url_patterns:
        chain = (*patterns, entry.pattern)
        if isinstance(entry, URLPattern):
            given = {**arguments, **entry.default_args}
            yield Route(chain, entry.callback, entry.name, given, namespaces, urlconf, app_names)
        else:
            yield from _walk(entry, chain, arguments, namespaces, app_names)


def _readable(pattern: Any) -> str:
    # Routes and language prefixes are written as people read them.
    if isinstance(pattern, RoutePattern) or not hasattr(pattern, "regex"):
        return str(pattern)
    try:
        return regexes.readable(str(pattern))
    except re.error:  # a pattern of another make
        return str(pattern)


def _sample(pattern: Any, values: Mapping[str, Iterable[str]]) -> str:
    if getattr(pattern, "language_prefix", None) is not None:
        return str(pattern)
    converters = getattr(pattern, "converters", {})
    return regexes.sample(
        pattern.regex,
        lambda name: [*values.get(name, ()), *arguments.candidates(name, converters.get(name))],
    )


def _match(pattern: Any, part: str) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    found = pattern.match(part)
    return (found[1], found[2]) if found else None
