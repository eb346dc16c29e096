"""Values that rows are made of."""

from __future__ import annotations

import ipaddress
import json
import uuid
from typing import Any
from unittest import mock

import pytest
from audit_support import urls
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, models
from django.urls import path
from rest_framework.authtoken.models import Token

from django_hardened.audit import roles, rows
from django_hardened.audit.inference import Subject
from django_hardened.audit.roles import Role
from django_hardened.audit.urlconf import routes

FIELDS: list[Any] = [
    models.CharField(max_length=5),
    models.TextField(),
    models.SlugField(),
    models.EmailField(),
    models.URLField(),
    models.UUIDField(),
    models.GenericIPAddressField(),
    models.DateTimeField(),
    models.DateField(),
    models.TimeField(),
    models.DurationField(),
    models.DecimalField(max_digits=3, decimal_places=1),
    models.BooleanField(),
    models.IntegerField(),
    models.PositiveSmallIntegerField(),
    models.FloatField(),
    models.JSONField(),
    models.BinaryField(),
    models.CharField(max_length=1, choices=[("g", [("x", "X")])]),
]


@pytest.mark.parametrize("field", FIELDS, ids=[str(number) for number in range(len(FIELDS))])
def test_a_value_is_one_that_the_field_takes(field: Any) -> None:
    value = rows._value(field, 1)
    assert field.to_python(value) == value
    if isinstance(field, models.GenericIPAddressField):
        ipaddress.ip_address(value)
    elif isinstance(field, models.JSONField):
        json.dumps(value)
    elif not isinstance(field, models.BooleanField | models.BinaryField):
        field.run_validators(value)


def test_a_field_of_an_unknown_kind_has_no_value() -> None:
    with pytest.raises(rows.NoRow):
        rows._value(models.Field(name="odd"), 1)


@pytest.mark.parametrize(
    ("field", "is_needed"),
    [
        (models.AutoField(primary_key=True), False),
        (models.UUIDField(primary_key=True), True),
        (models.UUIDField(primary_key=True, default=uuid.uuid4), False),
        (models.CharField(), True),
        (models.CharField(default=""), False),
        (models.CharField(null=True), False),
        (models.CharField(blank=True), False),
        (models.IntegerField(blank=True), True),
    ],
)
def test_what_a_row_needs(field: Any, is_needed: bool) -> None:
    assert rows._is_needed(field) is is_needed


@pytest.mark.django_db
def test_rows_are_made_with_the_rows_that_they_need() -> None:
    token = rows._any_row(Token)
    assert token.user == User.objects.get()
    assert rows._any_row(Token) == token


@pytest.mark.django_db
def test_a_row_that_cannot_be_made_is_none() -> None:
    with pytest.raises(rows.NoRow):
        rows._created(Group, {}, 0)
    with pytest.raises(rows.NoRow, match="Group: "):
        rows._created(Group, {"nothing": 1}, 1)
    with mock.patch.object(Group._base_manager, "first", side_effect=DatabaseError):
        assert rows._any_row(Group) is None


def test_a_model_is_what_a_view_names() -> None:
    class Lazy:
        @property
        def queryset(self) -> Any:
            raise RuntimeError

    assert rows._model_of(Lazy()) is None
    assert rows._model_of(mock.Mock(queryset=None, model=Group)) is Group
    assert rows._model_of(mock.Mock(queryset=None, model="auth.Group")) is None


def test_a_path_without_a_row_is_sampled() -> None:
    with urls(path("a/<int:group_id>/", lambda request, group_id: None)):
        (route,) = routes()
        with mock.patch.object(rows, "_any_row", return_value=None):
            assert rows.values_for(Subject(route)) == {}


def test_users_of_other_models_have_their_marks() -> None:
    class Keyed:
        pk: Any = None
        USERNAME_FIELD = "email"
        _meta = mock.Mock(pk=models.UUIDField())
        is_active = property(lambda self: True)
        email = property(lambda self: "e")

        def __init__(self) -> None:
            self._state = mock.Mock()

    user = roles._user(Role.STAFF, Keyed)
    assert (user.pk, user.is_staff, user.is_active) == (uuid.UUID(int=1), True, True)
