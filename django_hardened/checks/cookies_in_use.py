"""The cookies of Django that this project sets, and what its settings say of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.conf import settings

from django_hardened.checks.presence import is_present

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"


class Cookie(NamedTuple):
    """What the settings make of one cookie; ``prefix`` is how their names begin."""

    prefix: str
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


def cookies_in_use() -> list[Cookie]:
    """Return the cookies for which there is a middleware that sets them."""
    cookies = []
    if is_present(SESSION):
        cookies.append(Cookie("SESSION_COOKIE", SESSION))
    if is_present(CSRF) and not settings.CSRF_USE_SESSIONS:
        cookies.append(Cookie("CSRF_COOKIE", CSRF))
    return cookies
