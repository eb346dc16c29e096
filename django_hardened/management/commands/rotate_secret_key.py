"""``rotate_secret_key``, where the settings can be loaded."""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

from django_hardened.env_files import rotate_secret_key
from django_hardened.management.before_settings import SharedCommand


class Command(SharedCommand):
    """See :mod:`django_hardened.env_files.rotate_secret_key`."""

    shared: ClassVar[ModuleType] = rotate_secret_key
    help = rotate_secret_key.HELP
