from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from login_site import PASSWORD, CountingHasher
from ratelimit_support import AskedStore

from django_hardened.log_window import LogWindow
from django_hardened.ratelimit import logins, visits
from django_hardened.ratelimit.proven import ProvenHeaders


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> AskedStore:
    store = AskedStore()
    monkeypatch.setattr(logins.LIMITER, "_store", store)
    monkeypatch.setattr(visits, "PROVEN", ProvenHeaders())
    monkeypatch.setattr("django_hardened.ratelimit.logins._limited", LogWindow())
    return store


@pytest.fixture
def site(store: AskedStore, settings: Any) -> None:
    """Five wrong passwords a minute, and no limit on requests."""
    settings.ROOT_URLCONF = "login_admin_site"
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.admin"]
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                **settings.TEMPLATES[0]["OPTIONS"],
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {"login.html": "{{ form.non_field_errors }}"},
                    ),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        }
    ]
    settings.PASSWORD_HASHERS = ["login_site.CountingHasher"]
    settings.LOGIN_REDIRECT_URL = "/"
    settings.RATELIMIT_ENABLE = True
    settings.HARDENED_ADDRESS_RATES = {}
    settings.HARDENED_LOGIN_RATES = {"account": "5/m", "address": "5/m"}


@pytest.fixture
def checked() -> Iterator[list[str]]:
    """The passwords that were looked at."""
    CountingHasher.checked.clear()
    yield CountingHasher.checked
    CountingHasher.checked.clear()


@pytest.fixture
def ada(db: None, site: None, checked: list[str]) -> Any:
    user = get_user_model().objects.create_user("ada", password=PASSWORD, is_staff=True)
    checked.clear()
    return user
