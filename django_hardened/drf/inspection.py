"""The API views of a project, and who of them relies on which default of REST framework."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from inspect import getclosurevars, unwrap
from typing import Any, NamedTuple

from django.conf import settings
from django.views import View
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from django_hardened.installed import is_from_a_package
from django_hardened.public import public_reason

# Views of which a URLconf makes one with arguments and without a class of its own.
_MADE_IN_URLCONFS = (
    "rest_framework.generics",
    "rest_framework.views",
    "rest_framework.viewsets",
)
_SCHEMA_MODULES = ("drf_spectacular.views", "drf_yasg.views", "rest_framework.schemas.views")


class ApiView(NamedTuple):
    """A view of the URLconf that DRF's ``as_view`` made."""

    cls: type[APIView]
    initkwargs: dict[str, Any]

    @property
    def name(self) -> str:
        """The dotted name; of a function view, that of the function."""
        named = _function_of(self.cls) or self.cls
        return f"{named.__module__}.{named.__qualname__}"

    @property
    def is_own(self) -> bool:
        """Whether it is the project's, and not one that a package brings along."""
        module = self.cls.__module__
        if module in _MADE_IN_URLCONFS:
            return True
        package = module.partition(".")[0]
        if package == str(getattr(settings, "ROOT_URLCONF", "")).partition(".")[0]:
            return True
        return not is_from_a_package(module)

    def value(self, name: str) -> Any:
        """Return an attribute as it is in force: ``as_view`` may have been given another."""
        return self.initkwargs.get(name, getattr(self.cls, name, None))

    def relies_on_default(self, name: str) -> bool:
        """Whether the attribute ``name`` is the one that DRF filled in from its settings."""
        base = GenericAPIView if hasattr(GenericAPIView, name) else APIView
        return name not in self.initkwargs and self.value(name) is getattr(base, name)

    @property
    def relies_on_default_permissions(self) -> bool:
        """Whether nothing but ``DEFAULT_PERMISSION_CLASSES`` decides who may call it."""
        return (
            self.relies_on_default("permission_classes")
            and public_reason(self.cls) is None
            # One that public() has put around it decides about what is marked only.
            and unwrap(self.cls.get_permissions) is APIView.get_permissions
        )

    @property
    def is_schema(self) -> bool:
        """Whether it shows the schema of the API, or a page made from it."""
        return any(base.__module__.startswith(_SCHEMA_MODULES) for base in self.cls.__mro__)

    @property
    def admits_anybody(self) -> bool:
        """Whether its own permissions, other than the default, keep nobody out."""
        if public_reason(self.cls) is not None and "permission_classes" not in self.initkwargs:
            return True
        classes = self.value("permission_classes") or ()
        return not self.relies_on_default("permission_classes") and all(
            isinstance(cls, type) and issubclass(cls, AllowAny) for cls in classes
        )

    @property
    def lists_everything(self) -> bool:
        """Whether it is a list whose pages are those of ``DEFAULT_PAGINATION_CLASS``, if any."""
        if not issubclass(self.cls, ListModelMixin) or "pagination_class" in self.initkwargs:
            return False
        # None is None, whoever said so: what counts is where it stands.
        says = next(base for base in self.cls.__mro__ if "pagination_class" in vars(base))
        return says is GenericAPIView and self.cls.list is ListModelMixin.list

    @property
    def own_throttles(self) -> tuple[type, ...]:
        """The throttle classes that it names itself."""
        if self.relies_on_default("throttle_classes"):
            return ()
        return tuple(cls for cls in self.value("throttle_classes") or () if isinstance(cls, type))

    def throttles(self, defaults: Sequence[type]) -> Sequence[type]:
        """Return the throttle classes in force, which are ``defaults`` where it names none.

        None where it makes them itself, as it likes.
        """
        if self.cls.get_throttles is not APIView.get_throttles:
            return ()
        return defaults if self.relies_on_default("throttle_classes") else self.own_throttles


def _function_of(cls: type) -> Any:
    """Return the function that ``@api_view`` made the class of, or None."""
    if cls.__qualname__ != "WrappedAPIView":
        return None
    handlers = (vars(cls).get(name) for name in View.http_method_names if name != "options")
    found = (getclosurevars(each).nonlocals.get("func") for each in handlers if each)
    return next((unwrap(each) for each in found if each), None)


def api_views(callbacks: Iterable[Any]) -> list[ApiView]:
    """Return those of ``callbacks`` that are views of DRF."""
    return [
        ApiView(callback.cls, getattr(callback, "initkwargs", {}))
        for callback in callbacks
        if isinstance(cls := getattr(callback, "cls", None), type) and issubclass(cls, APIView)
    ]
