"""``public(reason=...)``: who opens a view says why, and nothing else is opened.

For plain views and those of REST framework, which need not be there. What makes a view public is
Django's own mark (``login_not_required``) and REST framework's own permission (``AllowAny``), so
that everything which knows those knows what is public. The reason is kept beside them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from typing import Any, Final, TypeVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.decorators import login_not_required
from django.utils.decorators import classonlymethod

View = TypeVar("View", bound=Callable[..., Any])

_NAME: Final = "public_reason"
_CLASSES: Final = "permission_classes"


def public(*, reason: str) -> Callable[[View], View]:
    """Mark a view as open to anybody, on purpose.

    As in::

        @public(reason="Probe of the load balancer")
        def health(request): ...

    - A function, sync or async; above or below ``@api_view``.
    - A class, of Django or of REST framework. Its subclasses are not marked: what they add was not
      meant. ``as_view(permission_classes=...)`` closes it again.
    - A method of a view of REST framework, such as an action, in any order with ``@action`` and
      outside of other decorators. It opens that action only. Permission classes of the view do not
      keep anybody from it, throttles and CSRF do what they did.

    :func:`public_reason` finds the reason, which is kept as an attribute of that name.

    Raises:
        ValueError: there is no reason.
        TypeError: this is no view, or one that says who may call it in another way. From inside of
            a class Python 3.11 makes a RuntimeError of it.
    """
    if not _is_reason(reason):
        raise ValueError("public() needs a reason: public(reason='Probe of the load balancer')")

    def mark(view: Any) -> Any:
        if isinstance(view, type):
            return _mark_class(view, reason)
        if not callable(view):
            raise TypeError(f"public() marks views, and {view!r} is none")
        if _is_in_class(view):
            return _Method(_mark(view, reason))
        return _mark_function(view, reason)

    return mark


def public_reason(view: Any, name: str | None = None) -> str | None:
    """Return why ``view`` was marked as public, or None where it was not.

    Args:
        view: what the URLconf has, or a class.
        name: of a method or an action: ``"get"``, ``"list"``. In what ``as_view()`` of a viewset
            has made, the method stands for its action.
    """
    cls = view
    if not isinstance(view, type):
        reason: str | None = getattr(view, _NAME, None)
        cls = getattr(view, "cls", None)
        if reason is not None or cls is None or _CLASSES in getattr(view, "initkwargs", ()):
            return reason
    carried = (getattr(each, _NAME, None) for each in getattr(cls, _CLASSES, None) or ())
    reason = vars(cls).get(_NAME) or next(filter(None, carried), None)
    if reason is None and name is not None:
        actions = getattr(view, "actions", None) or {}
        # A viewset adds its HEAD with the first request.
        head = {"head": actions["get"]} if "get" in actions else {}
        reason = _reason_of_method(cls, {**head, **actions}.get(name.lower(), name))
    return reason


def _is_reason(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _reason_of_method(cls: type, name: str) -> str | None:
    if name == "head" and not hasattr(cls, name):  # as View.setup() does
        name = "get"
    return getattr(getattr(cls, name, None), _NAME, None)


def _mark(view: Any, reason: str) -> Any:
    view.public_reason = reason
    return login_not_required(view)


# -- Functions -----------------------------------------------------------------------------------


def _mark_function(view: Any, reason: str) -> Any:
    cls = getattr(view, "cls", None)
    if cls is not None:
        if not _is_of_api_view(cls):
            raise TypeError(
                f"public() cannot open what {cls.__name__}.as_view() has made, and nothing else of "
                "that class: mark the class, or the method"
            )
        _refuse_others(cls.__name__, cls.permission_classes, default=cls.__base__)
        cls.permission_classes = [_anybody(reason)]
    elif "rest_framework" in sys.modules:  # @api_view, which may come next, reads this
        _refuse_others(getattr(view, "__name__", "?"), getattr(view, _CLASSES, None))
        view.permission_classes = [_anybody(reason)]
    return _mark(view, reason)


def _is_of_api_view(cls: type) -> bool:
    """Whether ``@api_view`` has made ``cls``, which no other view has then."""
    handlers = (vars(cls).get(name) for name in getattr(cls, "http_method_names", ()))
    return any(
        getattr(each, "__qualname__", "").startswith("api_view.<locals>") for each in handlers
    )


# -- Classes -------------------------------------------------------------------------------------


def _mark_class(cls: Any, reason: str) -> Any:
    if not hasattr(cls, "as_view"):
        raise TypeError(f"public() marks views, and {cls.__name__} has no as_view()")
    _refuse_others(cls.__name__, vars(cls).get(_CLASSES))
    if "get_permissions" in vars(cls) and not _is_hook(vars(cls)["get_permissions"]):
        raise TypeError(
            f"{cls.__name__} decides in get_permissions() who may call it, and is marked as "
            "public: mark the methods, or remove one of the two"
        )
    cls.public_reason = reason
    _mark_what_as_view_makes(cls, reason)
    if hasattr(cls, "get_permissions"):
        _hook_permissions(cls)
    return cls


def _mark_what_as_view_makes(cls: Any, reason: str) -> None:
    own = vars(cls).get("as_view")

    def as_view(klass: Any, *args: Any, **initkwargs: Any) -> Any:
        make = own.__get__(None, klass) if own else super(cls, klass).as_view
        view = make(*args, **initkwargs)
        return _mark(view, reason) if klass is cls and _CLASSES not in initkwargs else view

    cls.as_view = classonlymethod(as_view)


# -- Methods -------------------------------------------------------------------------------------


class _Method:
    """A marked function until its class is made, which ``__set_name__`` is told of."""

    def __init__(self, function: Any) -> None:
        self._function = function
        update_wrapper(self, function)
        if iscoroutinefunction(function):
            markcoroutinefunction(self)

    def __set_name__(self, owner: Any, name: str) -> None:
        function = self._function
        added = {key: value for key, value in vars(self).items() if key[0] != "_"}
        vars(function).update(added)  # what @action has said about it
        setattr(owner, name, function)
        _refuse_others(name, getattr(function, "kwargs", {}).get(_CLASSES))
        if hasattr(owner, "as_view") and not hasattr(owner, "get_permissions"):
            raise TypeError(
                f"public() cannot open {name}() alone: login_not_required is for whole views. "
                f"Mark {owner.__name__}, or make two views of it"
            )
        if hasattr(owner, "get_permissions") or "rest_framework" in sys.modules:
            _hook_permissions(owner)

    # Where a decorator hides it from the class it still works, as the method that it was.
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self._function.__get__(instance, owner)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)


def _is_in_class(function: Any) -> bool:
    """Whether ``function`` is being defined in the body of a class."""
    around = getattr(function, "__qualname__", "").rpartition(".")[0]
    return bool(around) and not around.endswith("<locals>") and not hasattr(function, "cls")


# -- The permissions of REST framework -----------------------------------------------------------


def _hook_permissions(owner: Any) -> None:
    """Let what is marked be decided by the mark, and all else by who has decided it so far."""
    own = vars(owner).get("get_permissions")
    if _is_hook(own):
        return

    def get_permissions(self: Any) -> Any:
        reason = _reason_in_force(self)
        if reason is not None:
            return [_anybody(reason)()]
        return own(self) if own else super(owner, self).get_permissions()

    # So that others see whose method it was.
    get_permissions.__wrapped__ = getattr(owner, "get_permissions", None)  # type: ignore[attr-defined]
    owner.get_permissions = get_permissions


def _is_hook(method: Any) -> bool:
    return getattr(method, "__module__", None) == __name__


def _reason_in_force(view: Any) -> str | None:
    """Return why what ``view`` is asked for is public, or None."""
    cls = type(view)
    if _CLASSES in vars(view):  # given to as_view()
        return None
    reason = vars(cls).get(_NAME)
    if _is_reason(reason):
        return str(reason)
    is_viewset = getattr(view, "action_map", None) is not None
    name = view.action if is_viewset else getattr(getattr(view, "request", None), "method", None)
    if not name:
        return None
    return _reason_of_method(cls, name if is_viewset else name.lower())


def _anybody(reason: str) -> Any:
    # By name: nothing of REST framework is needed to mark a plain view.
    return import_module("django_hardened.drf.permissions").anybody(reason)


def _refuse_others(name: str, classes: Any, default: Any = None) -> None:
    """Refuse to open what somebody has closed as well.

    Raises:
        TypeError: ``classes`` has another permission than AllowAny.
    """
    if classes is None or (default is not None and classes is default.permission_classes):
        return
    if any(getattr(each, "__name__", "") not in ("AllowAny", "Public") for each in classes):
        raise TypeError(f"{name} has permission_classes, and is marked as public: remove one")
