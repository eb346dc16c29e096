"""What the code of a view says where asking ends: whether it may turn people away by itself.

It is read, and never run. What a view does with the user is no matter; that it returns or raises
because of who it is, is.
"""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

from django_hardened.audit import functions, layers
from django_hardened.audit.memos import remembered
from django_hardened.audit.places import is_library

# Who says these words turns somebody away.
_REFUSALS = frozenset(
    """
    AuthenticationFailed HTTP_401_UNAUTHORIZED HTTP_403_FORBIDDEN HttpResponseForbidden
    HttpResponseUnauthorized LOGIN_URL NotAuthenticated PermissionDenied check_object_permissions
    check_permissions compare_digest constant_time_compare handle_no_permission has_module_perms
    has_object_permission has_perm has_permission has_perms login_required permission_denied
    permission_required redirect_to_login user_passes_test
    """.split()
)
_STATUSES = frozenset({401, 403})
# What tells people apart.
_PERSONAL = frozenset(
    """
    COOKIES META auth auser get_host groups headers is_active is_anonymous is_authenticated
    is_staff is_superuser session user
    """.split()
)
_SUBMITTED = frozenset(
    "FILES POST _load_post_and_files body data is_valid method readline upload_handlers".split()
)
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_FORMS = frozenset({"FILES", "POST", "_load_post_and_files"})
_HELPERS = 3  # functions that call functions that call functions


def may_refuse(view: Any, owner: type | None = None) -> bool:
    """Whether the code of ``view`` may turn somebody away; ``owner`` is the class it is in.

    Also that of the functions and methods that it calls, where they are not a library's.
    """
    return any(_refuses(function) for function in _called(view, owner)) or _calls_closed(view)


def takes_submissions(view: Any) -> bool:
    """Whether a function looks at what was sent to it, or cannot be read."""
    function = function_of(view)
    functions = [*_called(view, None), *([function] if function else [])]
    return not functions or any(
        not _SUBMITTED.isdisjoint(names_in(each.__code__)) for each in functions
    )


def methods_named(view: Any) -> set[str]:
    """Return the methods that change things which a function tells apart, ``{"PUT", "DELETE"}``.

    POST is one of them where it looks at a form as well. None where it tells none apart.
    """
    function = function_of(view)
    if function is None or "method" not in names_in(function.__code__):
        return set()
    found = set(_WRITES) & _texts_in(function.__code__)
    has_form = not _FORMS.isdisjoint(names_in(function.__code__))
    return found | {"POST"} if found and has_form else found


def _texts_in(code: CodeType) -> set[str]:
    """Return the texts that ``code`` and the code in it hold, for themselves or listed."""
    found: set[str] = set()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _texts_in(constant)
        elif isinstance(constant, tuple | frozenset):  # in ("PUT", "PATCH")
            found |= {each for each in constant if isinstance(each, str)}
        elif isinstance(constant, str):
            found.add(constant)
    return found


def names_in(code: CodeType) -> set[str]:
    """Return the names that ``code`` and the code in it mention."""
    found = {*code.co_names, *code.co_freevars}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= names_in(constant)
    return found


def _numbers_in(code: CodeType) -> set[int]:
    found = {each for each in code.co_consts if type(each) is int}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _numbers_in(constant)
    return found


def function_of(view: Any) -> FunctionType | None:
    """Return the function that runs when ``view`` is called; None for what is not in Python."""
    if isinstance(view, MethodType):
        view = view.__func__
    if isinstance(view, FunctionType):
        return view
    call = getattr(type(view), "__call__", None)  # noqa: B004  # what it is called by
    return call if isinstance(call, FunctionType) else None


def _called(view: Any, owner: type | None) -> Iterator[FunctionType]:
    """Yield the code of ``view`` and what it calls by name, each once."""
    first = function_of(view)
    if not isinstance(view, FunctionType | MethodType) and first is not None:
        owner = type(view)
    waiting = [(first, 0)] if first else []
    # What a library's own view calls is known to the library only: all that the class says.
    if first is not None and is_library(first) and owner is not None:
        waiting += [(each, 0) for each in _hooks(owner)]
    seen: set[CodeType] = set()
    while waiting:
        function, depth = waiting.pop()
        if function.__code__ in seen or is_library(function):
            continue
        seen.add(function.__code__)
        yield function
        if depth < _HELPERS:
            waiting += [(each, depth + 1) for each in _named(function, owner)]


