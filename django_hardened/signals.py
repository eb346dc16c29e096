"""Signals of this package."""

from __future__ import annotations

from django.dispatch import Signal

# Nobody was even asked whether the credentials are right: too many were wrong. Sent with
# ``request`` (None where there is none), ``usernames`` (in the form in which they are counted; none
# where a header was refused unread) and ``decision``, which says how long it takes.
login_limited = Signal()
