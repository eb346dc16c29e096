from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.utils.functional import lazystr

from django_hardened.checks.classes import is_subclass, load_class, load_object

MODEL = "django.contrib.auth.backends.ModelBackend"
ANYBODY = "django.contrib.auth.backends.AllowAllUsersModelBackend"


def test_a_class() -> None:
    assert load_class(MODEL) is ModelBackend
    assert load_class(lazystr(MODEL)) is ModelBackend


@pytest.mark.parametrize(
    "dotted",
    [None, "", 3, "x", "not_installed.Class", f"{MODEL}x", "django.utils.timezone.now", [MODEL]],
)
def test_what_is_no_class(dotted: Any) -> None:
    assert load_class(dotted) is None


def test_what_is_no_class_but_there() -> None:
    assert callable(load_object("django.utils.timezone.now"))
    assert load_object("not_installed.function") is None


def test_a_module_that_fails(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module_that_fails.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert load_class("module_that_fails.Class") is None


def test_subclasses() -> None:
    assert is_subclass(ANYBODY, MODEL)
    assert is_subclass(ANYBODY, "not_installed.Base", MODEL)
    assert is_subclass(MODEL, MODEL)
    assert not is_subclass(MODEL, ANYBODY)
    assert not is_subclass(MODEL)
    assert not is_subclass(None, MODEL)


def test_an_equal_path_is_enough() -> None:
    assert is_subclass("not_installed.Class", "not_installed.Class")
    assert not is_subclass("not_installed.Class", "not_installed.Base")


def test_a_class_of_a_project(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("backends_of_a_project")
    module.Own = type("Own", (ModelBackend,), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "backends_of_a_project", module)
    assert is_subclass(lazystr("backends_of_a_project.Own"), MODEL)
