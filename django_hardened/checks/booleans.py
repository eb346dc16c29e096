"""0xx: texts where Django asks whether something is true."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from django.conf import global_settings, settings
from django.core.checks import CheckMessage

from django_hardened.checks.rules import Rule

_HINT = (
    '{setting} = os.environ.get("{setting}", "{default}").lower() == "true"  # or True or False, '
    "without quotes"
)

E060 = Rule(
    "E060",
    "{setting} is the text {value!r}, and a text that is not empty is true: it is on.",
    _HINT,
    cwe=704,
)
W061 = Rule(
    "W061",
    "{setting} is a text: whatever stands in it, also 'false', is true unless it is empty.",
    _HINT,
    cwe=704,
)
RULES = (E060, W061)

_NO = frozenset({"false", "0", "no", "off", "n", "f", "none", "null", "disabled", "never"})
# What is not in the environment stays on with these, as with what is on by default.
_PROTECTIONS = frozenset(
    {
        *("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "EMAIL_USE_TLS"),
        *("AXES_ENABLED", "RATELIMIT_ENABLE", "SILKY_AUTHENTICATION", "SILKY_AUTHORISATION"),
    }
)
_OF_PACKAGES = (
    *("CORS_ALLOW_ALL_ORIGINS", "CORS_ALLOW_CREDENTIALS", "CORS_ALLOW_PRIVATE_NETWORK"),
    *("CORS_ORIGIN_ALLOW_ALL", "AXES_ENABLED", "RATELIMIT_ENABLE", "RATELIMIT_FAIL_OPEN"),
    *("SILKY_AUTHENTICATION", "SILKY_AUTHORISATION", "WHITENOISE_AUTOREFRESH"),
)


def check_texts(**kwargs: Any) -> list[CheckMessage]:
    return [
        E060.found(setting=name, subject=name, value=text, default=_default(name))
        if text.strip().lower() in _NO
        else W061.found(setting=name, subject=name, default=_default(name))
        for name, text in _texts()
    ]


def _default(name: str) -> str:
    is_on = getattr(global_settings, name, False) or name in _PROTECTIONS
    return "true" if is_on else "false"


def _texts() -> Iterator[tuple[str, str]]:
    """Yield each setting that is a text, and would be a boolean by its default."""
    defaults = vars(global_settings).items()
    booleans = [name for name, default in defaults if isinstance(default, bool)]
    for name in (*booleans, *_OF_PACKAGES):
        if settings.is_overridden(name):  # type: ignore[misc]  # a method
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that some are deprecated, Django says elsewhere
                value = getattr(settings, name, None)
            if isinstance(value, str):
                yield name, value


CHECKS = (check_texts,)
