"""A site with the settings of ``docs/how-to/proxy-recipes.md``, which tells what it was told."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import re_path

from django_hardened.env import Env
from django_hardened.settings import hardened_settings
from django_hardened.wsgi import get_wsgi_application

settings.configure(
    **hardened_settings(
        Env(
            {
                "SECRET_KEY": secrets.token_urlsafe(50),
                "ALLOWED_HOSTS": "www.example.com",
                "HARDENED_CANONICAL_ORIGIN": "https://www.example.com",
                "HARDENED_TRUSTED_PROXIES": "127.0.0.1",
                "DATABASE_URL": "postgres://site:pa55-f0r-a-test@db.example.com/site?sslmode=require",
                "EMAIL_URL": "smtp+tls://mailer:p4ss@smtp.example.com:587",
            }
        ),
        HARDENED_HEALTH_PATHS=["/healthz"],
    ),
    INSTALLED_APPS=[
        "django_hardened",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    ROOT_URLCONF=__name__,
)


def page(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {
            "address": request.build_absolute_uri(),
            "is_secure": request.is_secure(),
            "client": request.META["REMOTE_ADDR"],
            "others": [name for name in request.META if "FORWARDED" in name],
        }
    )


urlpatterns = [re_path("", page)]
application = get_wsgi_application()
