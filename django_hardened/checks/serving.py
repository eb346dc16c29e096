"""9xx: a development server that is about to serve production. Asked by every command."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage

from django_hardened.checks.rules import Rule
from django_hardened.conf import conf
from django_hardened.servers import DEVELOPMENT_COMMANDS, serving_program

E914 = Rule(
    "E914",
    "{subject} is for development, and this is production.",
    "Use gunicorn or uvicorn; to develop on this machine, set HARDENED_ENVIRONMENT=development.",
    setting="HARDENED_ENVIRONMENT",
    asvs="13.4.2",
    cwe=489,
)
RULES = (E914,)


def check_serving_command(**kwargs: Any) -> list[CheckMessage]:
    # The runserver of this app refuses by itself; this is for the commands of other apps.
    command = serving_program()
    refused = command in DEVELOPMENT_COMMANDS and conf.environment == "production"
    return [E914.found(subject=command)] if refused else []


CHECKS = (check_serving_command,)
