"""Who is told what became of a key: the log, and whoever listens. No key is ever in it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from django_hardened import signals
from django_hardened.log_window import LogWindow

if TYPE_CHECKING:
    from django_hardened.api_keys.models import APIKey

LOGGER: Final = "django_hardened.api_keys"

_refusals = LogWindow()


def created(key: APIKey) -> None:
    """Tell of a new key."""
    _log("API key %s was created for user %s.", key.identifier, key.owner_id)
    signals.api_key_created.send_robust(sender=type(key), key=key)


def rotated(key: APIKey, new: APIKey) -> None:
    """Tell of a key that another one is to replace."""
    _log("API key %s was replaced by %s.", key.identifier, new.identifier)
    signals.api_key_rotated.send_robust(sender=type(key), key=key, new=new)


def revoked(key: APIKey) -> None:
    """Tell of a key that is no longer good."""
    _log("API key %s was revoked.", key.identifier)
    signals.api_key_revoked.send_robust(sender=type(key), key=key)


def refused(request: Any, identifier: str, reason: str) -> None:
    """Tell of a right key that was not let in. One line a minute: anybody may have it by now."""
    address = request.META.get("REMOTE_ADDR")
    _refusals.warning(LOGGER, "API key %s was refused (%s) at %r.", identifier, reason, address)
    signals.api_key_refused.send_robust(
        sender=None, request=request, identifier=identifier, reason=reason
    )


def _log(message: str, *particulars: object) -> None:
    logging.getLogger(LOGGER).info(message, *particulars)
