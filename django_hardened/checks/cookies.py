"""2xx: the cookies that log people in, and the one that protects their forms."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass, listed, load_class
from django_hardened.checks.presence import is_present
from django_hardened.checks.rules import Rule
from django_hardened.conf import conf
from django_hardened.hosts import is_overbroad

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"

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
    "SESSION_COOKIE_SAMESITE is {value!r}, so that the cookie has no SameSite: some browsers send "
    "it with requests that other sites make.",
    'SESSION_COOKIE_SAMESITE = "Lax"',
    setting="SESSION_COOKIE_SAMESITE",
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
E226 = Rule(
    "E226",
    "{setting} is {value!r}, under which strangers hold names: browsers drop the cookie, or send "
    "it to them.",
    "{setting} = None",
    asvs="3.3.3",
    cwe=668,
)
W227 = Rule(
    "W227",
    "{setting} is {value!r}: the cookie goes to every host under that domain, and each of them can "
    "replace it.",
    "{setting} = None  # it then stays with the host that sets it; only hosts that share a login "
    "need a domain",
    asvs="3.3.3",
)
E228 = Rule(
    "E228",
    "The cookie {name!r} {rule}, but {setting} is {value!r}: browsers drop it without a word.",
    "{setting} = {right}  # or a name without that prefix",
    asvs="3.3.3",
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
RULES = (E220, E221, E222, E223, E224, W225, E226, W227, E228, E229, W219, W218)


class _Cookie(NamedTuple):
    """What the settings make of one cookie; ``prefix`` is how their names begin."""

    prefix: str
    insecure: Rule
    middleware: str

    def setting(self, attribute: str) -> str:
        return f"{self.prefix}_{attribute}"

    def value(self, attribute: str) -> Any:
        return getattr(settings, self.setting(attribute))

    @property
    def name(self) -> str:
        return str(self.value("NAME"))

    def has_prefix(self, *prefixes: str) -> bool:
        # Browsers compare them without regard to case: RFC 6265bis section 5.4.
        return self.name.lower().startswith(prefixes)


def _cookies_in_use() -> list[_Cookie]:
    cookies = []
    if is_present(SESSION):
        cookies.append(_Cookie("SESSION_COOKIE", E220, SESSION))
    if is_present(CSRF) and not settings.CSRF_USE_SESSIONS:
        cookies.append(_Cookie("CSRF_COOKIE", E222, CSRF))
    return cookies


def check_cookie_secure(**kwargs: Any) -> list[CheckMessage]:
    return [_not_secure(cookie) for cookie in _cookies_in_use() if not cookie.value("SECURE")]


def _not_secure(cookie: _Cookie) -> CheckMessage:
    if cookie.has_prefix("__host-", "__secure-"):
        setting = cookie.setting("SECURE")
        return E229.found(setting=setting, subject=setting, name=cookie.name)
    middleware = _own_response(cookie.middleware)
    if middleware:
        return W218.found(setting=cookie.setting("SECURE"), subject=middleware)
    if not _is_on_https():
        setting = cookie.setting("SECURE")
        return W219.found(setting=setting, subject=setting)
    return cookie.insecure.found()


def _is_on_https() -> bool:
    """Whether the settings say that visitors come in over https, and not only that they may."""
    origins = [getattr(settings, "HARDENED_CANONICAL_ORIGIN", None), *settings.CSRF_TRUSTED_ORIGINS]
    return bool(
        settings.SECURE_SSL_REDIRECT
        or settings.SECURE_HSTS_SECONDS
        or not conf.edge.isdisjoint({"ssl_redirect", "hsts"})
        # A proxy of ours that says how the visitor came in is there for that.
        or (settings.SECURE_PROXY_SSL_HEADER and getattr(settings, "HARDENED_TRUSTED_PROXIES", ()))
        or any(str(origin).lower().startswith("https://") for origin in origins)
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
    findings = []
    for cookie in _cookies_in_use():
        value = cookie.value("SAMESITE")
        is_none = str(value).lower() == "none"  # also the value None, which is why it comes second
        if cookie.prefix == "CSRF_COOKIE":
            findings += [W225.found(value=value)] if not value or is_none else []
        elif not value:
            findings.append(E223.found(value=value))
        elif is_none:
            findings.append(E224.found(value=value))
    return findings


def check_cookie_domain(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for cookie in _cookies_in_use():
        value, setting = str(cookie.value("DOMAIN") or ""), cookie.setting("DOMAIN")
        if not value:
            continue
        if is_overbroad(f".{value.removeprefix('.')}"):
            findings.append(E226.found(setting=setting, subject=setting, value=value))
        elif not cookie.has_prefix("__host-"):  # which may have no Domain at all
            findings.append(W227.found(setting=setting, subject=setting, value=value))
    return findings


def check_cookie_prefixes(**kwargs: Any) -> list[CheckMessage]:
    return [
        E228.found(
            setting=cookie.setting(attribute),
            subject=cookie.setting(attribute),
            name=cookie.name,
            value=str(cookie.value(attribute)),
            rule=rule,
            right=right,
        )
        for cookie in _cookies_in_use()
        if cookie.has_prefix("__host-")
        for attribute, rule, right, is_right in (
            ("DOMAIN", "may have no Domain", "None", not cookie.value("DOMAIN")),
            ("PATH", "must have the Path '/'", '"/"', str(cookie.value("PATH")) == "/"),
        )
        if not is_right
    ]


CHECKS = (
    check_cookie_secure,
    check_session_cookie_httponly,
    check_cookie_samesite,
    check_cookie_domain,
    check_cookie_prefixes,
)
