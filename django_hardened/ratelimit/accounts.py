"""Which account a login is about: one form of each name that somebody may mean by it.

Pure, but for the name of the field that a custom user model has. Whether there is such an account
is never asked: a name that nobody has is counted like any other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth import get_user_model

from django_hardened.ratelimit.identity import Client, by_value

_FIELDS = ("username", "email", "login")
# RFC 5321 section 4.5.3.1.3: the longest address of mail, and more than a username of Django's.
MAX_LENGTH: Final = 254


def canonical(name: object) -> str:
    """Return the form in which ``name`` is counted. Never raises.

    A database may take "Ada", "ada" and "ada " for one, and a form may normalise what is typed:
    what could be the same account shares its count.
    """
    # Cut first: normalising a megabyte takes a while.
    text = str(name).strip()[:MAX_LENGTH]
    return unicodedata.normalize("NFKC", text).casefold().strip()[:MAX_LENGTH]


def named(credentials: Mapping[str, Any]) -> str | None:
    """Return the account that ``credentials`` name, in the form in which it is counted."""
    name = name_among(credentials)
    return None if name is None else canonical(name)


def by_account(username: str) -> Client:
    """Return the client that an account is, by its canonical name."""
    return by_value("account", username)[0]


def is_possible(credentials: Mapping[str, Any]) -> bool:
    """Whether somebody could have these: what no form lets through ends as an error below.

    From JSON comes what is no text at all; a database refuses a NUL, and nothing can encode half
    of a surrogate pair.
    """
    name, password = name_among(credentials), credentials.get("password")
    if isinstance(name, dict | list) or not isinstance(password, str | bytes):
        return False
    text = str(name)
    return "\0" not in text and _is_encodable(text) and _is_encodable(password)


def name_among(credentials: Mapping[str, Any]) -> Any:
    """Return the name among ``credentials`` as it was given; None where there is none."""
    fields = (get_user_model().USERNAME_FIELD, *_FIELDS)
    names = (credentials.get(field) for field in fields)
    return next((name for name in names if name is not None), None)


def _is_encodable(text: str | bytes) -> bool:
    try:
        return isinstance(text, bytes) or bool(text.encode()) or not text
    except UnicodeEncodeError:
        return False
