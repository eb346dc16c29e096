"""0xx: ``SECRET_KEY`` and its fallbacks. Messages never hold any part of a key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
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
# A rotation needs one fallback; a second one, while the next rotation is under way.
MAX_FALLBACKS = 3

NEW_KEY = (
    "Put a new one into the environment as SECRET_KEY: "
    'python -c "import secrets; print(secrets.token_urlsafe(50))"'
)
_TWIN = ("security.W009",)

E010 = Rule(
    "E010", "SECRET_KEY is not set, or empty.", NEW_KEY, "SECRET_KEY", _TWIN, asvs="13.3.1", cwe=321
)
E011 = Rule(
    "E011",
    f"SECRET_KEY begins with {SECRET_KEY_INSECURE_PREFIX!r}: startproject made it, for "
    "development.",
    NEW_KEY,
    "SECRET_KEY",
    _TWIN,
    asvs="13.3.1",
    cwe=321,
)
E012 = Rule(
    "E012",
    "SECRET_KEY is one text, repeated: it can be guessed.",
    NEW_KEY,
    "SECRET_KEY",
    _TWIN,
    asvs="11.5.1",
    cwe=331,
)
E013 = Rule(
    "E013",
    "SECRET_KEY is a placeholder, to be found in many public projects.",
    NEW_KEY,
    "SECRET_KEY",
    _TWIN,
    asvs="13.3.1",
    cwe=321,
)
E014 = Rule(
    "E014",
    f"SECRET_KEY is too short; {MIN_KEY_LENGTH} random characters are the least.",
    NEW_KEY,
    "SECRET_KEY",
    _TWIN,
    asvs="11.5.1",
    cwe=331,
)
E015 = Rule(
    "E015",
    "SECRET_KEY has too little randomness: it can be guessed.",
    NEW_KEY,
    "SECRET_KEY",
    _TWIN,
    asvs="11.5.1",
    cwe=331,
)
E016 = Rule(
    "E016",
    "SECRET_KEY_FALLBACKS[{index}] is SECRET_KEY itself: nothing has been rotated.",
    "Remove it from SECRET_KEY_FALLBACKS, or give SECRET_KEY a new value.",
    "SECRET_KEY_FALLBACKS",
    ("security.W025",),
    asvs="13.3.4",
    cwe=324,
)
E017 = Rule(
    "E017",
    "SECRET_KEY_FALLBACKS[{index}] {problem} What it signed is still accepted.",
    "Remove it from SECRET_KEY_FALLBACKS; sessions and links that it signed end.",
    "SECRET_KEY_FALLBACKS",
    ("security.W025",),
    asvs="13.3.1",
    cwe=321,
)
W018 = Rule(
    "W018",
    f"SECRET_KEY_FALLBACKS has more than {MAX_FALLBACKS} keys: what the oldest of them signed is "
    "still accepted.",
    "Keep the last one or two. A fallback has done its work once SESSION_COOKIE_AGE has passed.",
    setting="SECRET_KEY_FALLBACKS",
    asvs="13.3.4",
    cwe=324,
)
E019 = Rule(
    "E019",
    "SECRET_KEY is the one of a public tutorial or project: whoever reads that can forge sessions.",
    NEW_KEY,
    setting="SECRET_KEY",
    cwe=798,
)
RULES = (E010, E011, E012, E013, E014, E015, E016, E017, W018, E019)

# SHA-256 of keys that anybody can read, and that look random otherwise.
_PUBLISHED = frozenset(
    {
        # MDN's Django tutorial (mdn/django-locallibrary-tutorial)
        "a8ad80ab28ef698d34b03b90522bed17ac605bf4f7916f9b944a72bd2a010b17",
        # REST framework's tutorial (encode/rest-framework-tutorial)
        "8933f1acb23553631cbb9c1e0006b408092bff20badfa9c259f1a29d2c89ff61",
        # Heroku's first steps (heroku/python-getting-started)
        "7c357868bad8481d4ac55140175428e8e8cd21e570d85578c6b84300a06f8d1e",
        # netbox-community/netbox-docker, env/netbox.env
        "e89b5470f37e7fd0b3d82a60bca00c0d109180fbe5b4ca8b3835f2e334db01b0",
        # doccano/doccano, the default of its settings
        "36ba129bebf23ca5c88fa6e1bc1bffe8ec72d0b107b16865dec8a7b06d5b1b6e",
        # paperless-ngx/paperless-ngx, the default of its settings
        "1ce575e3a562cf61fdefba461c4882d5de0a858d4eb6986072fa7965fb4a8e51",
        # makeplane/plane, deploy/selfhost/variables.env
        "04eae10378b0a2d1c7c4cb7a5435b3b39d6064d992493456850da739cf87d66d",
    }
)

# Compared with a key in lower case and without anything but letters. Long enough that chance does
# not put one into a random key: seven given letters have a probability of about 1 in 10**8.
_PLACEHOLDERS = re.compile(
    "changeme|changethis|changeit|replaceme|replacethis|placeholder|fillmein|insertkey"
    "|yoursecret|mysecret|oursecret|topsecret|supersecret|verysecret|secretkey|secretgoes"
    "|djangosecret|notsecret|notsosecret|notasecret|insecure|unsafe(?:key|secret)|donotuse"
    "|dontuse|dummykey|samplekey|examplekey|exampleonly|defaultkey|testsecret|testing|development"
    "|password|passw0rd|yourkey|keyhere|setthis|randomstring"
)


def weakness(key: str) -> Rule | None:
    """Return the first rule that ``key`` breaks, or None. One key, one finding."""
    if not key:
        return E010
    if key.startswith(SECRET_KEY_INSECURE_PREFIX):
        return E011
    if sha256(key.encode("utf-8", "surrogatepass")).hexdigest() in _PUBLISHED:
        return E019
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


def secret_key() -> str:
    """Return ``SECRET_KEY`` as text, and "" where it is not set."""
    try:
        return _text(settings.SECRET_KEY)
    except (ImproperlyConfigured, AttributeError):  # how Django says that it is empty
        return ""


def _text(key: object) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    rule = weakness(secret_key())
    return [rule.found()] if rule else []


def check_secret_key_fallbacks(**kwargs: Any) -> list[CheckMessage]:
    current = secret_key()
    findings = []
    for index, key in enumerate(fallbacks()):
        rule = weakness(key)
        if key == current:
            findings.append(E016.found(subject=index, index=index))
        elif rule:
            problem = rule.fact.removeprefix("SECRET_KEY ")
            findings.append(E017.found(subject=index, index=index, problem=problem))
    return findings


def check_number_of_fallbacks(**kwargs: Any) -> list[CheckMessage]:
    return [W018.found()] if len(fallbacks()) > MAX_FALLBACKS else []


def fallbacks() -> list[str]:
    """Return ``SECRET_KEY_FALLBACKS`` as texts."""
    keys: Any = settings.SECRET_KEY_FALLBACKS
    if isinstance(keys, str):  # each character is a key then; one of them says enough
        return [*keys[:1]]
    return [_text(key) for key in keys] if isinstance(keys, Iterable) else []


CHECKS = (check_secret_key, check_secret_key_fallbacks, check_number_of_fallbacks)
