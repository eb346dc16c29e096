"""The app: no models, no migrations, only checks to register and signals to listen to."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.checks import Tags, register
from django.core.signals import request_started


class DjangoHardenedConfig(AppConfig):
    """Registers the system checks, and starts each request without a host."""

    name = "django_hardened"
    verbose_name = "Django Hardened"

    def ready(self) -> None:
        """Register every check of the inventory, and listen for requests, logins and log-outs."""
        from django_hardened import cache, checks, response_headers, sessions  # noqa: PLC0415  # need settings

        request_started.connect(cache.forget_host)
        user_logged_in.connect(sessions.note_login)
        user_logged_out.connect(response_headers.note_log_out)
        for check in checks.DEPLOY_CHECKS:
            register(check, Tags.security, "django_hardened", deploy=True)
        for check in checks.ALWAYS_CHECKS:
            register(check, Tags.security, "django_hardened")
        for check in checks.DATABASE_CHECKS:
            # Not tagged as security: ``--tag security`` would open every database.
            register(check, Tags.database, deploy=True)
        if apps.is_installed("drf_spectacular"):
            import_module("django_hardened.drf.spectacular")  # which knows it from then on
