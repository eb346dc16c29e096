"""4xx: JSON Web Tokens and those of knox: what signs them, and for how long they are valid.

Of SimpleJWT, django-ninja-jwt, djangorestframework-jwt, django-graphql-jwt and django-rest-knox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from django_hardened.checks.classes import listed
from django_hardened.checks.dictionaries import mapping
from django_hardened.checks.rules import Rule
from django_hardened.checks.secrets import weakness

_GENERATE = 'python -c "import secrets; print(secrets.token_urlsafe(50))"'
_NEW_KEY = f"Put a new one into the environment, as SIGNING_KEY: {_GENERATE}"

E450 = Rule(
    "E450",
    "The key that signs tokens, {setting}[{subject!r}], {problem}; who guesses it is any user.",
    _NEW_KEY,
    asvs="11.5.1",
    cwe=321,
)
I451 = Rule(
    "I451",
    "Tokens are signed with SECRET_KEY: one of the two cannot be replaced without the other.",
    f'{{setting}}["SIGNING_KEY"] = os.environ["SIGNING_KEY"]  # a new one: {_GENERATE}',
)
E452 = Rule(
    "E452",
    "{setting}[{subject!r}] is {value!r}: everybody can write a token for any user.",
    "{setting}[{subject!r}] = {fix}",
    asvs="9.1.2",
    cwe=347,
)
W453 = Rule(
    "W453",
    "An access token is valid for {lifetime} ({setting}[{subject!r}]), and nothing ends it sooner.",
    "{setting}[{subject!r}] = timedelta(minutes=5)  # clients renew it with their refresh token",
    asvs="9.2.1",
    cwe=613,
)
E454 = Rule(
    "E454",
    "An access token is valid for {lifetime} ({setting}[{subject!r}]): a stolen one stays useful, "
    "and no logout ends it.",
    "{setting}[{subject!r}] = {fix}  # clients renew it with their refresh token",
    asvs="9.2.1",
    cwe=613,
)
W455 = Rule(
    "W455",
    "{what} is valid for {lifetime} ({setting}[{subject!r}]).",
    "{setting}[{subject!r}] = {fix}",
    asvs="9.2.1",
    cwe=613,
)
I456 = Rule(
    "I456",
    "Refresh tokens are not rotated: a stolen one is not noticed while it is valid.",
    '{setting} |= {{"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}}  # with '
    '"{app}" in INSTALLED_APPS',
)
W457 = Rule(
    "W457",
    "Refresh tokens are rotated and the old ones stay valid: {reason}.",
    '{setting}["BLACKLIST_AFTER_ROTATION"] = True  # with "{app}" in INSTALLED_APPS',
    cwe=613,
)
RULES = (E450, I451, E452, W453, E454, W455, I456, W457)

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SIMPLE = "rest_framework_simplejwt.authentication."
_GRAPHQL = "graphql_jwt."


class _Names(NamedTuple):
    """What each package calls its keys.

    Attributes:
        blacklist: the app that keeps the refresh tokens that have ended; "" where there is none.
        expires: whether a token ends where no setting is about it.
    """

    setting: str
    key: str = "JWT_SECRET_KEY"
    algorithm: str = "JWT_ALGORITHM"
    access: str = "JWT_EXPIRATION_DELTA"
    refresh: str = "JWT_REFRESH_EXPIRATION_DELTA"
    leeway: str = "JWT_LEEWAY"
    blacklist: str = ""
    expires: bool = True


_SIMPLE_JWT = _Names(
    "SIMPLE_JWT",
    key="SIGNING_KEY",
    algorithm="ALGORITHM",
    access="ACCESS_TOKEN_LIFETIME",
    refresh="REFRESH_TOKEN_LIFETIME",
    leeway="LEEWAY",
    blacklist="rest_framework_simplejwt.token_blacklist",
)
_NINJA_JWT = _SIMPLE_JWT._replace(setting="NINJA_JWT", blacklist="ninja_jwt.token_blacklist")
_LEGACY_JWT = _Names("JWT_AUTH")
_GRAPHQL_JWT = _Names("GRAPHQL_JWT", expires=False)


def _used() -> Iterator[tuple[_Names, Mapping[str, Any]]]:
    """Yield the JWT packages in use, with what the project sets of each."""
    classes = str(dict(mapping(getattr(settings, "REST_FRAMEWORK", None))))
    simple = getattr(settings, "SIMPLE_JWT", None)
    if simple or _SIMPLE in classes or apps.is_installed("rest_framework_simplejwt"):
        yield _SIMPLE_JWT, mapping(simple)
    ninja = getattr(settings, "NINJA_JWT", None)
    if ninja and not hasattr(settings, "SIMPLE_JWT"):  # which it prefers
        yield _NINJA_JWT, mapping(ninja)
    legacy = mapping(getattr(settings, "JWT_AUTH", None))
    if any(str(key).startswith("JWT_") for key in legacy):
        yield _LEGACY_JWT, legacy
    graphql = getattr(settings, "GRAPHQL_JWT", None)
    if graphql or any(name.startswith(_GRAPHQL) for name in listed("AUTHENTICATION_BACKENDS")):
        yield _GRAPHQL_JWT, mapping(graphql)


# -- Keys ----------------------------------------------------------------------------------------


def check_token_keys(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for names, config in _used():
        algorithm = str(config.get(names.algorithm, "HS256"))
        if algorithm.lower() == "none":
            where = {"setting": names.setting, "subject": names.algorithm}
            findings.append(E452.found(**where, value=algorithm, fix='"HS256"'))
        elif algorithm.upper().startswith("HS"):
            findings += _check_key(names, config)
        if not names.blacklist and config.get("JWT_VERIFY") is False:
            where = {"setting": names.setting, "subject": "JWT_VERIFY"}
            findings.append(E452.found(**where, value=False, fix="True"))
    return findings


def _check_key(names: _Names, config: Mapping[str, Any]) -> list[CheckMessage]:
    try:
        secret = str(settings.SECRET_KEY)
    except ImproperlyConfigured:
        secret = ""  # E010 says so
    key = str(config.get(names.key) or secret)
    if key == secret:
        return [I451.found(setting=names.setting)] if names.blacklist else []
    rule = weakness(key)
    if rule is None:
        return []
    problem = rule.fact.partition(":")[0].rstrip(".").removeprefix("SECRET_KEY ")
    return [E450.found(setting=names.setting, subject=names.key, problem=problem)]


# -- Lifetimes -----------------------------------------------------------------------------------


def check_token_lifetimes(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for names, config in _used():
        access, refresh = config.get(names.access), config.get(names.refresh)
        if isinstance(access, timedelta):
            findings += _check_access(names, names.access, access, "timedelta(minutes=5)")
        leeway = _duration(config.get(names.leeway))
        if leeway > _HOUR:  # a token is valid for that long after its end
            findings += _check_access(names, names.leeway, leeway, "timedelta(seconds=30)")
        # PyJWT is told what the setting is, and asks whether it is true.
        if not names.blacklist and not config.get("JWT_VERIFY_EXPIRATION", names.expires):
            where = {"setting": names.setting, "subject": "JWT_VERIFY_EXPIRATION"}
            findings.append(E454.found(**where, lifetime="ever", fix="True"))
        if isinstance(refresh, timedelta) and refresh > 30 * _DAY:
            where = {"setting": names.setting, "subject": names.refresh}
            facts = {"what": "A refresh token", "fix": "timedelta(days=14)"}
            findings.append(W455.found(**where, **facts, lifetime=_spell(refresh)))
    return findings


def _check_access(names: _Names, subject: str, lifetime: timedelta, fix: str) -> list[CheckMessage]:
    if lifetime <= _HOUR:
        return []
    rule = E454 if lifetime > _DAY else W453
    where = {"setting": names.setting, "subject": subject}
    return [rule.found(**where, lifetime=_spell(lifetime), fix=fix)]


def _duration(value: object) -> timedelta:
    """Return a span that may be given in seconds; what cannot be counted never ends."""
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, int | float):
        return timedelta()
    try:
        return timedelta(seconds=value)
    except (OverflowError, ValueError):
        return timedelta.max if value != float("-inf") else timedelta()


def _spell(lifetime: timedelta) -> str:
    if lifetime == timedelta.max:
        return "ever"
    hours = lifetime.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"


def check_knox_tokens(**kwargs: Any) -> list[CheckMessage]:
    """Those of knox are looked up, and a logout ends them: they are like sessions."""
    lifetime = mapping(getattr(settings, "REST_KNOX", None)).get("TOKEN_TTL", _HOUR)
    if lifetime is None:
        lifetime = timedelta.max
    if not isinstance(lifetime, timedelta) or lifetime <= 30 * _DAY:
        return []
    where = {"setting": "REST_KNOX", "subject": "TOKEN_TTL"}
    facts = {"what": "A token of knox", "fix": "timedelta(hours=10)"}
    return [W455.found(**where, **facts, lifetime=_spell(lifetime))]


def check_refresh_tokens(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for names, config in _used():
        where = {"setting": names.setting, "app": names.blacklist}
        if not names.blacklist:
            continue
        if not config.get("ROTATE_REFRESH_TOKENS"):
            findings.append(I456.found(**where))
        elif not config.get("BLACKLIST_AFTER_ROTATION"):
            findings.append(W457.found(**where, reason="BLACKLIST_AFTER_ROTATION is off"))
        elif not apps.is_installed(names.blacklist):
            reason = "there is no list of them, for want of its app"
            findings.append(W457.found(**where, reason=reason))
    return findings


CHECKS = (check_token_keys, check_token_lifetimes, check_knox_tokens, check_refresh_tokens)
