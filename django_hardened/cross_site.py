"""Requests that another site has a browser send: which of them are let in.

Browsers say in Fetch Metadata, https://www.w3.org/TR/fetch-metadata/, where a request comes from,
and no page can make them say otherwise. It is a second line behind the CSRF token (ASVS 3.5.3, and
https://web.dev/articles/fetch-metadata): what sends no such field is no browser, or an old one, and
is let through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from django_hardened.paths import lies_in

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# The user has typed the address, or the page is of this very origin. A sibling host is neither.
_OWN_SITES: Final = frozenset({"same-origin", "none"})
# A page in an <object> or <embed> is a navigation too, and one that nobody has asked for.
_EMBEDS: Final = frozenset({"object", "embed"})
CROSS_SITE_MARK: Final = "_hardened_cross_site"


@dataclass(frozen=True)
class CrossSiteRules:
    """Whom the settings let in.

    Attributes:
        origins: those of ``CSRF_TRUSTED_ORIGINS``, which may send forms as well.
        patterns: those of them with a wildcard, as expressions.
        cors: those that may call from scripts, by the settings of django-cors-headers.
        any_cors: whether all origins may.
        cors_paths: the paths that this is about, ``CORS_URLS_REGEX``.
        paths: where anybody may send something: beginnings of paths, segment by segment.
    """

    origins: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()
    cors: tuple[re.Pattern[str], ...] = ()
    any_cors: bool = False
    cors_paths: re.Pattern[str] = re.compile("")
    paths: tuple[str, ...] = ()

    def refuses(self, method: str, path: str, meta: Mapping[str, Any], *, is_api: bool) -> bool:
        """Whether to refuse a request to a page, or to an API, that declares nothing itself."""
        site = meta.get("HTTP_SEC_FETCH_SITE")
        if site is None or site in _OWN_SITES:
            return False
        is_safe = method in _SAFE_METHODS
        if is_safe and not is_api:
            return False
        mode = meta.get("HTTP_SEC_FETCH_MODE")
        if mode == "navigate" and is_safe and meta.get("HTTP_SEC_FETCH_DEST") not in _EMBEDS:
            return False  # a link, which carries nothing but itself
        if method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in meta:
            return False  # a question, and CORS answers it
        may_use_cors = mode == "cors" and self.cors_paths.match(path) is not None
        is_trusted = self._trusts(meta.get("HTTP_ORIGIN"), may_use_cors=may_use_cors)
        return not (is_trusted or self._is_open(path))

    def _trusts(self, origin: str | None, *, may_use_cors: bool) -> bool:
        if not origin or origin == "null":
            return False
        if origin in self.origins or _match(self.patterns, origin):
            return True
        return may_use_cors and (self.any_cors or _match(self.cors, origin))

    def _is_open(self, path: str) -> bool:
        return any(lies_in(path, open_path) for open_path in self.paths)


def _match(patterns: tuple[re.Pattern[str], ...], origin: str) -> bool:
    return any(pattern.fullmatch(origin) for pattern in patterns)


def is_api(view: object) -> bool:
    """Whether ``view`` is one of REST framework's, which it marks with its class."""
    return hasattr(getattr(view, "cls", None), "authentication_classes")


# -- The settings --------------------------------------------------------------------------------

_rules: CrossSiteRules | None = None


def cross_site_rules() -> CrossSiteRules:
    """Return what the settings say, read once.

    Raises:
        ImproperlyConfigured: ``HARDENED_CROSS_SITE_PATHS`` cannot be used.
    """
    global _rules  # noqa: PLW0603  # the one copy
    if _rules is None:
        _rules = _make()
    return _rules


def forget(**kwargs: object) -> None:
    """Drop what was made of settings; connected to ``setting_changed``."""
    global _rules  # noqa: PLW0603
    _rules = None


setting_changed.connect(forget, dispatch_uid="django_hardened.cross_site")


def _make() -> CrossSiteRules:
    trusted = [str(origin) for origin in settings.CSRF_TRUSTED_ORIGINS]
    paths = getattr(settings, "HARDENED_CROSS_SITE_PATHS", None) or ()
    if isinstance(paths, str) or not all(str(path).startswith("/") for path in paths):
        raise ImproperlyConfigured(
            'HARDENED_CROSS_SITE_PATHS is no list of paths with a leading "/"'
        )
    return CrossSiteRules(
        origins=frozenset(origin for origin in trusted if "*" not in origin),
        patterns=tuple(_wildcard(origin) for origin in trusted if "*" in origin),
        cors=(
            *(re.compile(re.escape(str(origin))) for origin in _cors("ALLOWED_ORIGINS", ())),
            *map(_pattern, _cors("ALLOWED_ORIGIN_REGEXES", ())),
        ),
        any_cors=bool(_cors("ALLOW_ALL_ORIGINS", default=False)),
        cors_paths=_pattern(_cors("URLS_REGEX", "")),
        paths=tuple(map(str, paths)),
    )


def _pattern(value: Any) -> re.Pattern[str]:
    return value if isinstance(value, re.Pattern) else re.compile(value)


def _wildcard(origin: str) -> re.Pattern[str]:
    """Return what ``https://*.example.com`` means to Django: that host, and all below it."""
    scheme, _, rest = origin.partition("*.")
    return re.compile(rf"{re.escape(scheme)}(?:[a-z0-9.-]+\.)?{re.escape(rest)}")


def _cors(name: str, default: Any) -> Any:
    """Return a setting of django-cors-headers, if the site has it at work."""
    if not any(str(entry).endswith("CorsMiddleware") for entry in settings.MIDDLEWARE):
        return default
    return getattr(settings, f"CORS_{name}", default)