def _hooks(owner: type) -> Iterator[FunctionType]:
    for base in owner.__mro__:
        for name, value in vars(base).items():
            is_hook = name not in _HANDLERS and not hasattr(value, "mapping")
            if is_hook and isinstance(value, FunctionType) and not is_library(value):
                yield value


_HANDLERS = frozenset(
    """
    get post put patch delete head options trace dispatch setup initial list create retrieve
    update partial_update destroy get_permissions
    """.split()
)


def _named(function: FunctionType, owner: type | None) -> Iterator[FunctionType]:
    """Yield what ``function`` may call: functions by their name, and methods of its class."""
    enclosed, own = functions.cells(function), _own_names(function.__code__) - _HANDLERS
    for name in sorted(names_in(function.__code__)):
        for value in (
            enclosed.get(name),
            function.__globals__.get(name),
            getattr(owner, name, None) if owner and name in own else None,
        ):
            found = layers.layers(value)[-1] if callable(value) else None
            if isinstance(found, FunctionType):
                yield found


@remembered
def _own_names(code: CodeType) -> frozenset[str]:
    """Return the names that ``code`` takes from ``self``."""
    found: set[str] = set()
    before: Any = None
    for step in dis.get_instructions(code):
        if (
            step.opname in {"LOAD_ATTR", "LOAD_METHOD"}
            and isinstance(before, str)
            and before in {"self", "cls"}
        ):
            found.add(str(step.argval))
        # Two loads may be one instruction; the second is on top.
        is_pair = isinstance(step.argval, tuple) and "LOAD_FAST" in step.opname
        before = step.argval[-1] if is_pair else step.argval if step.argrepr else None
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _own_names(constant)
    return frozenset(found)


def _calls_closed(view: Any) -> bool:
    """Whether ``view`` hands on to another view, which may be closed."""
    function = function_of(view)
    if function is None or is_library(function):
        return False
    named = (function.__globals__.get(name) for name in names_in(function.__code__))
    return any(isinstance(each, FunctionType) and _may_be_closed(each) for each in named)


def _may_be_closed(view: FunctionType) -> bool:
    if is_library(view):
        return False
    return hasattr(view, "view_class") or len(layers.layers(view)) > 1


@remembered
def _refuses(function: FunctionType) -> bool:
    names = names_in(function.__code__)
    if names & _REFUSALS or _numbers_in(function.__code__) & _STATUSES:
        return True
    return bool(names & _PERSONAL) and _decides(function)


def _decides(function: FunctionType) -> bool:
    """Whether ``function`` returns or raises depending on who it is."""
    if function.__code__.co_filename.startswith("<"):
        return True  # of no file: what linecache has under that name is other code, of python -c
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return True  # it mentions who it is, and more cannot be read
    personal = _PERSONAL | _kept(tree)
    return any(_is_decision(node, personal) for node in ast.walk(tree))


def _kept(tree: ast.AST) -> set[str]:
    """Return the variables that hold something about the user."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if _mentions(node.value, _PERSONAL):
                found |= {each.id for each in targets if isinstance(each, ast.Name)}
    return found


def _is_decision(node: ast.AST, personal: frozenset[str] | set[str]) -> bool:
    if isinstance(node, ast.If | ast.While):
        return _mentions(node.test, personal) and _leaves([*node.body, *node.orelse])
    if isinstance(node, ast.Match):
        return _mentions(node.subject, personal) and _leaves(node.cases)
    if isinstance(node, ast.Assert):
        return _mentions(node.test, personal)
    if isinstance(node, ast.Return) and node.value:
        # One of two answers, which is chosen in the line itself.
        chosen = [each for each in ast.walk(node.value) if isinstance(each, ast.IfExp)]
        return any(_mentions(each.test, personal) for each in chosen)
    return False


def _mentions(tree: ast.AST, names: frozenset[str] | set[str]) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.Name) and node.id in names)
        for node in ast.walk(tree)
    )


def _leaves(nodes: list[Any]) -> bool:
    return any(
        isinstance(each, ast.Return | ast.Raise) for node in nodes for each in ast.walk(node)
    )
