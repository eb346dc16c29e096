"""3xx: the admin site, where the URLconf has put it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern

from django_hardened.checks.rules import Rule
from django_hardened.checks.setting_types import has_urls

I320 = Rule(
    "I320",
    "The admin site is at /admin/, where every scanner looks for a login form.",
    'path("back-office/", admin.site.urls)  # a name of your own; or let only your network in',
    setting="ROOT_URLCONF",
)
RULES = (I320,)


def check_admin_address(**kwargs: Any) -> list[CheckMessage]:
    if not has_urls():
        return []
    return [I320.found()] if "admin/" in _admin_addresses(get_resolver(), "") else []


def _admin_addresses(resolver: URLResolver, prefix: str) -> Iterator[str]:
    """Yield where admin sites are; a site of the project's own has the same app name."""
    for pattern in resolver.url_patterns:
        if not isinstance(pattern, URLResolver):
            continue
        # In front of it i18n_patterns puts the language, which hides nothing.
        is_language = isinstance(pattern.pattern, LocalePrefixPattern)
        own = "" if is_language else str(pattern.pattern).lstrip("^")
        if pattern.app_name == "admin":
            yield prefix + own
        else:
            yield from _admin_addresses(pattern, prefix + own)


CHECKS = (check_admin_address,)
