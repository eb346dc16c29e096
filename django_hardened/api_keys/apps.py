"""The app: one model, and who has to hear of changes to it."""

from __future__ import annotations

from django.apps import AppConfig


class APIKeysConfig(AppConfig):
    """``django_hardened.api_keys`` in ``INSTALLED_APPS``."""

    name = "django_hardened.api_keys"
    # Of the apps that projects have, several are called api_keys.
    label = "hardened_api_keys"
    verbose_name = "API keys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for changes that what is cached must not outlive."""
        from django_hardened.api_keys import invalidation  # noqa: PLC0415  # needs models

        invalidation.connect()
