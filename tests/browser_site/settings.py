"""The settings of the example site, with what it does not have: a library, and pages of its API."""

from __future__ import annotations

from example.settings import *  # noqa: F403
from example.settings import INSTALLED_APPS, hardened

from django_hardened import csp

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "browser_site",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
ROOT_URLCONF = "browser_site.urls"
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

REST_FRAMEWORK = {
    **hardened["REST_FRAMEWORK"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "PAGE_SIZE": 5,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "The library",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
# What holds where nobody has asked for anything else.
HARDENED_CSP = csp.STRICT
HARDENED_HEADERS: dict[str, str | None] = {}
CSRF_COOKIE_HTTPONLY = False
HARDENED_CSP_SCOPES = {"/swagger/": csp.SWAGGER, "/redoc/": csp.REDOC}
# Many visitors, all of them at one address.
HARDENED_ADDRESS_RATES = {"address": "100000/m"}
