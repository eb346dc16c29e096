"""What a probe must not set off: mail, tasks, caches and counts are kept to this process."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from django.conf import settings
from django.core import mail
from django.core.cache import caches
from django.db import connections, transaction
from django.test.utils import override_settings

_MAIL = "django.core.mail.backends.locmem.EmailBackend"
_TASKS = "django.tasks.backends.dummy.DummyBackend"
_CACHE = "django.core.cache.backends.locmem.LocMemCache"


class ProbeImpossible(Exception):
    """The project is such that a probe would leave traces, or that no call arrives."""


@dataclass
class Captured:
    """What calls would have sent."""

    mails: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)


@contextmanager
def isolated() -> Iterator[Captured]:
    """Keep what is called from the world: databases are rolled back, nothing is sent.

    Raises:
        ProbeImpossible: a database has no transactions.
    """
    with ExitStack() as stack:
        captured = stack.enter_context(without_sending())
        stack.enter_context(quiet())
        for alias in connections:
            stack.enter_context(rolled_back(alias))
        yield captured


@contextmanager
def rolled_back(alias: str) -> Iterator[None]:
    """Undo at the end whatever was done in the database ``alias``."""
    if not connections[alias].features.uses_savepoints:
        raise ProbeImpossible(f"The database {alias!r} cannot take back what a call changes.")
    atomic: Any = transaction.atomic(using=alias)
    # Blocks of views that have to be the outermost are not, as in tests.
    atomic._from_testcase = True
    with atomic:
        yield
        transaction.set_rollback(True, using=alias)


@contextmanager
def without_sending() -> Iterator[Captured]:
    """Have mail and tasks caught, and caches be of this process only."""
    captured, outbox = Captured(), getattr(mail, "outbox", None)
    with override_settings(**_overrides()), _without_celery(captured):
        mail.outbox = []  # what locmem appends to
        try:
            yield captured
        finally:
            captured.mails += [str(message.subject) for message in mail.outbox]
            if outbox is None:
                del mail.outbox  # which tells test runs from others
            else:
                mail.outbox = outbox


@contextmanager
def private_caches() -> Iterator[None]:
    """Have caches of this process only, and none of the limits that this package counts."""
    with override_settings(**_own_caches()):
        yield


def forget_cached() -> None:
    """Empty the private caches: what one call has left there is no answer to the next."""
    for cache in caches.all(initialized_only=True):
        cache.clear()


def _own_caches() -> dict[str, Any]:
    return {
        "RATELIMIT_ENABLE": False,
        "CACHES": {
            alias: {"BACKEND": _CACHE, "LOCATION": f"audit-{alias}-{uuid.uuid4()}"}
            for alias in settings.CACHES
        },
    }


def _overrides() -> dict[str, Any]:
    overrides = _own_caches()
    if hasattr(settings, "MAILERS"):  # since Django 6.1
        mailers: dict[str, Any] = settings.MAILERS  # type: ignore[misc]  # the stubs lack it
        overrides["MAILERS"] = {alias: {"BACKEND": _MAIL} for alias in mailers}
    else:
        overrides["EMAIL_BACKEND"] = _MAIL
    if hasattr(settings, "TASKS"):
        overrides["TASKS"] = {
            alias: {**options, "BACKEND": _TASKS} for alias, options in settings.TASKS.items()
        }
    return overrides


@contextmanager
def quiet() -> Iterator[None]:
    """Write no log: each refusal and each failure would be a line in that of the project."""
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(previous)


@contextmanager
def _without_celery(captured: Captured) -> Iterator[None]:
    # A task exists only where Celery has been imported already.
    celery_task = sys.modules.get("celery.app.task")
    celery_base = sys.modules.get("celery.app.base")
    if celery_task is None or celery_base is None:
        yield
        return

    def note(sender: Any, *args: Any, **kwargs: Any) -> Any:
        captured.tasks.append(str(getattr(sender, "name", None) or args[:1]))
        return mock.MagicMock(name="AsyncResult", id=str(uuid.uuid4()))

    with (
        mock.patch.object(celery_task.Task, "apply_async", note),
        mock.patch.object(celery_base.Celery, "send_task", note),
    ):
        yield
