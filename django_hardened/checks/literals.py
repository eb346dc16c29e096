"""0xx: secrets that are written in the settings source, and are in effect.

Never told: the value. A literal that another module or the environment has replaced is nobody's
fault, so each is compared with the value in effect.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened import assignments, literal_values, repository
from django_hardened.checks import vendor_keys
from django_hardened.checks.rules import Rule
from django_hardened.checks.secrets import NEW_KEY, fallbacks, secret_key, weakness
from django_hardened.checks.services import is_default_password

E040 = Rule(
    "E040",
    "SECRET_KEY is written in {place}: whoever reads the code, or its history, can forge sessions.",
    NEW_KEY,
    setting="SECRET_KEY",
    asvs="13.3.1",
    cwe=798,
)
E041 = Rule(
    "E041",
    "{subject} is a secret that is written in {place}: whoever reads the code, or its history, "
    "has it.",
    "Change it, and read the new one from the environment: os.environ[{variable!r}]",
    asvs="13.3.1",
    cwe=798,
)
W042 = Rule(
    "W042",
    "{subject} is written in {place}; unless it is meant for browsers, it is a secret.",
    "Change it, and read the new one from the environment: os.environ[{variable!r}]",
    asvs="13.3.1",
    cwe=798,
)
W043 = Rule(
    "W043",
    "{subject} is a key for tests that is written in {place}: the live one goes the same way.",
    "Read it from the environment as well: os.environ[{variable!r}]",
    asvs="13.3.1",
    cwe=798,
)
E044 = Rule(
    "E044",
    "SECRET_KEY_FALLBACKS[{subject}] is written in {place}: whoever reads the code, or its "
    "history, can forge sessions.",
    "Remove it from SECRET_KEY_FALLBACKS; sessions and links that it signed end. The next one goes "
    "into the environment.",
    setting="SECRET_KEY_FALLBACKS",
    asvs="13.3.1",
    cwe=798,
)
RULES = (E040, E041, W042, W043, E044)

_SECRET = re.compile(
    r"(?:^|_)(?:SECRET(?:_?KEY)?|PASSWORD|PASSWD|PASS|PWD|CREDENTIALS"
    r"|(?:PRIVATE|SIGNING|ENCRYPTION|AUTH|FERNET)_?KEY)$"
)
_TOKEN = re.compile(r"(?:^|_)(?:API_?KEY|ACCESS_KEY|ACCOUNT_KEY|TOKEN)$")
_PUBLIC = re.compile(r"PUBLIC|PUBLISHABLE|SITE_KEY|^CSRF_")
# A path of a class or a file, an address, a rate, a sentence: what stands under such names too.
_FILE = r"[./~]\S*/\S*"
_NO_SECRET = re.compile(
    rf"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+|{_FILE}|https?://[^@]*|\d+/\w+(?:/\w+)*(?:,\d+/\w+(?:/\w+)*)*"
    r"|/[a-z0-9/_-]*|\S*\{\w*\}\S*"
    r"|(?!-----BEGIN)[\s\S]*\s[\s\S]*|(?i:true|false|yes|no|on|off|none|null)|"
)
# What is done about a password, and what stands for one: a limit, a page, a mail, a field.
_ABOUT_PASSWORDS = re.compile(
    r"(?:^|_)(?:RE)?(?:SET|CHANGE|FORGOT|FORGOTTEN|UPDATE|CONFIRM|LOST)_PASSWORD$"
    r"|(?:^|_)(?:ATTR|FIELD|TEMPLATE|URL)_(?:\w+_)?PASSWORD$"
)
# What Django itself hands on as a password: any text is one.
_DJANGOS_PASSWORD = re.compile(
    r"EMAIL_HOST_PASSWORD|MAILERS__.+__OPTIONS__PASSWORD|DATABASES__.+__PASSWORD"
)
_NO_PASSWORD = re.compile(rf"\s*|{_FILE}")
# What this project itself signs, encrypts or admits with: even a placeholder is in force.
_SIGNS = re.compile(r"SIGN|JWT|ENCRYPT|FERNET|HMAC|PASS|PWD|^(?:APP_|DJANGO_)?SECRET(?:_KEY)?$")
_PASSWORD_IN_URL = re.compile(r"[a-zA-Z][\w+.-]*://([^/?#\s:@]*):([^/?#\s@]+)@")
_KEYS = ("SECRET_KEY", "SECRET_KEY_FALLBACKS")
_MIN_TOKEN_LENGTH = 16
_MAX_DEPTH = 6

# The name of a setting, and the keys and indexes that lead to a text in it.
Keys = tuple[str | int, ...]


def check_secret_key_literal(**kwargs: Any) -> list[CheckMessage]:
    key = secret_key()
    if weakness(key):  # the same repair
        return []
    place = _place("SECRET_KEY", (), key)
    return [E040.found(place=place)] if place else []


def check_fallback_literals(**kwargs: Any) -> list[CheckMessage]:
    places = {
        index: _place("SECRET_KEY_FALLBACKS", (), key, within=True)
        for index, key in enumerate(fallbacks())
        if key != secret_key() and not weakness(key)  # E016 and E017: the same repair
    }
    return [E044.found(subject=index, place=place) for index, place in places.items() if place]


def check_literal_secrets(**kwargs: Any) -> list[CheckMessage]:
    # By place and text: one literal may end up in two settings, and a line may hold two.
    findings: dict[tuple[str, str], CheckMessage] = {}
    for name, value in _settings():
        for rule, path, text in _secrets(value, (name,)):
            place = _place(name, path[1:], text)
            if place:
                subject = name + "".join(f"[{key!r}]" for key in path[1:])
                variable = "_".join(re.findall(r"\w+", "_".join(map(str, path)))).upper()
                finding = rule.found(setting=name, subject=subject, place=place, variable=variable)
                findings.setdefault((place, text), finding)
    return [*findings.values()]


def _settings() -> list[tuple[str, object]]:
    """Return what the settings source assigns, plain texts before what is composed of them."""
    names = [name for name in dir(settings) if name.isupper() and assignments.assignments(name)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that some are deprecated, Django says elsewhere
        values = [(name, getattr(settings, name, None)) for name in names if name not in _KEYS]
    return sorted(values, key=lambda pair: not isinstance(pair[1], str))


# -- What is in effect ---------------------------------------------------------------------------


def _secrets(value: object, path: Keys) -> Iterator[tuple[Rule, Keys, str]]:
    """Yield each secret in a setting, with the rule it falls under and the keys that lead to it."""
    if len(path) > _MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        for key, entry in value.items():
            if not _is_told_elsewhere(path, key, value):
                yield from _secrets(entry, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _secrets(entry, (*path, index))
    elif isinstance(value, str | bytes):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        rule = _rule_for(path, text)
        if rule and text != secret_key():
            yield rule, path, text


def _is_told_elsewhere(path: Keys, key: object, entry: Mapping[Any, Any]) -> bool:
    """Whether it is a database password that everybody tries first: E522 and W523."""
    if path[0] != "DATABASES" or key != "PASSWORD":
        return False
    return is_default_password(str(entry[key]), str(entry.get("USER")))


def _rule_for(path: Keys, text: str) -> Rule | None:
    names = [_spell(key) for key in path]
    if vendor_keys.is_test_key(text):
        return W043
    if vendor_keys.is_secret(text, "__".join(names)):
        return E041
    url = _PASSWORD_IN_URL.match(text)
    if url:  # RabbitMQ's guest is let in from its own machine only
        return None if url[1] == url[2] == "guest" else E041
    if _DJANGOS_PASSWORD.fullmatch("__".join(names)):
        return _rule_for_password(text)
    return _rule_for_name(names[-1], text)


def _spell(key: str | int) -> str:
    """Return ``key`` as the name of a setting: ``CLIENT_SECRET`` for ``clientSecret``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(key)).replace("-", "_").upper()


