"""4xx: whom Django REST framework lets in by default, as it is in effect."""

from __future__ import annotations

import inspect
from dis import get_instructions
from types import FunctionType
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage

from django_hardened.checks import api, declared, stack
from django_hardened.checks.classes import is_always_true, is_subclass, load_class, load_object
from django_hardened.checks.rules import Rule

_CLOSED = (
    'REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] = ["rest_framework.permissions.IsAuthenticated"]'
)
_AUTHENTICATION = (
    'REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = '
    '["django_hardened.drf.authentication.TokenAuthentication", '
    '"django_hardened.drf.authentication.SessionAuthentication"]'
)

if TYPE_CHECKING:
    from django_hardened.drf.inspection import ApiView

E401 = Rule(
    "E401",
    "The default permission of REST framework admits anybody, and {subject} says nothing of its "
    "own.{note}",
    f'{_CLOSED}  # then @public(reason="<why>"), of django_hardened.public, on views that are '
    "public on purpose",
    "REST_FRAMEWORK",
    asvs="8.2.1",
    cwe=862,
)
W402 = Rule(
    "W402",
    "The default permission of REST framework admits anybody: the next API view will be "
    "open.{note}",
    _CLOSED,
    "REST_FRAMEWORK",
    asvs="8.2.1",
    cwe=1188,
)
W403 = Rule(
    "W403",
    "REST framework accepts BasicAuthentication by default: a password travels with each "
    "request, and can be guessed at any rate.",
    _AUTHENTICATION,
    "REST_FRAMEWORK",
    asvs="6.3.1",
    cwe=307,
)
W406 = Rule(
    "W406",
    "REST_FRAMEWORK[{subject!r}] {problem}: requests to the API fail, and nothing of this setting "
    "is in force.",
    "Correct the path, or install the package that it is of; a list of classes is written as "
    '["<path>"].',
    "REST_FRAMEWORK",
)
W407 = Rule(
    "W407",
    "The default permission of REST framework ({subject}) lets anybody read.",
    f"{_CLOSED}  # then the one in force now on views that are public on purpose",
    "REST_FRAMEWORK",
    asvs="8.2.1",
    cwe=1188,
)
W408 = Rule(
    "W408",
    "REST framework authenticates nobody by default: DEFAULT_AUTHENTICATION_CLASSES is empty, and "
    "{consequence}.",
    _AUTHENTICATION,
    "REST_FRAMEWORK",
    cwe=306,
)
E409 = Rule(
    "E409",
    "UNAUTHENTICATED_USER of REST framework is {subject}, which says that it is authenticated: "
    "IsAuthenticated admits strangers.",
    'Remove REST_FRAMEWORK["UNAUTHENTICATED_USER"]; AnonymousUser is the default.',
    "REST_FRAMEWORK",
    cwe=287,
)
RULES = (E401, W402, W403, W406, W407, W408, E409)

# What there is in bytecode around the making of one object, and nothing else.
_AROUND_A_CALL = {"RESUME", "CACHE", "NOP", "PUSH_NULL", "PRECALL", "KW_NAMES", "RETURN_VALUE"}
_PERMISSIONS = "rest_framework.permissions."
_BASIC = "rest_framework.authentication.BasicAuthentication"
_ANYBODY = (f"{_PERMISSIONS}AllowAny",)
_READERS = (
    f"{_PERMISSIONS}IsAuthenticatedOrReadOnly",
    f"{_PERMISSIONS}DjangoModelPermissionsOrAnonReadOnly",
)
_FALSE_SENSE = " LoginRequiredMiddleware does not help: REST framework opts its views out of it."


def check_importable(**kwargs: Any) -> list[CheckMessage]:
    if not api.is_used(api.views()):
        return []
    from django_hardened.drf import effective  # noqa: PLC0415  # only where REST framework is used

    findings = [
        W406.found(subject=name, problem="is not a list of classes")
        for name in effective.misshapen()
    ]
    findings += [
        W406.found(subject=name, problem=f"names {path}, which cannot be imported here")
        for name, path in effective.named()
        # Ours needs what the others are, and would be found because of one of them.
        if load_object(path) is None and not path.startswith("django_hardened.")
    ]
    return findings + [
        W406.found(subject=name, problem=f"names {path}, which is no permission: its views fail")
        for name, path in effective.named()
        if name == "DEFAULT_PERMISSION_CLASSES" and _is_no_permission(load_object(path))
    ]


def _is_no_permission(found: object) -> bool:
    return isinstance(found, type) and not hasattr(found, "has_permission")


