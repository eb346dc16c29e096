"""9xx: how this package itself is installed. These run always, not only before a deploy."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage
from django.core.management import get_commands

from django_hardened.checks.rules import Rule

E901 = Rule(
    "E901",
    "The runserver of {app} hides that of django_hardened, which refuses to serve production.",
    'Put "django_hardened" first in INSTALLED_APPS.',
)
RULES = (E901,)


def check_command_order(**kwargs: Any) -> list[CheckMessage]:
    app = get_commands()["runserver"]
    return [] if app == "django_hardened" else [E901.found(app=app)]


CHECKS = (check_command_order,)
