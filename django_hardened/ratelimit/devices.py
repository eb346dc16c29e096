"""Device cookies: what lets the owner of an account in while somebody else attacks it.

https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies: a browser on
which a login has succeeded has an allowance of its own. The cookie is good for its account only,
and lets nobody in: it stands for no more than a few attempts.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from django.conf import settings
from django.core import signing
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

from django_hardened.defaults import cookie_name

MAX_AGE: Final = 365 * 24 * 60 * 60
_SALT: Final = "django_hardened.device"
_DIGITS = 32  # 128 bits


def name() -> str:
    """Return the name of the cookie, with the prefix that its attributes allow."""
    secure = bool(settings.SESSION_COOKIE_SECURE)
    return cookie_name("hardened_device", secure=secure, domain=None, path="/")


def set_cookie(response: HttpResponseBase, usernames: Iterable[str]) -> None:
    """Have the browser keep that the account with these canonical names has logged in on it."""
    nonce = secrets.token_urlsafe(16)
    made = [nonce, *(_digest(username) for username in dict.fromkeys(usernames))]
    response.set_cookie(
        name(),
        signing.dumps(made, salt=_SALT),
        max_age=MAX_AGE,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )


def read(cookies: Mapping[str, str], usernames: Collection[str]) -> str | None:
    """Return what identifies the device, if all of ``usernames`` are those of who has logged in.

    Never raises.
    """
    value = cookies.get(name())
    if not value or not usernames:
        return None
    try:
        nonce, *digests = signing.loads(value, salt=_SALT, max_age=MAX_AGE)
    except (signing.BadSignature, ValueError):
        return None
    return str(nonce) if all(_digest(username) in digests for username in usernames) else None


def _digest(username: str) -> str:
    """Return what stands for an account in a cookie that anybody at the device can read."""
    secret = username.encode("utf-8", "surrogatepass")
    return salted_hmac(_SALT, secret, algorithm="sha256").hexdigest()[:_DIGITS]
