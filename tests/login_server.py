"""login_site under a server: ``gunicorn "login_server:application()"``."""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from django_hardened.env import Env
from django_hardened.settings import hardened_settings


def application() -> WSGIHandler:
    hardened = hardened_settings(
        Env(
            {
                "SECRET_KEY": "fu2Eb8oXe3yqQvB1h5gqkJm0sZr9tLwPn7cAd4iVx6KjUyGTRf",
                "ALLOWED_HOSTS": "www.example.com",
                "DATABASE_URL": "sqlite://:memory:",
                "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
            }
        ),
        AUTHENTICATION_BACKENDS=[
            "django_hardened.backends.LoginProtectionBackend",
            "login_site.Directory",
        ],
        HARDENED_LOGIN_RATES={"account": "5/m", "address": "5/m"},
        SECURE_SSL_REDIRECT=False,
    )
    settings.configure(
        **hardened,
        ROOT_URLCONF="login_site",
        HARDENED_RATELIMIT_FILE=os.environ["LOGIN_SERVER_FILE"],
        INSTALLED_APPS=[
            "django_hardened",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "rest_framework",
            "rest_framework.authtoken",
        ],
    )
    django.setup()
    return get_wsgi_application()
