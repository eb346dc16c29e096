"""What is looked up of a key and of its owner, in one query, or from the cache."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import connections, router
from django.db.models import Q
from django.utils import timezone

from django_hardened.api_keys import configured, key_cache
from django_hardened.api_keys.models import APIKey

# How exact last_used_at is. An entry of the cache ends when it has to be written again.
PRECISION: Final = timedelta(seconds=60)

_OWN = "pk hash name scopes networks expires_at revoked_at last_used_at".split()
_MOMENTS = ("expires_at", "revoked_at", "last_used_at")


class Record(NamedTuple):
    """A row of the table, and the values of its owner by attribute.

    Not the models, which take as long to make as all the rest.
    """

    pk: int
    hash: str
    name: str
    scopes: str
    networks: str
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    owner: tuple[Any, ...]

    def make_owner(self) -> AbstractBaseUser:
        """Return the owner. What was not looked up is when it is asked for."""
        model = get_user_model()
        made: AbstractBaseUser = model.from_db(_database(), _owner_names(), self.owner)
        return made

    def is_due(self, now: datetime) -> bool:
        """Whether ``last_used_at`` has to be written."""
        return self.last_used_at is None or now - self.last_used_at >= PRECISION


def fetch(identifier: str, hashes: Sequence[str]) -> Record | None:
    """Look a key up that has one of ``hashes``, in the database that is written to.

    Replicas are behind. An unknown key and one with a wrong secret both find no row, and take the
    same time. That the database compares in a time that depends on what it compares tells nothing
    of a keyed hash, which nobody can steer; the caller compares again, in one that does not.
    """
    # As long as there are no fallbacks; IN takes longer to compile than all else that is here.
    one_of = {"hash": hashes[0]} if len(hashes) == 1 else {"hash__in": hashes}
    for row in _rows(_database(), _owner_names()).filter(identifier=identifier, **one_of):
        return Record._make((*row[: len(_OWN)], row[len(_OWN) :]))
    return None


@cache
def _rows(database: str, owner_names: tuple[str, ...]) -> Any:
    """Return the query without the key: to resolve its names takes longer than to ask it."""
    names = [*_OWN, *(f"owner__{name}" for name in owner_names)]
    return APIKey.objects.using(database).order_by().values_list(*names)


def note_use(record: Record, now: datetime) -> Record:
    """Write when a key was used; of requests at the same time, one changes the row.

    With ``ATOMIC_REQUESTS`` the row is then locked until the view has answered. Who comes meanwhile
    does not wait for that, where the database knows how.
    """
    unwritten = Q(last_used_at=None) | Q(last_used_at__lte=now - PRECISION)
    keys = APIKey.objects.using(_database()).filter(unwritten, pk=record.pk)
    connection = connections[_database()]
    if connection.in_atomic_block and connection.features.has_select_for_update_skip_locked:
        free = keys.order_by().select_for_update(skip_locked=True).values_list("pk", flat=True)
        keys = APIKey.objects.using(_database()).filter(unwritten, pk__in=list(free))
    keys.update(last_used_at=now)
    return record._replace(last_used_at=now)


def rehash(record: Record, current: str) -> None:
    """Store the hash under SECRET_KEY in place of one under a fallback, which will be removed."""
    keys = APIKey.objects.using(_database())
    keys.filter(pk=record.pk, hash=record.hash).update(hash=current)


# -- The cache -----------------------------------------------------------------------------------


def cached(identifier: str) -> Record | None:
    """Return what another request has verified, if it is cached."""
    found = key_cache.get(_database(), identifier)
    if found is None:
        return None
    try:
        values = dict(zip(_OWN, found["key"], strict=True))
        fields = _owner_fields(get_user_model())
        owner = zip(_owner_names(), found["owner"], strict=True)
        for name in _MOMENTS:
            values[name] = values[name] and datetime.fromisoformat(values[name])
        if timezone.is_aware(values["expires_at"]) is not settings.USE_TZ:
            return None  # from before the setting was changed
        return Record(**values, owner=tuple(fields[name].to_python(value) for name, value in owner))
    except (AttributeError, TypeError, ValueError, LookupError, ValidationError):
        # Of another release.
        return None


def keep(identifier: str, record: Record, now: datetime) -> None:
    """Cache ``record``, which has been verified, until its use has to be written again."""
    if configured.cache_alias() is None:
        return
    values = {name: getattr(record, name) for name in _OWN}
    for name in _MOMENTS:
        values[name] = values[name] and values[name].isoformat()
    used = record.last_used_at or now
    left = (used + PRECISION - now) // timedelta(seconds=1)
    stored = {"key": [*values.values()], "owner": record.owner}
    key_cache.add(_database(), identifier, stored, left)


def _database() -> str:
    return router.db_for_write(APIKey)


# -- The owner -----------------------------------------------------------------------------------


def _owner_names() -> tuple[str, ...]:
    """Return what of the owner is looked up: all of it, or what may be left lying in a cache.

    That HARDENED_API_KEY_CACHE is set decides, not that something was found: a view that asks for
    more behaves the same each time.
    """
    return _names(get_user_model(), is_cached=configured.cache_alias() is not None)


@cache
def _names(model: Any, *, is_cached: bool) -> tuple[str, ...]:
    fields = _owner_fields(model)
    if not is_cached:
        return tuple(fields)
    lasting = {model.USERNAME_FIELD, "is_active", "is_staff", "is_superuser"}
    lasting.add(model._meta.pk.attname)  # noqa: SLF001  # documented
    return tuple(name for name in fields if name in lasting)


@cache
def _owner_fields(model: Any) -> dict[str, Any]:
    return {field.attname: field for field in model._meta.concrete_fields}  # noqa: SLF001  # documented
