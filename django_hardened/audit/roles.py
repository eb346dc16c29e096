"""Who asks: a stranger, a user without any right, and one of the staff; none is in a database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.db.models import Field, UUIDField


class Role(StrEnum):
    """Those who call an endpoint, from who has least to who has most."""

    ANONYMOUS = "anonymous"
    AUTHENTICATED = "authenticated"
    STAFF = "staff"


class DatabaseTouched(Exception):
    """What decides who may call looks it up, and there is nothing to look into."""


class NoDatabase:
    """While it is entered, whatever asks for a database fails, and it is noted.

    Nothing is connected to: the audit is also for a build that has no database.
    """

    def __init__(self) -> None:
        self.touched = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        with ExitStack() as stack:
            for connection in connections.all():
                for name in ("connect", "cursor", "chunked_cursor", "temporary_connection"):
                    stack.enter_context(_shadowed(connection, name, self._refuse))
            yield

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        self.touched = True
        raise DatabaseTouched


no_database = NoDatabase()


@contextmanager
def _shadowed(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Set an attribute of an instance, and put back what the instance itself had."""
    previous = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if previous is None:
            delattr(owner, name)
        else:
            setattr(owner, name, previous)


def user_of(role: Role) -> Any:
    """Return a user for ``role``, who has no permission and is in no database."""
    return AnonymousUser() if role is Role.ANONYMOUS else _user(role, get_user_model())


@cache
def _user(role: Role, model: type[Any]) -> Any:
    user = model()
    key = model._meta.pk
    user.pk = _key(key)
    marks = {
        "password": "!",
        "is_active": True,
        "is_staff": role is Role.STAFF,
        "is_superuser": False,
    }
    for name, value in marks.items():
        with suppress(AttributeError):  # a property
            setattr(user, name, value)
    name_field = getattr(model, "USERNAME_FIELD", "")
    with suppress(AttributeError):
        setattr(user, name_field, f"audit-{role.value}")
    # Where ModelBackend keeps what it has read: that it has none.
    for cached in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        setattr(user, cached, set())
    user._state.adding = False
    user._state.db = "default"
    return user


def _key(field: Field[Any, Any]) -> Any:
    return uuid.UUID(int=1) if isinstance(field, UUIDField) else 1
