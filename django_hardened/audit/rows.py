"""Rows of the database to call with: users by role, and objects that a path can name."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from django_hardened.audit.admin import model_admin_of
from django_hardened.audit.inference import Subject
from django_hardened.audit.roles import Role

_DEPTH = 3  # objects that need objects that need objects


class NoRow(Exception):
    """A row cannot be made: something that it needs is not known."""


def user_in_database(role: Role) -> Any:
    """Create and return a user for ``role``, with no permission and no password.

    Raises:
        NoRow: the user model needs what cannot be made up.
    """
    model = get_user_model()
    names = {field.name for field in model._meta.get_fields()}
    given = {
        name: value
        for name, value in {
            "is_active": True,
            "is_staff": role is Role.STAFF,
            "is_superuser": False,
            "password": "!",
        }.items()
        if name in names
    }
    return _created(model, given, _DEPTH)


def values_for(subject: Subject) -> Mapping[str, tuple[str, ...]]:
    """Return what the path of ``subject`` may name: an object that is there, or is made."""
    names = subject.route.argument_names
    found: dict[str, tuple[str, ...]] = {}
    if not names:
        return found
    for name, (model, attribute) in _looked_up(subject).items():
        if name not in names:
            continue
        row = _any_row(model)
        value = getattr(row, attribute, None)
        if value is not None:
            found[name] = (str(value),)
    if "format" in names:
        found["format"] = _formats(subject.instance)
    return found


def _formats(view: Any) -> tuple[str, ...]:
    """Return the suffixes for which REST framework has a renderer; another one is a 404."""
    renderers = getattr(view, "renderer_classes", None) or ()
    known = [str(each.format) for each in renderers if getattr(each, "format", None)]
    return (*known, *(f".{each}" for each in known))


def _looked_up(subject: Subject) -> dict[str, tuple[Any, str]]:
    """Return the arguments that name an object: by name, its model and the attribute."""
    found = {
        f"{model._meta.model_name}{suffix}": (model, "pk")
        for model in apps.get_models()
        for suffix in ("_id", "_pk")
    }
    model_admin = model_admin_of(subject.layers)
    model = _model_of(subject.instance) or getattr(model_admin, "model", None)
    if model is None:
        return found
    view = subject.instance
    pk_name = str(getattr(view, "pk_url_kwarg", "pk"))
    found |= {"object_id": (model, "pk"), "id": (model, "pk"), pk_name: (model, "pk")}
    slug = getattr(view, "slug_url_kwarg", None)
    if slug:
        found[str(slug)] = (model, str(view.slug_field))
    lookup = getattr(view, "lookup_field", None)
    if lookup:
        found[str(getattr(view, "lookup_url_kwarg", None) or lookup)] = (model, str(lookup))
    return found


def _model_of(view: Any) -> Any:
    try:
        queryset = getattr(view, "queryset", None)
        model = getattr(queryset, "model", None) or getattr(view, "model", None)
    except Exception:  # noqa: BLE001  # a property, which wants a request
        return None
    return model if isinstance(model, type) and issubclass(model, models.Model) else None


def _any_row(model: Any) -> Any:
    try:
        return model._base_manager.first() or _created(model, {}, _DEPTH)
    except (NoRow, DatabaseError):
        return None


def _created(model: Any, given: dict[str, Any], depth: int) -> Any:
    if depth == 0:
        raise NoRow(model.__name__)
    values = dict(given)
    for field in model._meta.concrete_fields:
        if field.name not in values and _is_needed(field):
            values[field.name] = _value(field, depth)
    try:
        with transaction.atomic():
            return model._base_manager.create(**values)
    except Exception as error:
        raise NoRow(f"{model.__name__}: {type(error).__name__}") from error


def _is_needed(field: Any) -> bool:
    if field.primary_key:
        return not field.has_default() and not isinstance(field, models.AutoField)
    return not (field.has_default() or field.null or (field.blank and field.empty_strings_allowed))


def _value(field: Any, depth: int) -> Any:
    if isinstance(field, models.ForeignKey):
        related = field.remote_field.model
        row = None if field.one_to_one else related._base_manager.first()
        return row or _created(related, {}, depth - 1)
    if field.choices:
        return field.flatchoices[0][0]
    for kinds, make in _MAKERS:
        if isinstance(field, kinds):
            return make(field)
    raise NoRow(str(field))


def _text(field: Any) -> str:
    word = f"audit-{uuid.uuid4().hex[:12]}"
    return word[-field.max_length :] if field.max_length else word


_MAKERS: tuple[tuple[Any, Any], ...] = (
    (models.EmailField, lambda field: f"{_text(field)[:20]}@example.com"),
    (models.URLField, lambda field: f"https://example.com/{uuid.uuid4().hex}"),
    (models.UUIDField, lambda field: uuid.uuid4()),
    (models.GenericIPAddressField, lambda field: "192.0.2.1"),
    (models.DateTimeField, lambda field: timezone.now()),
    (models.DateField, lambda field: date(2024, 1, 1)),
    (models.TimeField, lambda field: time(12)),
    (models.DurationField, lambda field: timedelta(seconds=1)),
    (models.DecimalField, lambda field: Decimal(1)),
    (models.BooleanField, lambda field: False),
    (models.IntegerField | models.FloatField, lambda field: 1),
    (models.JSONField, lambda field: {}),
    (models.BinaryField, lambda field: b""),
    (models.CharField | models.TextField | models.FileField, _text),
)
