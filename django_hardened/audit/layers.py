"""The layers of a view: what decorators made of it, and the same with another view inside.

Who may call a view is decided by its decorators as well. To ask them without running the view,
each layer is copied with the innermost function replaced; what only keeps caches, headers or
counts is left out, so that asking leaves no trace.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator
from functools import partial
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import FunctionType, MethodType
from typing import Any, cast

from django_hardened.audit.functions import (
    cells,
    is_class_view,
    is_table,
    middleware_of,
    module_of,
    name_of,
    with_cells,
)
from django_hardened.audit.memos import remembered

# Of these nothing keeps anybody out, and some count or store.
_TRANSPARENT = (
    "django.views.decorators.",
    "django.views.i18n",
    "django_ratelimit.",
    "django_hardened.ratelimit.",
)
# As decorators call what they decorate.
_NAMES = {"view", "view_func", "viewfunc", "func", "function", "fn", "f", "wrapped", "handler"}
_MOST = 64  # layers; more than that is a view that decorates itself
_UNCHANGED = object()

View = Callable[..., Any]


class OpaqueLayer(Exception):
    """A decorator holds its view where it cannot be replaced."""


def layers(view: View) -> list[View]:
    """Return ``view`` and what it decorates, the innermost last."""
    return list(_layers_of_function(view)) if isinstance(view, FunctionType) else _peeled(view)


@remembered
def _layers_of_function(view: View) -> tuple[View, ...]:
    return tuple(_peeled(view))


def _peeled(view: View) -> list[View]:
    found = [view]
    while len(found) < _MOST:
        inner = _inner(found[-1])
        if inner is None or any(inner is each for each in found):
            break
        found.append(inner)
    return found


def with_view(view: View, replacement: View) -> View:
    """Return ``view`` with ``replacement`` in the place of the innermost layer.

    Raises:
        OpaqueLayer: a layer holds the next one in a way that cannot be seen.
    """
    target = layers(view)[-1]
    return replaced(view, target, replacement)


def replaced(view: View, target: View, replacement: View) -> View:
    """Return ``view`` with ``replacement`` in the place of ``target``; as :func:`with_view`."""
    result = _Replacing(target, replacement).of(view)
    if result is _UNCHANGED:
        raise OpaqueLayer(name_of(view))
    return cast(View, result)


# -- What is inside -------------------------------------------------------------------------------


def _inner(view: Any) -> Any:
    if is_class_view(view):
        return None
    if isinstance(view, partial):
        return view.func
    wrapped = getattr(view, "__wrapped__", None)
    if callable(wrapped) and not isinstance(wrapped, type):
        return wrapped
    return _enclosed_view(view)


def _enclosed_view(view: Any) -> Any:
    """Return the view that a decorator without ``functools.wraps`` encloses, if there is one."""
    function = view.__func__ if isinstance(view, MethodType) else view
    if not isinstance(function, FunctionType):
        return None
    enclosed = cells(function)
    if any(map(is_table, enclosed.values())):  # beside which a function is what else may answer
        return None
    passes_on = function.__code__.co_flags & (CO_VARARGS | CO_VARKEYWORDS)
    found = [
        value
        for name, value in enclosed.items()
        if callable(value)
        and not isinstance(value, type)
        and (name in _NAMES or (passes_on and _takes_request(value)))
    ]
    return found[0] if len(found) == 1 else None


def _takes_request(view: Any) -> bool:
    code = getattr(view, "__code__", None)
    names = code.co_varnames[: code.co_argcount] if code else ()
    return is_class_view(view) or "request" in names[:2] or hasattr(view, "view_class")


# -- Replacing ------------------------------------------------------------------------------------


class _Replacing:
    """Copies what holds ``target``, each thing once: decorators hold their view several times."""

    def __init__(self, target: Any, replacement: Any) -> None:
        self._target, self._replacement = target, replacement
        self._known: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        """Return a copy of ``value`` with the replacement inside, or ``_UNCHANGED``."""
        if value is self._target or (isinstance(value, MethodType) and value == self._target):
            return self._replacement
        if id(value) not in self._known:
            self._known[id(value)] = _UNCHANGED  # what holds itself does so in vain
            self._known[id(value)] = self._looked_into(value)
        return self._known[id(value)]

    def _looked_into(self, value: Any) -> Any:
        if isinstance(value, FunctionType):
            return self._in_function(value)
        if isinstance(value, MethodType):
            function = self.of(value.__func__)
            return _UNCHANGED if function is _UNCHANGED else MethodType(function, value.__self__)
        if isinstance(value, partial):
            return self._in_partial(value)
        if type(value) in {list, tuple} or hasattr(value, "_fields"):
            return self._in_sequence(value)
        if type(value) is dict:
            changed = self._changed(value)
            return {**value, **changed} if changed else _UNCHANGED
        if callable(value) and not isinstance(value, type):
            return self._in_instance(value)
        return _UNCHANGED

    def _in_function(self, function: FunctionType) -> Any:
        enclosed = cells(function)
        changed = self._changed(enclosed)
        defaults = self.of(function.__defaults__)
        named_defaults = self.of(function.__kwdefaults__)
        if not changed and defaults is named_defaults is _UNCHANGED:
            return _UNCHANGED
        if changed and is_transparent(function):
            return next(_callables(changed))
        if "decorators" in enclosed and "method" in enclosed:
            # method_decorator decorates at each call.
            changed["decorators"] = [_quiet(each) for each in enclosed["decorators"]]
        twin = with_cells(function, changed)
        if defaults is not _UNCHANGED:
            twin.__defaults__ = defaults
        if named_defaults is not _UNCHANGED:
            twin.__kwdefaults__ = named_defaults
        return twin

    def _in_partial(self, value: partial[Any]) -> Any:
        function, args = self.of(value.func), self._in_sequence(value.args)
        if function is _UNCHANGED and args is _UNCHANGED:
            return _UNCHANGED
        kept = value.args if args is _UNCHANGED else args
        twin = partial(value.func if function is _UNCHANGED else function, *kept, **value.keywords)
        vars(twin).update(vars(value))
        return twin

    def _in_sequence(self, value: Any) -> Any:
        results = [self.of(each) for each in value]
        if all(each is _UNCHANGED for each in results):
            return _UNCHANGED
        kept = [old if new is _UNCHANGED else new for old, new in zip(value, results, strict=True)]
        return value._make(kept) if hasattr(value, "_make") else type(value)(kept)

    def _in_instance(self, value: Any) -> Any:
        """Look into an instance that is called in the place of its view."""
        held = getattr(value, "__dict__", {}).items()
        changed = self._changed(
            {name: each for name, each in held if name != "__wrapped__" and callable(each)}
        )
        if not changed:
            return _UNCHANGED
        twin = copy.copy(value)
        vars(twin).update(changed)
        return twin

    def _changed(self, held: dict[Any, Any]) -> dict[Any, Any]:
        results = {name: self.of(value) for name, value in held.items()}
        return {name: each for name, each in results.items() if each is not _UNCHANGED}


def is_transparent(layer: View) -> bool:
    """Whether ``layer`` is of a decorator that keeps nobody out."""
    module, enclosed = module_of(layer), cells(layer)
    if f"{module}.".startswith(_TRANSPARENT):
        return True
    if module == "django.utils.decorators" and "_pre_process_request" in enclosed:
        # Made from a middleware; one of the project may keep people out.
        return type(middleware_of(layer)).__module__.startswith("django.")
    manager = enclosed.get("self")
    return (
        module == "contextlib"
        and isinstance(manager, ContextDecorator)
        and type(manager).__module__.startswith(("django.", "contextlib"))
    )


def _callables(changed: dict[str, Any]) -> Iterator[Any]:
    """Yield what is called next: the view itself, before what else holds it."""
    for value in changed.values():
        if isinstance(value, tuple):
            yield from (each for each in value[1:] if callable(each))
    yield from (value for name, value in changed.items() if name in _NAMES)
    yield from (value for value in changed.values() if callable(value))


def _quiet(decorator: Any) -> Any:
    """Return a decorator whose layers leave no trace."""

    def decorate(view: View) -> View:
        decorated: View = decorator(view)
        if decorated is view:
            return view
        return replaced(decorated, view, view)

    return decorate
