"""Ways around: methods that nobody has listed, with which strangers get past a guard.

A guard may look at the method, as most do that let a browser's preflight pass. A function answers
it with all its code then, and a class may hand it to another handler.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

from django_hardened.audit import bodies, functions
from django_hardened.audit.endpoints import Endpoint
from django_hardened.audit.memos import remembered
from django_hardened.audit.methods import has_own, required_methods

_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_FRAMEWORKS = (*functions.FRAMEWORKS, "adrf.", "ninja.")


def detours(chain: list[Any], instance: Any, listed: list[Endpoint], gates: Any) -> list[str]:
    """Return the methods to ask for beyond those that are ``listed``, if there may be any.

    Args:
        chain: the layers of the view.
        instance: of its class, if it has one.
        listed: its endpoints, one for each method.
        gates: the middleware that may keep people out.
    """
    if all(not each.access.is_closed for each in listed) and (listed or instance is not None):
        return []
    if not (gates.tell_methods_apart or _tell_methods_apart(chain, instance)):
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


def _tell_methods_apart(chain: list[Any], instance: Any) -> bool:
    guards = [*chain[:-1], *(_guards_of(instance) if instance is not None else ())]
    return any(tells_methods_apart(each) for each in guards)


def _guards_of(instance: Any) -> Iterator[Any]:
    """Yield what of a class runs before its handlers, and of its permissions."""
    permissions = getattr(instance, "permission_classes", None) or ()
    for cls in (type(instance), *permissions):
        for base in _bases(cls):
            handlers = {"head", "options", *getattr(instance, "http_method_names", ())}
            yield from (each for name, each in vars(base).items() if name not in handlers)


def _bases(cls: Any) -> Iterator[type]:
    operands = [getattr(cls, name, None) for name in ("op1_class", "op2_class")]
    for operand in filter(None, operands):  # REST framework's ``&``, ``|`` and ``~``
        yield from _bases(operand)
    if isinstance(cls, type):
        yield from cls.__mro__


def tells_methods_apart(guard: Any) -> bool:
    """Whether the code of ``guard``, which is of the project or of a package, names the method.

    Or that of what it calls, or has been given: a predicate, the decorators of
    ``method_decorator``.
    """
    function = bodies.function_of(guard)
    if function is None:
        return False
    enclosed = functions.cells(function)
    asked = [function, *enclosed.get("decorators", ()), *enclosed.values()]
    return any(isinstance(each, FunctionType) and _names_method(each) for each in asked)


@remembered
def _names_method(function: FunctionType) -> bool:
    if functions.module_of(function).startswith(_FRAMEWORKS):
        return False
    return any(
        "method" in bodies.names_in(each.__code__)
        or "REQUEST_METHOD" in bodies.texts_in(each.__code__)
        for each in bodies.called(function, None)
    )
