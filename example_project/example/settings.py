"""The settings of the example site: everything that a deploy decides comes from the environment."""

from __future__ import annotations

from pathlib import Path

import django

from django_hardened import csp
from django_hardened.env import Env
from django_hardened.settings import hardened_settings

BASE_DIR = Path(__file__).resolve().parent.parent

# As the validator of OWASP's Secure Headers Project names them; not every browser knows them all.
UNUSED_FEATURES = """accelerometer autoplay camera clipboard-read clipboard-write
    cross-origin-isolated display-capture encrypted-media fullscreen gamepad geolocation gyroscope
    hid idle-detection interest-cohort keyboard-map magnetometer microphone midi payment
    picture-in-picture publickey-credentials-get screen-wake-lock serial sync-xhr unload usb
    web-share xr-spatial-tracking""".split()
if django.VERSION < (6, 1):  # whose admin needs it
    UNUSED_FEATURES.remove("unload")

env = Env.from_file(BASE_DIR / ".env")
hardened = hardened_settings(
    env,
    SESSION_COOKIE_AGE=8 * 3600,
    # No script of the site reads it: each form brings the secret along.
    CSRF_COOKIE_HTTPONLY=True,
    # What a site has to ask for, because each has a price: docs/explanation/what-scanners-say.md.
    # Strings that become markup have to pass a policy first, and each thing that a page loads has
    # to say that it may be loaded.
    HARDENED_CSP={**csp.STRICT, "require-trusted-types-for": "'script'"},
    # The admin has no part in the former, but for its page to log in, which stands it.
    HARDENED_CSP_SCOPES={"/admin/login/": {}},
    HARDENED_HEADERS={
        "Cache-Control": "no-store, max-age=0",
        "Clear-Site-Data": '"cache","cookies","storage"',
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES),
        "X-DNS-Prefetch-Control": "off",
    },
    SECURE_HSTS_INCLUDE_SUBDOMAINS=env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True),
    HARDENED_CSP_REPORT_URI="/csp-reports/",
    rest_framework={
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "PAGE_SIZE": 20,
    },
)
globals().update(hardened)
if hardened["SECURE_HSTS_SECONDS"]:  # not on a developer's machine
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=2 * 365 * 24 * 60 * 60)

INSTALLED_APPS = [
    "django_hardened",
    "blog",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
]

MIDDLEWARE = [*hardened["MIDDLEWARE"]]
MIDDLEWARE.insert(
    MIDDLEWARE.index("django.middleware.security.SecurityMiddleware") + 1,
    "whitenoise.middleware.WhiteNoiseMiddleware",
)

ROOT_URLCONF = "example.urls"
WSGI_APPLICATION = "example.wsgi.application"

# What lets templates mark their scripts as ours: Django's own since 6.0, before that django-csp's.
NONCE = (
    "django.template.context_processors.csp"
    if django.VERSION >= (6, 0)
    else "csp.context_processors.nonce"
)

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                NONCE,
            ],
        },
    },
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Nothing has to be collected before the site runs on a developer's machine or in a test.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = hardened["HARDENED_ENVIRONMENT"] != "production"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "account"
LOGOUT_REDIRECT_URL = "post-list"