def _rule_for_password(text: str) -> Rule | None:
    is_remark = " " in text and is_default_password(text)
    return None if is_remark or _NO_PASSWORD.fullmatch(text) else E041


def _rule_for_name(name: str, text: str) -> Rule | None:
    if _PUBLIC.search(name):
        return None
    is_perhaps_public = vendor_keys.is_perhaps_public(text)
    if not is_perhaps_public and _NO_SECRET.fullmatch(text):
        return None
    if not _SIGNS.search(name) and vendor_keys.is_placeholder(text):
        return None
    if _SECRET.search(name) and not _ABOUT_PASSWORDS.search(name):
        return E041
    is_key = len(text) >= _MIN_TOKEN_LENGTH and re.search(r"\d", text) and _TOKEN.search(name)
    return W042 if is_key or is_perhaps_public else None


# -- What is written -----------------------------------------------------------------------------


def _place(name: str, keys: Keys, text: str, *, within: bool = False) -> str:
    """Return where the source has ``text`` as, or in, the value of ``name``; "" for nowhere.

    ``within`` is for a text that is too long to stand in another by chance: one of several.
    """
    key = str(keys[-1]) if keys else ""
    places = [(place, key) for place in reversed(assignments.assignments(name))]
    # What the source itself puts into the environment, to read it from there.
    places += [(place, "") for place in assignments.assignments(assignments.ENVIRONMENT)]
    for place, within_key in places:
        for literal in literal_values.of(place, within_key):
            url = _PASSWORD_IN_URL.match(literal.text)
            is_part = within and text in literal.text
            if is_part or literal.text == text or (url and unquote(url[2]) == text):
                stays = _stays_here(literal.file)
                return "" if stays else f"{repository.relative(literal.file)}, line {literal.line}"
    return ""


def _stays_here(file: Path) -> bool:
    """Whether git is told to leave ``file`` alone: it is as good as a ``.env``."""
    return repository.is_ignored(file) and not repository.is_tracked(file)


CHECKS = (check_secret_key_literal, check_fallback_literals, check_literal_secrets)
