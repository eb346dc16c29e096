"""The same site as a hurried author deploys it: what `check --deploy` has to stop.

Each numbered line is a mistake that real sites are deployed with. Nothing here is an example to
follow; `settings.py` is.
"""

from __future__ import annotations

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# 1. The key that startproject wrote, now in the repository's history for good.
SECRET_KEY = "django-insecure-k3y-that-startproject-wrote-and-nobody-changed"

# 2. "Only until it works": every error page shows settings and source.
DEBUG = True

# 3. Any Host is ours: poisoned caches, and password reset links to somewhere else.
ALLOWED_HOSTS = ["*"]

# 4. The same again through X-Forwarded-Host, which any client can send.
USE_X_FORWARDED_HOST = True

# 5. Any client says that its request came over https.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# 6. Transport: no SECURE_SSL_REDIRECT and an HSTS that lasts a minute, "to try it".
SECURE_HSTS_SECONDS = 60

# 7. Cookies: not Secure, which is the default, and readable by scripts on top of it.
SESSION_COOKIE_HTTPONLY = False

# 8. The fast hasher of the test settings.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# 9. "password" is a password.
AUTH_PASSWORD_VALIDATORS: list[dict[str, str]] = []

# 10. Django REST framework as it comes: AllowAny, BasicAuthentication, no limit. One setting for
#     the page size, and the rest is forgotten.
REST_FRAMEWORK = {
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 20,
}

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

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    # 11. XFrameOptionsMiddleware "broke the widget" and went.
]

ROOT_URLCONF = "example.urls"
WSGI_APPLICATION = "example.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            # 12. Outlives the day when DEBUG goes back to False.
            "debug": True,
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
    }
}

# Read by Django 6.1; earlier ones do the same by default.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "account"
LOGOUT_REDIRECT_URL = "post-list"
