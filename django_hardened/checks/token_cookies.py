"""4xx: the cookies in which dj-rest-auth puts JSON Web Tokens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.dictionaries import mapping
from django_hardened.checks.rules import Rule

E458 = Rule(
    "E458",
    "dj-rest-auth sets the cookie with the token without HttpOnly: any script on the page can "
    "take it away.",
    'REST_AUTH["JWT_AUTH_HTTPONLY"] = True',
    "REST_AUTH",
    asvs="3.3.4",
    cwe=1004,
)
E459 = Rule(
    "E459",
    "dj-rest-auth sets the cookie with the token without Secure: it also travels over http.",
    'REST_AUTH["JWT_AUTH_SECURE"] = True',
    "REST_AUTH",
    asvs="3.3.1",
    cwe=614,
)
E460 = Rule(
    "E460",
    "dj-rest-auth sets the cookie with the token with SameSite=None and checks no CSRF token: "
    "every site can act as the user.",
    'REST_AUTH |= {{"JWT_AUTH_SAMESITE": "Lax", "JWT_AUTH_COOKIE_USE_CSRF": True}}',
    "REST_AUTH",
    asvs="3.5.1",
    cwe=352,
)
RULES = (E458, E459, E460)


def check_token_cookies(**kwargs: Any) -> list[CheckMessage]:
    config = mapping(getattr(settings, "REST_AUTH", None))
    if not config.get("JWT_AUTH_COOKIE"):
        return []
    findings = []
    if config.get("JWT_AUTH_HTTPONLY", True) is False:
        findings.append(E458.found())
    if not config.get("JWT_AUTH_SECURE", False):
        findings.append(E459.found())
    same_site = str(config.get("JWT_AUTH_SAMESITE", "Lax")).lower()
    if same_site == "none" and not config.get("JWT_AUTH_COOKIE_USE_CSRF", False):
        findings.append(E460.found())
    return findings


CHECKS = (check_token_cookies,)