def check_permissions(**kwargs: Any) -> list[CheckMessage]:
    views = api.views()
    if not api.is_used(views):
        return []
    from django_hardened.drf import effective  # noqa: PLC0415

    classes = effective.paths("DEFAULT_PERMISSION_CLASSES")
    if _admit_anybody(classes):
        has_middleware = stack.has("django.contrib.auth.middleware.LoginRequiredMiddleware")
        note = _FALSE_SENSE if has_middleware else ""
        # One by one: a waiver for one of them says nothing of a view that is added later.
        names = declared.without_declared(_relying(views))
        open_views = [E401.found(subject=name, note=note) for name in names]
        return open_views or [W402.found(note=note)]
    if all(_is_unchanged(path, *_ANYBODY, *_READERS) for path in classes):
        reader = next(path for path in classes if not _is_unchanged(path, *_ANYBODY))
        return [W407.found(subject=reader)]
    return []


def _relying(views: list[ApiView]) -> list[str]:
    """Return the views of the project that leave it to the default who may call them."""
    return sorted({v.name for v in views if v.is_own and v.relies_on_default_permissions})


def open_by_default() -> set[str]:
    """Return the views that E401 is about, declared or not."""
    views = api.views()
    if not api.is_used(views):
        return set()
    from django_hardened.drf import effective  # noqa: PLC0415

    is_open = _admit_anybody(effective.paths("DEFAULT_PERMISSION_CLASSES"))
    return set(_relying(views)) if is_open else set()


def _admit_anybody(classes: tuple[str, ...]) -> bool:
    return all(_is_unchanged(path, *_ANYBODY) for path in classes)


def _is_unchanged(path: str, *bases: str) -> bool:
    """Whether ``path`` names one of ``bases``, or something that decides as it does."""
    return path in bases or _decides_as(load_object(path), bases)


def _decides_as(permission: object, bases: tuple[str, ...]) -> bool:
    """Whether a subclass, or a composition with ``&`` and ``|``, decides as one of ``bases``."""
    operator = getattr(permission, "operator_class", None)
    if operator:
        operands = (getattr(permission, name, None) for name in ("op1_class", "op2_class"))
        decisions = [_decides_as(operand, bases) for operand in operands]
        return any(decisions) if operator is load_class(f"{_PERMISSIONS}OR") else all(decisions)
    if not isinstance(permission, type):
        return False
    return _admits_anybody(permission) or any(
        issubclass(permission, base)
        and getattr(permission, "has_permission", None) is getattr(base, "has_permission", None)
        for base in map(load_class, bases)
        if base
    )


def _admits_anybody(permission: type) -> bool:
    """Whether it says yes to every request, and to every object."""
    methods = (getattr(permission, f"has_{name}permission", None) for name in ("", "object_"))
    return all(map(is_always_true, methods))


def _relied_on(views: list[ApiView]) -> bool:
    """Whether a view of the project takes the default authentication, or may come to."""
    own = [view for view in views if view.is_own]
    return not own or any(view.relies_on_default("authentication_classes") for view in own)


def check_authentication(**kwargs: Any) -> list[CheckMessage]:
    views = api.views()
    if not api.is_used(views):
        return []
    from django_hardened.drf import effective  # noqa: PLC0415

    findings = []
    classes = effective.paths("DEFAULT_AUTHENTICATION_CLASSES")
    if _relied_on(views) and any(is_subclass(path, _BASIC) for path in classes):
        findings.append(W403.found())
    if not classes and "DEFAULT_AUTHENTICATION_CLASSES" not in effective.misshapen():
        permissions = effective.paths("DEFAULT_PERMISSION_CLASSES")
        is_open = all(_is_unchanged(path, *_ANYBODY, *_READERS) for path in permissions)
        consequence = "every client is a stranger" if is_open else "the permissions admit nobody"
        findings.append(W408.found(consequence=consequence))
    user = effective.value("UNAUTHENTICATED_USER")
    cls = _made_by(load_object(user) if isinstance(user, str) else user)
    if cls and _says_authenticated(cls):
        subject = user if isinstance(user, str) else f"{cls.__module__}.{cls.__qualname__}"
        findings.append(E409.found(subject=subject))
    return findings


def _made_by(found: object) -> type | None:
    """Return the class, or that of what the function does nothing but make; None if unknown."""
    if isinstance(found, type) or not isinstance(found, FunctionType):
        return found if isinstance(found, type) else None
    steps = [step for step in get_instructions(found) if step.opname not in _AROUND_A_CALL]
    names = [step.argval for step in steps if step.opname.startswith(("LOAD_GLOBAL", "LOAD_ATTR"))]
    if not names or any(not step.opname.startswith(("LOAD_", "CALL")) for step in steps):
        return None
    made: object = found.__globals__.get(names[0])
    for name in names[1:]:
        made = getattr(made, name, None)
    made = get_user_model() if made is get_user_model else made
    return made if isinstance(made, type) else None


def _says_authenticated(cls: type) -> bool:
    """Whether the user class answers ``is_authenticated`` with yes, whoever it is."""
    answer = inspect.getattr_static(cls, "is_authenticated", None)
    if isinstance(answer, property) and answer.fget:
        try:
            return answer.fget(None) is True
        except Exception:  # noqa: BLE001  # it looks at its instance: nothing is known
            return False
    return answer is True


CHECKS = (check_importable, check_permissions, check_authentication)
