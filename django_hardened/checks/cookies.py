"""2xx: how the cookies that log people in, and the one that protects their forms, are sent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass, listed, load_class
from django_hardened.checks.cookies_in_use import CSRF, SESSION, Cookie, cookies_in_use
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.header_settings import is_https

_SESSION_SECURE = ("security.W010", "security.W011", "security.W012")

E220 = Rule(
    "E220",
    "SESSION_COOKIE_SECURE is off: one request over plain http gives the session to whoever "
    "listens.",
    "SESSION_COOKIE_SECURE = True",
    setting="SESSION_COOKIE_SECURE",
    replaces=_SESSION_SECURE,
    asvs="3.3.1",
    cwe=614,
)
E221 = Rule(
    "E221",
    "SESSION_COOKIE_HTTPONLY is off: any script in a page can read the session and take it away.",
    "SESSION_COOKIE_HTTPONLY = True",
    setting="SESSION_COOKIE_HTTPONLY",
    replaces=("security.W013", "security.W014", "security.W015"),
    asvs="3.3.4",
    cwe=1004,
)
E222 = Rule(
    "E222",
    "CSRF_COOKIE_SECURE is off: one request over plain http gives the token to whoever listens.",
    "CSRF_COOKIE_SECURE = True",
    setting="CSRF_COOKIE_SECURE",
    replaces=("security.W016",),
    asvs="3.3.1",
    cwe=614,
)
E223 = Rule(
    "E223",
    "{setting} is {value!r}, {consequence}.",
    '{setting} = "Lax"',
    asvs="3.3.2",
    cwe=1275,
)
E224 = Rule(
    "E224",
    "SESSION_COOKIE_SAMESITE is {value!r}: every browser sends the session with requests that "
    "other sites make.",
    'SESSION_COOKIE_SAMESITE = "Lax"  # where other sites must embed this one, waive it with that '
    "reason",
    setting="SESSION_COOKIE_SAMESITE",
    asvs="3.3.2",
    cwe=1275,
)
W225 = Rule(
    "W225",
    "CSRF_COOKIE_SAMESITE is {value!r}: the cookie goes with requests that other sites make.",
    'CSRF_COOKIE_SAMESITE = "Lax"',
    setting="CSRF_COOKIE_SAMESITE",
    asvs="3.3.2",
    cwe=1275,
)
E229 = Rule(
    "E229",
    "{setting} is off: browsers drop the cookie {name!r} without a word.",
    "{setting} = True",
    replaces=(*_SESSION_SECURE, "security.W016"),
    asvs="3.3.1",
)
W219 = Rule(
    "W219",
    "{setting} is off. Right only while the site is not on https, of which the settings say "
    "nothing.",
    "{setting} = True  # once the site is on https",
    replaces=(*_SESSION_SECURE, "security.W016"),
    asvs="3.3.1",
    cwe=614,
)
W218 = Rule(
    "W218",
    "{setting} is off, and whether {subject} marks the cookie as Secure is not to be seen here.",
    "{setting} = True",
    asvs="3.3.1",
    cwe=614,
)
RULES = (E220, E221, E222, E223, E224, W225, E229, W219, W218)


def check_cookie_secure(**kwargs: Any) -> list[CheckMessage]:
    return [_not_secure(cookie) for cookie in cookies_in_use() if not cookie.value("SECURE")]


def _not_secure(cookie: Cookie) -> CheckMessage:
    if cookie.has_prefix("__host-", "__secure-"):
        setting = cookie.setting("SECURE")
        return E229.found(setting=setting, subject=setting, name=cookie.name)
    middleware = _own_response(cookie.middleware)
    if middleware:
        return W218.found(setting=cookie.setting("SECURE"), subject=middleware)
    if not _is_on_https():
        setting = cookie.setting("SECURE")
        return W219.found(setting=setting, subject=setting)
    return (E220 if cookie.middleware == SESSION else E222).found()


def _is_on_https() -> bool:
    # An origin whose forms are trusted may be another site's: enough to ask here, and too little
    # for a cookie to be made Secure.
    return is_https() or any(
        str(origin).lower().startswith("https://") for origin in listed("CSRF_TRUSTED_ORIGINS")
    )


def _own_response(dotted: str) -> str:
    """Return the middleware that writes the cookie in place of ``dotted`` in its own way, or ""."""
    original = load_class(dotted)
    for entry in listed("MIDDLEWARE"):
        cls = load_class(entry)
        if cls and is_subclass(entry, dotted):
            for name in ("process_response", "_set_csrf_cookie"):
                if getattr(cls, name, None) is not getattr(original, name, None):
                    return entry
    return ""


def check_session_cookie_httponly(**kwargs: Any) -> list[CheckMessage]:
    is_readable = is_present(SESSION) and not settings.SESSION_COOKIE_HTTPONLY
    return [E221.found()] if is_readable else []


def check_cookie_samesite(**kwargs: Any) -> list[CheckMessage]:
    return [finding for cookie in cookies_in_use() if (finding := _samesite(cookie))]


def _samesite(cookie: Cookie) -> CheckMessage | None:
    value, setting = cookie.value("SAMESITE"), cookie.setting("SAMESITE")
    word = str(value).lower()
    if value and word not in ("lax", "strict", "none"):
        consequence = "which Django does not know: every response that sets the cookie fails"
        return E223.found(setting=setting, subject=setting, value=value, consequence=consequence)
    if value and word != "none":
        return None
    if cookie.middleware == CSRF:
        return W225.found(value=value)
    if value:
        return E224.found(value=value)
    consequence = (
        "so that the cookie has no SameSite: some browsers send it with requests that other sites "
        "make"
    )
    return E223.found(setting=setting, subject=setting, value=value, consequence=consequence)


CHECKS = (
    check_cookie_secure,
    check_session_cookie_httponly,
    check_cookie_samesite,
)
