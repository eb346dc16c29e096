"""4xx: JSON Web Tokens: SimpleJWT, dj-rest-auth, and the djangorestframework-jwt before them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

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
    f'SIMPLE_JWT["SIGNING_KEY"] = os.environ["SIGNING_KEY"]  # a new one: {_GENERATE}',
    "SIMPLE_JWT",
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
    "A refresh token is valid for {lifetime} ({setting}[{subject!r}]).",
    "{setting}[{subject!r}] = timedelta(days=14)",
    asvs="9.2.1",
    cwe=613,
)
I456 = Rule(
    "I456",
    "Refresh tokens are not rotated: a stolen one is not noticed while it is valid.",
    'SIMPLE_JWT |= {{"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}}  # with '
    '"rest_framework_simplejwt.token_blacklist" in INSTALLED_APPS',
    "SIMPLE_JWT",
)
W457 = Rule(
    "W457",
    "Refresh tokens are rotated and the old ones stay valid: {reason}.",
    'SIMPLE_JWT["BLACKLIST_AFTER_ROTATION"] = True  # with '
    '"rest_framework_simplejwt.token_blacklist" in INSTALLED_APPS',
    "SIMPLE_JWT",
    cwe=613,
)
E458 = Rule(
    "E458",
    "dj-rest-auth sets the cookie with the token without HttpOnly: any script on the page can "
    "take it away.",
    '{setting}["JWT_AUTH_HTTPONLY"] = True',
    asvs="3.3.4",
    cwe=1004,
)
E459 = Rule(
    "E459",
    "dj-rest-auth sets the cookie with the token without Secure: it also travels over http.",
    '{setting}["JWT_AUTH_SECURE"] = True',
    asvs="3.3.1",
    cwe=614,
)
E460 = Rule(
    "E460",
    "dj-rest-auth sets the cookie with the token with SameSite=None and checks no CSRF token: "
    "every site can act as the user.",
    '{setting} |= {{"JWT_AUTH_SAMESITE": "Lax", "JWT_AUTH_COOKIE_USE_CSRF": True}}',
    asvs="3.5.1",
    cwe=352,
)
RULES = (E450, I451, E452, W453, E454, W455, I456, W457, E458, E459, E460)

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_BLACKLIST = "rest_framework_simplejwt.token_blacklist"
_SIMPLE = "rest_framework_simplejwt.authentication."


class _Names(NamedTuple):
    """What each package calls its keys."""

    setting: str
    key: str
    algorithm: str
    access: str
    refresh: str


_SIMPLE_JWT = _Names(
    "SIMPLE_JWT", "SIGNING_KEY", "ALGORITHM", "ACCESS_TOKEN_LIFETIME", "REFRESH_TOKEN_LIFETIME"
)
_LEGACY_JWT = _Names(
    "JWT_AUTH",
    "JWT_SECRET_KEY",
    "JWT_ALGORITHM",
    "JWT_EXPIRATION_DELTA",
    "JWT_REFRESH_EXPIRATION_DELTA",
)


def _used() -> Iterator[tuple[_Names, dict[str, Any]]]:
    """Yield the JWT packages in use, with what the project sets of each."""
    rest_framework = getattr(settings, "REST_FRAMEWORK", None)
    classes = str(rest_framework) if isinstance(rest_framework, dict) else ""
    simple = getattr(settings, "SIMPLE_JWT", None)
    if simple or _SIMPLE in classes or apps.is_installed("rest_framework_simplejwt"):
        yield _SIMPLE_JWT, simple if isinstance(simple, dict) else {}
    legacy = getattr(settings, "JWT_AUTH", None)
    if isinstance(legacy, dict) and any(str(key).startswith("JWT_") for key in legacy):
        yield _LEGACY_JWT, legacy


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
        if names is _LEGACY_JWT and config.get("JWT_VERIFY") is False:
            where = {"setting": names.setting, "subject": "JWT_VERIFY"}
            findings.append(E452.found(**where, value=False, fix="True"))
    return findings


def _check_key(names: _Names, config: dict[str, Any]) -> list[CheckMessage]:
    try:
        secret = str(settings.SECRET_KEY)
    except ImproperlyConfigured:
        secret = ""  # E010 says so
    key = str(config.get(names.key) or secret)
    if key == secret:
        return [I451.found()] if names is _SIMPLE_JWT else []
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
        if isinstance(access, timedelta) and access > _HOUR:
            rule = E454 if access > _DAY else W453
            where = {"setting": names.setting, "subject": names.access}
            fix = "timedelta(minutes=5)"
            findings.append(rule.found(**where, lifetime=_spell(access), fix=fix))
        if names is _LEGACY_JWT and config.get("JWT_VERIFY_EXPIRATION") is False:
            where = {"setting": names.setting, "subject": "JWT_VERIFY_EXPIRATION"}
            findings.append(E454.found(**where, lifetime="ever", fix="True"))
        if isinstance(refresh, timedelta) and refresh > 30 * _DAY:
            where = {"setting": names.setting, "subject": names.refresh}
            findings.append(W455.found(**where, lifetime=_spell(refresh)))
    return findings


def _spell(lifetime: timedelta) -> str:
    hours = lifetime.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"


def check_refresh_tokens(**kwargs: Any) -> list[CheckMessage]:
    for names, config in _used():
        if names is not _SIMPLE_JWT:
            continue
        if not config.get("ROTATE_REFRESH_TOKENS"):
            return [I456.found()]
        if not config.get("BLACKLIST_AFTER_ROTATION"):
            return [W457.found(reason="BLACKLIST_AFTER_ROTATION is off")]
        if not apps.is_installed(_BLACKLIST):
            return [W457.found(reason="there is no list of them, for want of its app")]
    return []


# -- Cookies -------------------------------------------------------------------------------------


def check_token_cookies(**kwargs: Any) -> list[CheckMessage]:
    config = getattr(settings, "REST_AUTH", None)
    setting = "REST_AUTH"
    if not isinstance(config, dict) or not config.get("JWT_AUTH_COOKIE"):
        return []
    findings = []
    if config.get("JWT_AUTH_HTTPONLY", True) is False:
        findings.append(E458.found(setting=setting))
    if not config.get("JWT_AUTH_SECURE", False):
        findings.append(E459.found(setting=setting))
    same_site = str(config.get("JWT_AUTH_SAMESITE", "Lax")).lower()
    if same_site == "none" and not config.get("JWT_AUTH_COOKIE_USE_CSRF", False):
        findings.append(E460.found(setting=setting))
    return findings


CHECKS = (check_token_keys, check_token_lifetimes, check_refresh_tokens, check_token_cookies)
