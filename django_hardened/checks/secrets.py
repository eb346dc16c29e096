"""0xx: ``SECRET_KEY`` and its fallbacks. Messages never hold any part of a key."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from math import log2
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks.security.base import SECRET_KEY_INSECURE_PREFIX
from django.core.exceptions import ImproperlyConfigured

from django_hardened.checks.rules import Rule

# An HMAC key should be as long as the hash (RFC 2104 section 3): 32 random bytes are 43
# characters of base64, which is what secrets.token_urlsafe() gives. Up to 50 Django warns.
MIN_KEY_LENGTH = 43
# OWASP ASVS 5.0 section 11.5.1: at least 128 bits of entropy.
MIN_KEY_BITS = 128

_NEW_KEY = (
    "Put a new one into the environment as SECRET_KEY: "
    'python -c "import secrets; print(secrets.token_urlsafe(50))"'
)
_TWIN = ("security.W009",)

E010 = Rule("E010", "SECRET_KEY is not set, or empty.", _NEW_KEY, _TWIN)
E011 = Rule(
    "E011",
    f"SECRET_KEY begins with {SECRET_KEY_INSECURE_PREFIX!r}: startproject made it, for "
    "development.",
    _NEW_KEY,
    _TWIN,
)
E012 = Rule("E012", "SECRET_KEY is one text, repeated: it can be guessed.", _NEW_KEY, _TWIN)
E013 = Rule(
    "E013", "SECRET_KEY is a placeholder, to be found in many public projects.", _NEW_KEY, _TWIN
)
E014 = Rule(
    "E014",
    f"SECRET_KEY is too short; {MIN_KEY_LENGTH} random characters are the least.",
    _NEW_KEY,
    _TWIN,
)
E015 = Rule("E015", "SECRET_KEY has too little randomness: it can be guessed.", _NEW_KEY, _TWIN)
E016 = Rule(
    "E016",
    "SECRET_KEY_FALLBACKS[{index}] is SECRET_KEY itself: nothing has been rotated.",
    "Remove it from SECRET_KEY_FALLBACKS, or give SECRET_KEY a new value.",
    ("security.W025",),
)
E017 = Rule(
    "E017",
    "SECRET_KEY_FALLBACKS[{index}] is weak, and what it signed is still accepted: {reason}",
    "Remove it from SECRET_KEY_FALLBACKS; sessions and links that it signed end.",
    ("security.W025",),
)
RULES = (E010, E011, E012, E013, E014, E015, E016, E017)

# Compared with a key in lower case and without anything but letters. Long enough that chance does
# not put one into a random key: seven given letters have a probability of about 1 in 10**8.
_PLACEHOLDERS = re.compile(
    "changeme|changethis|changeit|replaceme|replacethis|placeholder|fillmein|insertkey"
    "|yoursecret|mysecret|oursecret|topsecret|supersecret|verysecret|secretkey|secretgoes"
    "|djangosecret|notsecret|notsosecret|notasecret|insecure|unsafe(?:key|secret)|donotuse"
    "|dontuse|dummykey|samplekey|examplekey|exampleonly|defaultkey|testsecret|testing|development"
    "|todogenerate|generateareal|beforegoinglive|pleaseset|pleasechange|qwertyuiop|asdfghjkl"
    "|zxcvbnm|password|passw0rd|yourkey|keyhere|randomstring|longrandom|replacewith"
)


def weakness(key: str) -> Rule | None:
    """Return the first rule that ``key`` breaks, or None. One key, one finding."""
    if not key:
        return E010
    if key.startswith(SECRET_KEY_INSECURE_PREFIX):
        return E011
    if _is_repetition(key):
        return E012
    if _PLACEHOLDERS.search(re.sub(r"[^a-z0]", "", key.lower())):
        return E013
    if len(key) < MIN_KEY_LENGTH:
        return E014
    if _entropy_bits(key) < MIN_KEY_BITS or _is_sequence(key):
        return E015
    return None


def _is_repetition(key: str) -> bool:
    """Whether ``key`` is a shorter text two times or more, the last one perhaps cut off."""
    return any(key.startswith(key[period:]) for period in range(1, len(key) // 2 + 1))


def _entropy_bits(key: str) -> float:
    """Estimate from the frequencies of the characters (Shannon), which is an upper bound."""
    length = len(key)
    return -sum(count * log2(count / length) for count in Counter(key).values())


def _is_sequence(key: str) -> bool:
    """Whether most characters follow from the one before, as in ``abcdef`` and ``aaabbb``."""
    steps = [abs(ord(a) - ord(b)) for a, b in pairwise(key)]
    return sum(step <= 1 for step in steps) > len(steps) / 2


def _as_text(key: object) -> str:
    """Lazy strings and bytes are keys too."""
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


def _secret_key() -> str:
    try:
        return _as_text(settings.SECRET_KEY)
    except (ImproperlyConfigured, AttributeError):  # how Django says that it is empty
        return ""


def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    rule = weakness(_secret_key())
    return [rule.found()] if rule else []


def check_secret_key_fallbacks(**kwargs: Any) -> list[CheckMessage]:
    current = _secret_key()
    findings = []
    for index, fallback in enumerate(settings.SECRET_KEY_FALLBACKS):
        key = _as_text(fallback)
        rule = weakness(key)
        if key == current:
            findings.append(E016.found(index=index))
        elif rule:
            reason = rule.fact.removeprefix("SECRET_KEY ")
            findings.append(E017.found(index=index, reason=reason))
    return findings


CHECKS = (check_secret_key, check_secret_key_fallbacks)
