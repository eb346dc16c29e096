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

_FIELDS = ("username", "email", "phone", "login", "identifier")
# RFC 5321 section 4.5.3.1.3: the longest address of mail, and more than a username of Django's.
MAX_LENGTH: Final = 254
# Accents, and what cannot be seen: MySQL finds "ada" by "a\u00addá", in as many spellings as
# there are places for a soft hyphen (https://dev.mysql.com/doc/refman/8.4/en/charset-unicode-sets.html).
_LEFT_OUT = frozenset({"Mn", "Me", "Cf", "Cc"})
# Its collations also take these apart, which no normalisation does.
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ħ": "h", "ł": "l"})


def canonical(name: object) -> str:
    """Return the form in which ``name`` is counted. Never raises.

    A database may take "Ada", "ada " and "ádá" for one, and a form may normalise what is typed:
    what could be the same account shares its count. So does all that can be no name.
    """
    if isinstance(name, dict | list):
        return ""
    # Cut first: normalising a megabyte takes a while.
    text = str(name).strip()[:MAX_LENGTH]
    for _ in range(2):  # folding case leaves what can be taken apart again
        text = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    text = "".join(char for char in text if unicodedata.category(char) not in _LEFT_OUT)
    return unicodedata.normalize("NFC", text).strip()[:MAX_LENGTH].strip()


def names(credentials: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the accounts that ``credentials`` name, in the form in which they are counted.

    Mostly one. Where a view hands on all that it was sent, which of several names a backend goes
    by is not known here: each is counted.
    """
    return tuple(dict.fromkeys(map(canonical, _given(credentials))))


def only_name(credentials: Mapping[str, Any]) -> Any:
    """Return the name among ``credentials`` as it was given; None unless there is exactly one."""
    given = _given(credentials)
    return given[0] if len(given) == 1 else None


def by_account(username: str) -> Client:
    """Return the client that an account is, by its canonical name."""
    return by_value("account", username)[0]


def is_possible(credentials: Mapping[str, Any]) -> bool:
    """Whether somebody could have these: what no form lets through ends as an error below.

    From JSON comes what is no text at all; a database refuses a NUL, and nothing can encode half
    of a surrogate pair.
    """
    password = credentials.get("password")
    return (
        isinstance(password, str | bytes)
        and _is_encodable(password)
        and all(map(_can_be_name, _given(credentials)))
    )


def _given(credentials: Mapping[str, Any]) -> list[Any]:
    fields = dict.fromkeys((get_user_model().USERNAME_FIELD, *_FIELDS))
    given = (credentials.get(field) for field in fields)
    return [name for name in given if name is not None]


def _can_be_name(name: object) -> bool:
    if isinstance(name, dict | list):
        return False
    text = str(name)
    return "\0" not in text and _is_encodable(text)


def _is_encodable(text: str | bytes) -> bool:
    try:
        return isinstance(text, bytes) or text.encode() is not None
    except UnicodeEncodeError:
        return False
