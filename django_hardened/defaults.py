"""The hardened values, each with its source. Pure data: nothing here reads or decides.

ASVS is the OWASP Application Security Verification Standard 5.0; DSD the Django documentation's
page on security, https://docs.djangoproject.com/en/stable/topics/security/.
"""

from __future__ import annotations

from copy import deepcopy
from importlib.util import find_spec
from typing import Any, Final, Literal

import django

from django_hardened import csp

Environment = Literal["production", "development", "test", "build"]
PolicyMode = Literal["enforce", "report-only"]
POLICY_MODES: Final[tuple[PolicyMode, ...]] = ("enforce", "report-only")
ENVIRONMENTS: Final[tuple[Environment, ...]] = ("production", "development", "test", "build")

LOCAL_HOSTS: Final = ("localhost", ".localhost", "127.0.0.1", "[::1]")

# ASVS 3.4.1: at least one year. Subdomains and preload stay off: both bind hosts that other
# people may run, and neither can be taken back (https://hstspreload.org/#removal).
HSTS_SECONDS: Final = 365 * 24 * 60 * 60

# NIST SP 800-63B, revision 3, section 4.2.3: authenticate again after 12 hours.
SESSION_SECONDS: Final = 12 * 60 * 60

# NIST SP 800-63B, revision 4, section 2.2.3: after an hour without a request (ASVS 7.3.1).
SESSION_IDLE_SECONDS: Final = 60 * 60

# OWASP Forgot Password Cheat Sheet: tokens expire after an appropriate period. Django's three days
# outlive most readers' memory of having asked.
PASSWORD_RESET_SECONDS: Final = 60 * 60

# ASVS 6.2.1 asks for 8 and recommends 15; 12 was the floor of ASVS 4 (2.1.1).
PASSWORD_MIN_LENGTH: Final = 12

# Per client address, and per user; a person reading pages stays far below both.
THROTTLE_RATES: Final = {"anon": "60/min", "user": "600/min"}

# Per client address, whatever it asks for: twenty a second are a crawler that is in a hurry.
ADDRESS_RATES: Final = {"address": "1200/m"}

# ASVS 6.3.1. NIST SP 800-63B, revision 3, section 5.2.2 caps failures per account at a hundred in a
# row; ten in a quarter of an hour leave somebody who has forgotten a password time to think. An
# address may be that of an office.
LOGIN_RATES: Final = {"account": "10/15m", "address": "50/15m"}

AUTHENTICATION_BACKENDS: Final = ("django_hardened.backends.ModelBackend",)

MIDDLEWARE: Final = (
    # In front of all others: what they refuse has a header too.
    "django_hardened.middleware.HeadersMiddleware",
    "django_hardened.middleware.TrustedProxyMiddleware",
    # In front of SecurityMiddleware, whose redirect to https repeats the host of the request.
    "django_hardened.middleware.HostPinningMiddleware",
    # In front of all that costs something.
    "django_hardened.middleware.RateLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    # In front of CSRF protection, and beside it: it needs no cookie (ASVS 3.5.3).
    "django_hardened.middleware.CrossSiteMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_hardened.middleware.SessionLifetimeMiddleware",
    # ASVS 14.3.2: what is made for one user is kept by no cache, that of the site included.
    "django_hardened.middleware.PrivateResponseMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)

_HASHERS: Final = "django.contrib.auth.hashers."
_VALIDATION: Final = "django.contrib.auth.password_validation."


def transport(environment: Environment) -> dict[str, Any]:
    """HTTPS and the response headers of Django's SecurityMiddleware."""
    https = is_https(environment)
    return {
        "SECURE_SSL_REDIRECT": https,
        "SECURE_HSTS_SECONDS": HSTS_SECONDS if https else 0,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": False,
        "SECURE_HSTS_PRELOAD": False,
        "SECURE_CONTENT_TYPE_NOSNIFF": True,  # ASVS 3.4.4
        # ASVS 3.4.5. Not "no-referrer": CSRF's check of the Referer on https needs one.
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",  # ASVS 3.4.8
        "X_FRAME_OPTIONS": "DENY",
        # Only a declared proxy decides about host and port, through TrustedProxyMiddleware.
        "USE_X_FORWARDED_HOST": False,
        "USE_X_FORWARDED_PORT": False,
        "SECURE_PROXY_SSL_HEADER": None,
    }


def cookies(environment: Environment) -> dict[str, Any]:
    """Attributes of Django's own cookies; for their names see :func:`cookie_name`."""
    https = is_https(environment)
    return {
        "SESSION_COOKIE_SECURE": https,  # ASVS 3.3.1
        "SESSION_COOKIE_HTTPONLY": True,  # ASVS 3.3.4
        "SESSION_COOKIE_SAMESITE": "Lax",  # ASVS 3.3.2; "Strict" logs out who follows a link
        "SESSION_COOKIE_AGE": SESSION_SECONDS,
        "CSRF_COOKIE_SECURE": https,
        # Readable on purpose: scripts send the token in a header, and hiding it from a script
        # that could submit the form anyway protects nothing
        # (https://docs.djangoproject.com/en/stable/ref/settings/#csrf-cookie-httponly).
        "CSRF_COOKIE_HTTPONLY": False,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "LANGUAGE_COOKIE_SECURE": https,
        "LANGUAGE_COOKIE_HTTPONLY": True,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
    }


def browsers() -> dict[str, Any]:
    """The content security policy, in force (ASVS 3.4.3), and no exception to anything else."""
    policy = {
        directive: [*sources] if isinstance(sources, tuple) else sources
        for directive, sources in csp.STRICT.items()
    }
    return {
        "HARDENED_CSP": policy,
        "HARDENED_CSP_MODE": POLICY_MODES[0],
        "HARDENED_CSP_SCOPES": {},
        "HARDENED_CSP_REPORT_URI": "",
        "HARDENED_HEADERS": {},
        "HARDENED_COOKIES": {},
        "HARDENED_CROSS_SITE_PATHS": [],
    }


def lifetimes() -> dict[str, Any]:
    """How long a login lasts; at most, ``SESSION_COOKIE_AGE``."""
    return {"HARDENED_SESSION_IDLE": SESSION_IDLE_SECONDS, "HARDENED_SESSION_ABSOLUTE": None}


def cookie_name(name: str, *, secure: bool, domain: str | None, path: str) -> str:
    """Return ``name`` with the strongest prefix that browsers accept for these attributes.

    ``__Host-`` keeps other hosts of the domain from setting the cookie (ASVS 3.3.3); a browser
    drops such a cookie unless it is Secure, has no Domain, and its Path is ``/``
    (RFC 6265bis section 4.1.3).
    """
    if not secure:
        return name
    return f"__Host-{name}" if not domain and path == "/" else f"__Secure-{name}"


def passwords(environment: Environment) -> dict[str, Any]:
    """Password hashers and validators."""
    return {
        "PASSWORD_HASHERS": _password_hashers(environment),
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{_VALIDATION}UserAttributeSimilarityValidator"},
            {
                "NAME": f"{_VALIDATION}MinimumLengthValidator",
                "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
            },
            {"NAME": f"{_VALIDATION}CommonPasswordValidator"},  # ASVS 6.2.4
            {"NAME": f"{_VALIDATION}NumericPasswordValidator"},
        ],
        "PASSWORD_RESET_TIMEOUT": PASSWORD_RESET_SECONDS,
    }


