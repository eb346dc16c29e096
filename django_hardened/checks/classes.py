"""What settings name by a dotted path: imported where possible, and never required."""

from __future__ import annotations

from collections.abc import Iterable
from dis import get_instructions
from functools import lru_cache
from types import CodeType

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string

# What ``return True`` compiles to, from Python 3.11 to 3.13.
_IDLE = {"RESUME", "CACHE", "NOP"}
_RETURNS_CONSTANT = {"LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
# What a function needs to refuse anything: itself, or by what it asks.
_ACTS = {"CALL", "CALL_KW", "CALL_FUNCTION_EX", "RAISE_VARARGS"}


def load_object(dotted: object) -> object:
    """Return what ``dotted`` names, or None if that cannot be imported."""
    return _load(str(dotted)) if dotted else None


@lru_cache(maxsize=1024)
def _load(dotted: str) -> object:
    try:
        found: object = import_string(dotted)
    except Exception:  # noqa: BLE001  # importing runs the code of others; a check survives it
        return None
    return found


def load_class(dotted: object) -> type | None:
    """Return the class that ``dotted`` names, or None if it names none that can be imported."""
    found = load_object(dotted)
    return found if isinstance(found, type) else None


def is_subclass(dotted: object, *bases: str) -> bool:
    """Whether ``dotted`` names one of ``bases`` or a subclass; an equal path is enough."""
    return _is_subclass(str(dotted), bases)


def is_always_true(function: object) -> bool:
    """Whether ``function``, or what it names, returns a true constant whatever it is asked."""
    return any(_constants(function))


def is_always_false(function: object) -> bool:
    """Whether ``function``, or what it names, returns a false constant whatever it is asked."""
    return not all(_constants(function))


def _constants(function: object) -> list[object]:
    """Return the constant that ``function`` returns, or nothing if it does anything else."""
    found = load_object(function) if isinstance(function, str) else function
    code = getattr(found, "__code__", None)
    if not isinstance(code, CodeType):
        return []
    steps = [step for step in get_instructions(code) if step.opname not in _IDLE]
    is_constant = {step.opname for step in steps} <= _RETURNS_CONSTANT
    return [steps[0].argval] if is_constant else []


def refuses_nothing(function: object) -> bool:
    """Whether ``function`` can only return: it raises nothing, and calls nothing that might."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return False
    return _ACTS.isdisjoint(step.opname for step in get_instructions(code))


def names_in(found: object) -> set[str]:
    """Return the names that the functions of a class, or a function, use; those within too."""
    functions = [found]
    if isinstance(found, type):
        bases = [base for base in found.__mro__ if base is not object]
        members = [member for base in bases for member in vars(base).values()]
        functions = [getattr(member, "__func__", member) for member in members]
    codes = [getattr(function, "__code__", None) for function in functions]
    names: set[str] = set()
    while codes:
        code = codes.pop()
        if isinstance(code, CodeType):
            names.update(code.co_names, code.co_freevars)
            codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    return names


@lru_cache(maxsize=4096)
def _is_subclass(dotted: str, bases: tuple[str, ...]) -> bool:
    if dotted in bases:
        return True
    loaded = load_class(dotted)
    known = tuple(base for base in map(load_class, bases) if base is not None)
    return loaded is not None and issubclass(loaded, known)


def listed(setting: str) -> list[str]:
    """Return the entries of a setting that is a list of names; a text is one of them.

    A setting of another kind has none, and E906 is about it.
    """
    value = getattr(settings, setting)
    if isinstance(value, str | Promise):
        return [str(value)]
    return [str(entry) for entry in value] if isinstance(value, Iterable) else []
