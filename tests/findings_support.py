"""Settings modules that are written, loaded and put into effect for one test."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.test import override_settings

DJANGO_ENGINE = "django.template.backends.django.DjangoTemplates"
STRONG = "k3y-Zr8mQ1xW5vT0bN7cJ4hF2gD9sA6pL_eYuIoRtKwXqMnBv"
NOT_SETTINGS: tuple[object, ...] = (None, 0, 7, "text", b"data", {1: 2}, {3}, [None], [7], object())

InEffect = Callable[..., Any]


def codes(messages: list[CheckMessage]) -> list[str]:
    """Return the ids without the common prefix; each finding must have a hint."""
    assert all(message.hint for message in messages)
    return [str(message.id).removeprefix("django_hardened.") for message in messages]


def all_codes(module: ModuleType) -> list[str]:
    return [code for check in module.CHECKS for code in codes(check())]


def subjects(messages: list[CheckMessage]) -> list[str]:
    return [message.subject for message in messages]  # type: ignore[attr-defined]


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


class Source:
    """A package ``conf_N`` of settings modules below ``root``."""

    count = 0

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        Source.count += 1
        self.package = f"conf_{Source.count}"
        self.folder = root / self.package
        self.folder.mkdir()
        (self.folder / "__init__.py").write_text("")
        monkeypatch.syspath_prepend(str(root))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    @contextmanager
    def in_effect(self, text: str, name: str = "production", **changes: Any) -> Iterator[Path]:
        """Write ``text`` as a settings module, load it, and have its values be the settings."""
        path = self.write(name, text)
        full = f"{self.package}.{name}"
        importlib.invalidate_caches()
        module = importlib.import_module(full)
        values = {key: value for key, value in vars(module).items() if key.isupper()}
        override = override_settings(SETTINGS_MODULE=full, **(values | changes))
        try:
            with warnings.catch_warnings():  # about DATABASES, and about EMAIL_* from 6.1 on
                warnings.simplefilter("ignore")
                override.enable()
            try:
                yield path
            finally:
                override.disable()
        finally:
            for loaded in [key for key in sys.modules if key.startswith(self.package)]:
                del sys.modules[loaded]
