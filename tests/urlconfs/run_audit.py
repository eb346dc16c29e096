"""Audits the URLconf of a package in a process of its own, and prints the report.

Arguments: the name of a site in ``SITES``, and ``probe`` to call what it has.
"""

from __future__ import annotations

import sys
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

_APPS = [
    "django_hardened",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
    "django.contrib.staticfiles",
]
_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
_CLOSED = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]}

SITES: dict[str, dict[str, Any]] = {
    "allauth": {
        "apps": [
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "allauth.mfa",
            "allauth.socialaccount.providers.google",
            "allauth.usersessions",
        ],
        "middleware": ["allauth.account.middleware.AccountMiddleware"],
        "urls": {"accounts/": "allauth.urls"},
        "settings": {
            "AUTHENTICATION_BACKENDS": [
                "django.contrib.auth.backends.ModelBackend",
                "allauth.account.auth_backends.AuthenticationBackend",
            ]
        },
    },
    "dj_rest_auth": {
        "apps": [
            "rest_framework",
            "rest_framework.authtoken",
            "dj_rest_auth",
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "dj_rest_auth.registration",
        ],
        "middleware": ["allauth.account.middleware.AccountMiddleware"],
        "urls": {
            "auth/": "dj_rest_auth.urls",
            "auth/registration/": "dj_rest_auth.registration.urls",
        },
        "settings": {"REST_FRAMEWORK": _CLOSED},
    },
    "djoser": {
        "apps": ["rest_framework", "rest_framework.authtoken", "djoser"],
        "urls": {"auth/": ["djoser.urls", "djoser.urls.authtoken", "djoser.urls.jwt"]},
        "settings": {"REST_FRAMEWORK": _CLOSED},
    },
    "drf_spectacular": {
        "apps": ["rest_framework", "drf_spectacular"],
        "views": {
            "schema/": "drf_spectacular.views.SpectacularAPIView",
            "docs/": "drf_spectacular.views.SpectacularSwaggerView",
            "redoc/": "drf_spectacular.views.SpectacularRedocView",
        },
        "settings": {
            "REST_FRAMEWORK": {
                **_CLOSED,
                "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
            }
        },
    },
    "oauth2_provider": {
        "apps": ["rest_framework", "oauth2_provider"],
        "urls": {"o/": "oauth2_provider.urls"},
        "settings": {"REST_FRAMEWORK": _CLOSED},
    },
    "wagtail": {
        "apps": [
            "wagtail.contrib.forms",
            "wagtail.contrib.redirects",
            "wagtail.embeds",
            "wagtail.sites",
            "wagtail.users",
            "wagtail.snippets",
            "wagtail.documents",
            "wagtail.images",
            "wagtail.search",
            "wagtail.admin",
            "wagtail",
            "modelcluster",
            "taggit",
            "django_tasks",
        ],
        "middleware": ["wagtail.contrib.redirects.middleware.RedirectMiddleware"],
        "urls": {
            "cms/": "wagtail.admin.urls",
            "documents/": "wagtail.documents.urls",
            "": "wagtail.urls",
        },
        "settings": {"WAGTAIL_SITE_NAME": "Site", "WAGTAILADMIN_BASE_URL": "https://example.com"},
    },
}


def configure(site: dict[str, Any]) -> None:
    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["example.com"],
        INSTALLED_APPS=[*_APPS, *site["apps"]],
        MIDDLEWARE=[*_MIDDLEWARE, *site.get("middleware", [])],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SITE_ID=1,
        STATIC_URL="/static/",
        USE_TZ=True,
        LOGIN_URL="/accounts/login/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        **site["settings"],
    )
    django.setup()


def patterns(site: dict[str, Any]) -> list[Any]:
    from django.urls import include, path
    from django.utils.module_loading import import_string

    found: list[Any] = []
    for route, view in site.get("views", {}).items():
        found.append(path(route, import_string(view).as_view(), name=route.strip("/")))
    for route, modules in site.get("urls", {}).items():
        listed = [modules] if isinstance(modules, str) else modules
        found += [path(route, include(module)) for module in listed]
    return found


urlpatterns: list[Any] = []


if __name__ == "__main__":
    name, *options = sys.argv[1:]
    configure(SITES[name])
    urlpatterns += patterns(SITES[name])
    if "probe" in options:
        call_command("migrate", verbosity=0)
        call_command("audit_endpoints", "--format=json", "--probe", "--unsafe-methods")
    else:
        call_command("audit_endpoints", "--format=json")
