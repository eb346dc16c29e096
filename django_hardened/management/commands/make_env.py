"""``make_env``, where the settings can be loaded."""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

from django_hardened.env_files import make_env
from django_hardened.management.before_settings import SharedCommand


class Command(SharedCommand):
    """See :mod:`django_hardened.env_files.make_env`."""

    shared: ClassVar[ModuleType] = make_env
    help = make_env.HELP
