"""``runserver``, which refuses to serve anything but development.

Django says of its server that it has not gone through security audits or performance tests. In
development this is the ``runserver`` of the next app in INSTALLED_APPS (staticfiles', daphne's).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.management import find_commands
from django.core.management.base import BaseCommand, CommandError

from django_hardened.conf import conf


def next_runserver() -> type[BaseCommand]:
    """Return the ``Command`` that would run if this package were not installed."""
    configs = list(apps.get_app_configs())
    ours = apps.get_app_config("django_hardened")
    provider = next(
        (config.name for config in configs[configs.index(ours) + 1 :] if _has_runserver(config)),
        "django.core",
    )
    command: type[BaseCommand] = import_module(f"{provider}.management.commands.runserver").Command
    return command


def _has_runserver(config: AppConfig) -> bool:
    return "runserver" in find_commands(str(Path(config.path) / "management"))


class Command(next_runserver()):  # type: ignore[misc]
    """The next ``runserver``, behind the guard."""

    def handle(self, *args: Any, **options: Any) -> Any:
        if conf.environment != "development":
            raise CommandError(_refusal())
        return super().handle(*args, **options)


def _refusal() -> str:
    asgi, wsgi = getattr(settings, "ASGI_APPLICATION", None), settings.WSGI_APPLICATION
    if asgi:
        # Whom to believe is decided once: in HARDENED_TRUSTED_PROXIES, if anything is declared.
        proxied = getattr(settings, "HARDENED_TRUSTED_PROXIES", None)
        server = f"uvicorn {_target(asgi)}{' --no-proxy-headers' if proxied else ''}"
    else:
        server = f"gunicorn {_target(wsgi or 'yourproject.wsgi.application')}"
    return (
        f"runserver is for development, and this is {conf.environment}. Use instead:\n\n"
        f"    {server}\n\n"
        "To develop on this machine, set HARDENED_ENVIRONMENT=development."
    )


def _target(dotted: str) -> str:
    module, _, name = dotted.rpartition(".")
    return f"{module}:{name}"
