"""Signals of this package."""

from __future__ import annotations

from django.dispatch import Signal

# Somebody was not even asked for the password: too many were wrong. Sent with ``request`` (None
# where there is none), ``username`` (in the form in which it is counted, None where none was
# given) and ``decision``, which says how long it takes.
login_limited = Signal()
