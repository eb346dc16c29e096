"""Signals of this package."""

from __future__ import annotations

from django.dispatch import Signal

# Nobody was even asked whether the credentials are right: too many were wrong. Sent with
# ``request`` (None where there is none), ``usernames`` (in the form in which they are counted; none
# where a header was refused unread) and ``decision``, which says how long it takes.
login_limited = Signal()

# A key has been made, with ``key``, its record; replaced, with ``key`` and ``new``; revoked, with
# ``key``. Inside a transaction these are sent before it is committed.
api_key_created = Signal()
api_key_rotated = Signal()
api_key_revoked = Signal()
# Somebody has a key that is the right one, and is not let in: it is expired or revoked, or they are
# where it may not be used. It may have leaked. Sent with ``request``, ``identifier`` and
# ``reason``, which is "revoked", "expired", "owner" (who is no longer active) or "network".
api_key_refused = Signal()
