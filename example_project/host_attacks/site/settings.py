"""The settings of the attacked site; the variables ATTACKS_* choose among them."""

from __future__ import annotations

import os
import secrets

from host_attacks.variants import ALIAS, SITE

ALLOWED = {"exact": [SITE, ALIAS], "suffix": [f".{SITE}"], "any": ["*"]}

_stack = os.environ["ATTACKS_STACK"]
_hosts, _, _forwarded = os.environ["ATTACKS_HOSTS"].partition("+")

DEBUG = False
SECRET_KEY = secrets.token_urlsafe(50)
ALLOWED_HOSTS = ALLOWED[_hosts]
USE_X_FORWARDED_HOST = bool(_forwarded)
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
if _stack == "hardened":
    MIDDLEWARE = [
        "django_hardened.middleware.TrustedProxyMiddleware",
        "django_hardened.middleware.HostPinningMiddleware",
        *MIDDLEWARE,
    ]
    if _hosts != "exact":
        HARDENED_TENANT_RESOLVER = "host_attacks.site.tenants.resolve"
    if os.environ.get("ATTACKS_ALIAS"):
        HARDENED_HOST_ALIASES = {ALIAS: SITE}
    HARDENED_TRUSTED_PROXIES = os.environ["ATTACKS_PROXIES"].split()
ROOT_URLCONF = "host_attacks.site.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "host_attacks.site.views.site_address",
            ],
            "libraries": {"cache": "django.templatetags.cache"},
            "loaders": [
                (
                    "django.template.loaders.locmem.Loader",
                    {
                        "fragment.html": (
                            "{% load cache %}{% cache 300 links mode %}"
                            "{{ request.build_absolute_uri }}{% endcache %}"
                        ),
                        "error.html": "{{ site_address }}",
                    },
                )
            ],
        },
    }
]
CACHES = {
    alias: {
        "BACKEND": "host_attacks.site.caches.WatchedCache",
        "LOCATION": alias,
        "TIMEOUT": 300,
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
    for alias in ("default", "pages")
}
USE_TZ = True
