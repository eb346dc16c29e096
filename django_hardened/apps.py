"""The app: no models, no migrations, only checks to register."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class DjangoHardenedConfig(AppConfig):
    """Registers the system checks."""

    name = "django_hardened"
    verbose_name = "Django Hardened"

    def ready(self) -> None:
        """Register every check of the inventory."""
        from django_hardened import checks  # noqa: PLC0415  # needs settings

        for check in checks.DEPLOY_CHECKS:
            register(check, Tags.security, "django_hardened", deploy=True)
        for check in checks.ALWAYS_CHECKS:
            register(check, Tags.security, "django_hardened")
        for check in checks.DATABASE_CHECKS:
            # Not tagged as security: ``--tag security`` would open every database.
            register(check, Tags.database, deploy=True)
