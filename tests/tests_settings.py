"""Settings of the test suite: what hardened_settings gives in its ``test`` environment."""

from __future__ import annotations

from django_hardened.env import Env
from django_hardened.settings import hardened_settings

globals().update(
    hardened_settings(
        Env(
            {
                "HARDENED_ENVIRONMENT": "test",
                "ALLOWED_HOSTS": "testserver",
                "DATABASE_URL": "sqlite://:memory:",
            }
        )
    )
)

INSTALLED_APPS = [
    "django_hardened",
    "django_hardened.api_keys",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "rest_framework.authtoken",
]
ROOT_URLCONF = "urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
