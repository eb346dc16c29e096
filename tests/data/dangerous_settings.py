"""A site that nobody should deploy: each line below is a mistake that a real project has made.

It extends what ``startproject`` writes. A mark at the end of a line names the findings that are
due there; ``E250>=6.0`` is due from that version of Django on. Nothing else may be found in this
file.
"""

from __future__ import annotations

from site1.settings import *  # type: ignore[import-not-found]  # noqa: F403
from site1.settings import BASE_DIR, INSTALLED_APPS, TEMPLATES

DEBUG = False
INSTALLED_APPS = ["django_hardened", *INSTALLED_APPS, "rest_framework", "corsheaders"]

# -- Secrets and errors --------------------------------------------------------------------------

SECRET_KEY = "correct-horse-" * 4  # finds: E012
SECRET_KEY_FALLBACKS = [SECRET_KEY, "the key of last year"]  # finds: E016 E017
SHOP_API_SECRET = "hT5-mB2_xQ8wZ1rK7nV4"  # finds: E041
DEBUG_PROPAGATE_EXCEPTIONS = True  # finds: E004
TEMPLATES[0]["OPTIONS"].update(debug=True, autoescape=False)  # finds: W002 E030

# -- Hosts and proxies ---------------------------------------------------------------------------

ALLOWED_HOSTS = ["shop.example.com/", "*", ".co.uk"]  # finds: E102 E103 W113
USE_X_FORWARDED_HOST = True  # finds: E115
USE_X_FORWARDED_PORT = True  # finds: W117
LANGUAGE_COOKIE_SECURE = "False"  # finds: E060
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # finds: W118
INTERNAL_IPS = ["127.0.0.1", "172.16.0.0/12"]  # finds: W124
HARDENED_EDGE = {"firewall"}  # finds: E904

# -- Transport and headers -----------------------------------------------------------------------

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = ["^"]  # finds: E206
SECURE_HSTS_SECONDS = 600  # finds: W203
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_HSTS_PRELOAD = True  # finds: W205
SECURE_CONTENT_TYPE_NOSNIFF = False  # finds: E210
SECURE_REFERRER_POLICY = "origin, unsafe-url"  # finds: E212
SECURE_CROSS_ORIGIN_OPENER_POLICY = None  # finds: W214
X_FRAME_OPTIONS = "ALLOW-FROM https://partner.example"  # finds: E216
SECURE_CSP = {"script-src": ["*", "'unsafe-inline'"]}  # finds: E250>=6.0 E251<6.0 E260 W262 W265

# -- Cookies and forms ---------------------------------------------------------------------------

SESSION_COOKIE_NAME = "__Secure-shop"
SESSION_COOKIE_SECURE = False  # finds: E229
SESSION_COOKIE_HTTPONLY = False  # finds: E221
SESSION_COOKIE_SAMESITE = False  # finds: E223
SESSION_COOKIE_DOMAIN = ".github.io"  # finds: E226
SESSION_COOKIE_AGE = 5 * 365 * 86_400  # finds: E350
SESSION_SERIALIZER = "django.contrib.sessions.serializers.PickleSerializer"  # finds: E353
SESSION_ENGINE = "django.contrib.sessions.backends.cache"  # finds: E354
CSRF_COOKIE_SECURE = False  # finds: E222
CSRF_COOKIE_HTTP_ONLY = True  # finds: W905
CSRF_COOKIE_SAMESITE = None  # finds: W225
CSRF_TRUSTED_ORIGINS = ["http://*.example.com", "https://*.com"]  # finds: E240 E241

# -- Logins --------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [  # finds: E301 I310
    "django.contrib.auth.backends.AllowAllUsersModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # finds: E334
AUTH_PASSWORD_VALIDATORS: list[object] = []  # finds: E330
PASSWORD_RESET_TIMEOUT = 90 * 86_400  # finds: E306

# -- Caches, databases, mail, tasks --------------------------------------------------------------

CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
DATABASES = {  # finds: E522 W525
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.example.com",
        "USER": "postgres",
        "PASSWORD": "postgres",
        "OPTIONS": {"sslmode": "disable"},
    }
}
MAILERS = {  # finds: E540>=6.1
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {"host": "smtp.example.com", "username": "shop", "password": SHOP_API_SECRET},
    }
}
CELERY_ACCEPT_CONTENT = ["json", "pickle"]  # finds: E560

# -- Uploads -------------------------------------------------------------------------------------

DATA_UPLOAD_MAX_MEMORY_SIZE = None  # finds: E570
DATA_UPLOAD_MAX_NUMBER_FIELDS = None  # finds: W571
FILE_UPLOAD_PERMISSIONS = 0o666  # finds: E574
MEDIA_ROOT = BASE_DIR  # finds: E053 E579

# -- The interface for programs ------------------------------------------------------------------

REST_FRAMEWORK = {  # finds: W402 W403 W404 W413
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
    "DEFAULT_THROTTLE_CLASSES": [],
}
CORS_ALLOW_ALL_ORIGINS = True  # finds: E270
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOWED_ORIGIN_REGEXES = [r"https://.*\.example\.com"]  # finds: E273
CORS_ALLOWED_ORIGINS = ["null"]  # finds: E275

# -- The process ---------------------------------------------------------------------------------

MIDDLEWARE = [  # finds: I107 E601 W632
    "django.contrib.sessions.middleware.SessionMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "silk.middleware.SilkyMiddleware",
]
LOGGING = {  # finds: E610
    "version": 1,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "loggers": {"django.security": {"handlers": ["nowhere"], "propagate": False}},
}
SILENCED_SYSTEM_CHECKS = ["security.W008", "django_hardened.E102"]  # finds: W603
