"""What is cached hears of changes: of keys, and of the users that own them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, post_save

from django_hardened.api_keys import configured, key_cache
from django_hardened.api_keys.models import APIKey

_UID = "django_hardened.api_keys"


def connect() -> None:
    """Listen to both models. Users that are deleted take their keys with them."""
    for signal in (post_save, post_delete):
        signal.connect(_key_changed, sender=APIKey, dispatch_uid=_UID)
    # Without a sender: a proxy of the model sends for itself.
    post_save.connect(_owner_changed, dispatch_uid=f"{_UID}.owner")


def _key_changed(instance: APIKey, using: str, created: bool = False, **kwargs: Any) -> None:
    if not created:
        key_cache.forget(using, [instance.identifier])


def _owner_changed(
    instance: object,
    using: str,
    created: bool,
    update_fields: Collection[str] | None = None,
    **kwargs: Any,
) -> None:
    if created or configured.cache_alias() is None or not isinstance(instance, get_user_model()):
        return
    if set(update_fields or ()) == {"last_login"}:  # which Django writes at each login
        return
    keys = APIKey.objects.using(using).filter(owner_id=instance.pk)
    key_cache.forget(using, list(keys.values_list("identifier", flat=True)))
