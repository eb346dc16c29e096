from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import django
import pytest
from findings_support import codes

from django_hardened.checks import versions


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ((4, 2, 30, "final", 0), ["E650"]),
        ((5, 1, 99, "final", 0), ["E650"]),
        ((5, 2, 18, "final", 0), ["W651"]),
        ((5, 2, 19, "final", 0), []),
        ((5, 2, 20, "final", 0), []),
        ((5, 3, 0, "final", 0), ["E650"]),
        ((6, 0, 9, "final", 0), ["W651"]),
        ((6, 0, 10, "final", 0), []),
        ((6, 1, 0, "rc", 1), ["W651"]),
        ((6, 1, 3, "final", 0), []),
        ((6, 2, 0, "alpha", 0), []),
        ((7, 0, 0, "final", 0), []),
    ],
)
def test_django(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], found: list[str]
) -> None:
    monkeypatch.setattr(django, "VERSION", version)
    assert codes(versions.check_django_version()) == found


def test_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django, "VERSION", (5, 2, 1, "final", 0))
    [message] = versions.check_django_version()
    assert message.hint == 'python -m pip install --upgrade "Django~=5.2.19"'
    monkeypatch.setattr(django, "VERSION", (4, 2, 1, "final", 0))
    [message] = versions.check_django_version()
    assert message.hint == 'python -m pip install --upgrade "Django~=6.1.0"'


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("3.14.0", ["W652"]),
        ("3.18", ["W652"]),
        ("3.18.1", ["W652"]),
        ("3.18.2", []),
        ("3.18.3", []),
        ("3.19", []),
        ("4.0.0a1", []),
        ("3.18.2.post1", []),
        ("", []),
    ],
)
def test_rest_framework(monkeypatch: pytest.MonkeyPatch, version: str, found: list[str]) -> None:
    monkeypatch.setattr(versions, "version", lambda name: version)
    assert codes(versions.check_rest_framework_version()) == found


def test_no_rest_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(versions, "version", fail)
    assert versions.check_rest_framework_version() == []
