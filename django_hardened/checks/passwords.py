"""3xx: which passwords are accepted, and how they are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass, listed, load_class, refuses_nothing
from django_hardened.checks.logins import has_login_pages, has_password_login, other_backends
from django_hardened.checks.rules import Rule

_VALIDATION = "django.contrib.auth.password_validation"
_HASHERS = "django.contrib.auth.hashers"
_LENGTH = (
    f'{{{{"NAME": "{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {{{{"min_length": 12}}}}}}}}'
)
_COMMON = f'{{{{"NAME": "{_VALIDATION}.CommonPasswordValidator"}}}}'
_VALIDATORS = f"AUTH_PASSWORD_VALIDATORS = [{_LENGTH}, {_COMMON}]"
_BETTER = (
    f'Put "{_HASHERS}.Argon2PasswordHasher" (pip install argon2-cffi) or '
    f'"{_HASHERS}.ScryptPasswordHasher" first in PASSWORD_HASHERS; the others may stay below it.'
)

E330 = Rule(
    "E330",
    "AUTH_PASSWORD_VALIDATORS {problem}: every password is accepted, also '1'.",
    _VALIDATORS,
    setting="AUTH_PASSWORD_VALIDATORS",
    asvs="6.2.1",
    cwe=521,
)
W331 = Rule(
    "W331",
    "AUTH_PASSWORD_VALIDATORS {problem}, and {known}.",
    _VALIDATORS,
    setting="AUTH_PASSWORD_VALIDATORS",
    asvs="6.2.1",
    cwe=521,
)
E332 = Rule(
    "E332",
    "AUTH_PASSWORD_VALIDATORS accepts passwords of {length} characters.",
    f"Put {_LENGTH} in place of its entry; 8 is the least, and 15 what OWASP recommends.",
    setting="AUTH_PASSWORD_VALIDATORS",
    asvs="6.2.1",
    cwe=521,
)
W333 = Rule(
    "W333",
    "AUTH_PASSWORD_VALIDATORS has no validator that asks for a length.",
    f"AUTH_PASSWORD_VALIDATORS += [{_LENGTH}]",
    setting="AUTH_PASSWORD_VALIDATORS",
    asvs="6.2.1",
    cwe=521,
)
E334 = Rule(
    "E334",
    "PASSWORD_HASHERS begins with {subject}{work}: a graphics card tries {many} passwords a second "
    "on what it keeps.",
    _BETTER,
    setting="PASSWORD_HASHERS",
    asvs="11.4.2",
    cwe=916,
)
W335 = Rule(
    "W335",
    "PASSWORD_HASHERS has {subject}: equal passwords look equal, and tables of them exist.",
    "Wrap the hashes that are left in a strong hasher, as Django's page on password management "
    "shows, and remove {subject}.",
    setting="PASSWORD_HASHERS",
    asvs="11.4.2",
    cwe=759,
)
W336 = Rule(
    "W336",
    "PASSWORD_HASHERS begins with {subject}, which ignores what comes after 72 bytes.",
    f'Put "{_HASHERS}.BCryptSHA256PasswordHasher" first in PASSWORD_HASHERS.',
    setting="PASSWORD_HASHERS",
    asvs="6.2.9",
)
W337 = Rule(
    "W337",
    "PASSWORD_HASHERS {problem}.",
    _BETTER,
    setting="PASSWORD_HASHERS",
    asvs="11.4.2",
    cwe=916,
)
RULES = (E330, W331, E332, W333, E334, W335, W336, W337)

MIN_LENGTH = 8  # ASVS 6.2.1
# Django 1.11 of 2017 asked for no fewer than 36,000; OWASP asks for 600,000 today.
MIN_ITERATIONS = 100_000
# Some are gone from Django, and live on as copies in projects: known by the last part of the name.
_UNSALTED = frozenset({"UnsaltedMD5PasswordHasher", "UnsaltedSHA1PasswordHasher"})
_WEAK = _UNSALTED | {"MD5PasswordHasher", "SHA1PasswordHasher", "CryptPasswordHasher"}
_WEAK_PATHS = tuple(sorted(f"{_HASHERS}.{name}" for name in _WEAK))
# What is built on one of them is as hard to guess as that.
_FAMILIES = re.compile(r"argon2|scrypt|bcrypt|pbkdf2", re.IGNORECASE)
_FAMILY_PATHS = tuple(
    f"{_HASHERS}.{name}PasswordHasher" for name in ("Argon2", "BCryptSHA256", "PBKDF2", "Scrypt")
)
# Apps and settings that may judge a password in their own way.
_OTHER_CHECK = re.compile(
    r"zxcvbn|passw(?:or)?ds?_?(?:strength|polic)|^passwords\b|pwned", re.IGNORECASE
)
_OTHER_SETTINGS = ("ACCOUNT_ADAPTER", "ACCOUNT_FORMS", "ACCOUNT_PASSWORD_MIN_LENGTH")


def _validators() -> list[tuple[str, dict[str, Any]]]:
    """Return the entries as name and options; what is no entry is left out."""
    value: Any = settings.AUTH_PASSWORD_VALIDATORS
    configured = value if isinstance(value, Iterable) else ()
    entries = [entry for entry in configured if isinstance(entry, Mapping)]
    return [(str(entry.get("NAME", "")), entry.get("OPTIONS") or {}) for entry in entries]


def check_validators(**kwargs: Any) -> list[CheckMessage]:
    if not has_password_login():
        return []
    written = _validators()
    validators = [(name, options) for name, options in written if not _accepts_all(name)]
    if not validators:
        known = _known_check()
        problem = f"has {written[0][0]}, which refuses nothing" if written else "is empty"
        if known:
            return [W331.found(problem=problem, known=known)]
        return [E330.found(problem=problem)]
    lengths = [options for name, options in validators if _asks_for_length(name)]
    if not lengths:
        django_only = all(name.startswith(_VALIDATION) for name, _ in validators)
        return [W333.found()] if django_only else []
    return _check_lengths([options.get("min_length", MIN_LENGTH) for options in lengths])


def _accepts_all(name: str) -> bool:
    return refuses_nothing(getattr(load_class(name), "validate", None))


def _asks_for_length(name: str) -> bool:
    return is_subclass(name, f"{_VALIDATION}.MinimumLengthValidator")


def _check_lengths(lengths: list[object]) -> list[CheckMessage]:
    """Every validator must be content, so that the longest counts."""
    longest = max((value for value in lengths if isinstance(value, int)), default=MIN_LENGTH)
    return [E332.found(length=longest)] if longest < MIN_LENGTH else []


def _known_check() -> str:
    """Say why passwords may be judged elsewhere, or by nobody, or "" if nothing shows it."""
    named = [str(app) for app in settings.INSTALLED_APPS if _OTHER_CHECK.search(str(app))]
    named += [name for name in _OTHER_SETTINGS if getattr(settings, name, None)]
    # With single sign-on beside it, the password may be for a few administrators only.
    named += other_backends()
    if named:
        return f"what {named[0]} does instead is not to be seen here"
    return "" if has_login_pages() else "who can log in with a password is not to be seen here"


def check_hashers(**kwargs: Any) -> list[CheckMessage]:
    hashers = listed("PASSWORD_HASHERS")
    if not apps.is_installed("django.contrib.auth"):
        return []
    if not hashers:
        return [W337.found(problem="is empty: no password can be set, and none is right")]
    first, *others = hashers
    findings = [W335.found(subject=entry) for entry in others if _name(entry) in _UNSALTED]
    if _name(first) in _WEAK or is_subclass(first, *_WEAK_PATHS):
        findings.insert(0, E334.found(subject=first, work="", many="billions of"))
    elif iterations := _too_few(first):
        work = f" with {iterations:,} iterations"
        findings.insert(0, E334.found(subject=first, work=work, many="far too many"))
    elif is_subclass(first, f"{_HASHERS}.BCryptPasswordHasher"):
        findings.insert(0, W336.found(subject=first))
    elif not _is_of_a_family(first):
        problem = f"begins with {first}, and how it keeps passwords is not to be seen here"
        findings.insert(0, W337.found(subject=first, problem=problem))
    return findings


def _is_of_a_family(first: str) -> bool:
    """Whether ``first`` is built on a hasher that is known; what is not installed, by its name."""
    if load_class(first) is None:
        return bool(_FAMILIES.search(_name(first)))
    return is_subclass(first, *_FAMILY_PATHS)


def _too_few(first: str) -> int | None:
    """Return the iterations of a PBKDF2 that has too few of them."""
    if not is_subclass(first, f"{_HASHERS}.PBKDF2PasswordHasher"):
        return None
    iterations = getattr(load_class(first), "iterations", None)
    return iterations if isinstance(iterations, int) and iterations < MIN_ITERATIONS else None


def _name(dotted: str) -> str:
    return dotted.rpartition(".")[2]


CHECKS = (check_validators, check_hashers)
