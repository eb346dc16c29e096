from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from findings_support import all_codes, subjects

from django_hardened import defaults
from django_hardened.checks import middleware

SECURITY = "django.middleware.security.SecurityMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"
REMOTE_USER = "django.contrib.auth.middleware.RemoteUserMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
BOTH = "django.middleware.cache.CacheMiddleware"
CUSTOM = f"{__name__}.CustomSession"


class CustomSession(SessionMiddleware):
    pass


@pytest.mark.parametrize(
    "entries",
    [
        [],
        defaults.MIDDLEWARE,
        [SECURITY, "whitenoise.middleware.WhiteNoiseMiddleware", SESSION, LOCALE, COMMON, AUTH],
        ["project.health.HealthMiddleware", "corsheaders.middleware.CorsMiddleware", SECURITY],
        [SESSION, AUTH, LOGIN, MESSAGES],
        [UPDATE, SESSION, LOCALE, COMMON, AUTH, LOGIN, FETCH],
        [UPDATE, COMMON, FETCH],
        [SESSION, BOTH],
        [AUTH],
        [MESSAGES],
        [CSRF, SESSION],
        ["no.such.Middleware", "nonsense", SESSION, AUTH],
        None,
        {SECURITY},
    ],
)
def test_an_order_that_is_right(settings: Any, entries: object) -> None:
    settings.MIDDLEWARE = entries
    assert all_codes(middleware) == []


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([SESSION, SESSION], "W630"),
        ([AUTH, SESSION], "E631"),
        ([AUTH, CUSTOM], "E631"),
        ([MESSAGES, SESSION], "E631"),
        ([SESSION, LOGIN, AUTH], "E631"),
        ([SESSION, REMOTE_USER, AUTH], "E631"),
        ([SESSION, SECURITY], "W632"),
        ([COMMON, SECURITY, SESSION, AUTH], "W632"),
        ([CSRF, SECURITY], "W632"),
        ([SESSION, UPDATE, FETCH], "E633"),
        ([CUSTOM, UPDATE, FETCH], "E633"),
        ([UPDATE, FETCH, SESSION], "W634"),
        ([UPDATE, SESSION, FETCH, AUTH], "W634"),
        ([UPDATE, FETCH, LOCALE], "W634"),
        ([FETCH, UPDATE], "W634"),
        ([UPDATE], "W635"),
        ([SESSION, FETCH], "W635"),
    ],
)
def test_an_order_that_is_wrong(settings: Any, entries: list[str], found: str) -> None:
    settings.MIDDLEWARE = entries
    assert all_codes(middleware) == [found]


def test_the_subject_is_what_the_project_wrote(settings: Any) -> None:
    settings.MIDDLEWARE = [CUSTOM, CUSTOM, UPDATE, FETCH]
    assert subjects(middleware.check_duplicates()) == [CUSTOM]
    [message] = middleware.check_cache_order()
    assert CUSTOM in message.msg
    assert subjects([message]) == [UPDATE]


def test_the_number_of_times(settings: Any) -> None:
    settings.MIDDLEWARE = (COMMON, SESSION, COMMON, COMMON, SESSION)
    messages = middleware.check_duplicates()
    assert subjects(messages) == [COMMON, SESSION]
    assert "3 times" in messages[0].msg


def test_messages_in_a_cookie_need_no_session(settings: Any) -> None:
    settings.MIDDLEWARE = [MESSAGES, SESSION]
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
    assert all_codes(middleware) == []


def test_a_csrf_token_in_the_session(settings: Any) -> None:
    settings.MIDDLEWARE = [CSRF, SESSION]
    settings.CSRF_USE_SESSIONS = True
    assert all_codes(middleware) == ["E631"]


def test_the_order_of_the_unsafe_settings_file(settings: Any) -> None:
    settings.MIDDLEWARE = [
        SESSION,
        COMMON,
        CSRF,
        AUTH,
        MESSAGES,
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        FETCH,
        "corsheaders.middleware.CorsMiddleware",
        SECURITY,
    ]
    assert all_codes(middleware) == ["W632", "W635"]
