"""Commands that ``python -m django_hardened`` has as well, as commands of ``manage.py``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_hardened.env_files.file_writing import NotDone
from django_hardened.env_files.settings_reads import settings_module


class SharedCommand(BaseCommand):
    """Parses, calls ``shared``, and prints."""

    shared: ClassVar[ModuleType]
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        self.shared.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        given = getattr(settings, "SETTINGS_MODULE", None)
        try:
            module = settings_module(given, os.environ, Path.cwd())
            status = self.shared.run(module, options, os.environ, self.stdout.write)
        except NotDone as reason:
            raise CommandError(str(reason)) from None
        if status:
            sys.exit(status)