def _password_hashers(environment: Environment) -> list[str]:
    """The best hasher first; the others so that existing users can still log in.

    OWASP Password Storage Cheat Sheet: Argon2id, else scrypt, else PBKDF2.
    """
    names = [
        "ScryptPasswordHasher",
        "PBKDF2PasswordHasher",
        "PBKDF2SHA1PasswordHasher",
        "BCryptSHA256PasswordHasher",
    ]
    if find_spec("argon2"):
        names.insert(0, "Argon2PasswordHasher")
    if environment == "test":
        names.insert(0, "MD5PasswordHasher")  # tests make many users and protect none
    return [_HASHERS + name for name in names]


def uploads() -> dict[str, Any]:
    """Limits of request bodies, in bytes and counts, and the modes of stored files.

    They are Django's own values. Written down, a later change of Django's cannot lift them.
    """
    return {
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 2_621_440,
        "FILE_UPLOAD_MAX_MEMORY_SIZE": 2_621_440,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 1000,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 100,
        "FILE_UPLOAD_PERMISSIONS": 0o644,
        "FILE_UPLOAD_DIRECTORY_PERMISSIONS": 0o755,
    }


def compatibility() -> dict[str, Any]:
    """What later versions of Django do by default, for those that still ask."""
    if django.VERSION < (6, 1):
        # CVE-2026-6873: cookies signed with the ambiguous salt are no longer accepted.
        return {"SIGNED_COOKIE_LEGACY_SALT_FALLBACK": False}
    return {}


def logging(environment: Environment) -> dict[str, Any]:
    """Log to the standard error stream; ``django.security`` there and nowhere else.

    Django mails each refused Host header to ADMINS, which lets anybody fill their inbox.
    """
    security = {"handlers": ["hardened"], "level": "INFO", "propagate": False}
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "hardened": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}
        },
        "handlers": {"hardened": {"class": "logging.StreamHandler", "formatter": "hardened"}},
        "loggers": {"django.security": security, "django_hardened": deepcopy(security)},
    }
    if environment == "production":
        # Django's console handler is silent unless DEBUG is on, and errors would be lost.
        config["root"] = {"handlers": ["hardened"], "level": "WARNING"}
    return config


def rest_framework(environment: Environment) -> dict[str, Any]:
    """Django REST framework: closed, limited, and JSON only outside development."""
    renderers = ["rest_framework.renderers.JSONRenderer"]
    if environment == "development":
        renderers.append("rest_framework.renderers.BrowsableAPIRenderer")
    return {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "django_hardened.drf.authentication.TokenAuthentication",
            "django_hardened.drf.authentication.SessionAuthentication",
        ],
        "DEFAULT_THROTTLE_CLASSES": [
            "django_hardened.drf.throttling.AnonRateThrottle",
            "django_hardened.drf.throttling.UserRateThrottle",
        ],
        "DEFAULT_THROTTLE_RATES": dict(THROTTLE_RATES),
        "DEFAULT_RENDERER_CLASSES": renderers,
        # RFC 9457, for who asks: says which limit refuses.
        "EXCEPTION_HANDLER": "django_hardened.drf.problems.exception_handler",
        # TrustedProxyMiddleware has put the address of the client into REMOTE_ADDR.
        "NUM_PROXIES": 0,
    }


def is_https(environment: Environment) -> bool:
    """Whether a site in ``environment`` is served over https only."""
    return environment in ("production", "build")
