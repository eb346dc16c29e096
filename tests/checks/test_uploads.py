from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from catalogue_support import ODD, codes, findings
from django.apps import apps
from django.conf import settings

from django_hardened.checks import uploads

FILES = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
S3 = {"default": {"BACKEND": "storages.backends.s3.S3Storage"}}
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"DATA_UPLOAD_MAX_MEMORY_SIZE": None}, ["E570"]),
        ({"DATA_UPLOAD_MAX_MEMORY_SIZE": 100 * MIB + 1}, ["W572"]),
        ({"DATA_UPLOAD_MAX_MEMORY_SIZE": 100 * MIB}, []),
        ({"DATA_UPLOAD_MAX_MEMORY_SIZE": float("inf")}, ["E570"]),
        ({"FILE_UPLOAD_MAX_MEMORY_SIZE": 101 * MIB}, ["W572"]),
        ({"FILE_UPLOAD_MAX_MEMORY_SIZE": 0}, []),
        ({"DATA_UPLOAD_MAX_NUMBER_FIELDS": None}, ["W571"]),
        ({"DATA_UPLOAD_MAX_NUMBER_FIELDS": 10_240}, []),
        ({"DATA_UPLOAD_MAX_NUMBER_FIELDS": 1_000_000}, ["W573"]),
        ({"DATA_UPLOAD_MAX_NUMBER_FILES": None}, ["W571"]),
        ({"DATA_UPLOAD_MAX_NUMBER_FILES": 1000}, []),
        ({"DATA_UPLOAD_MAX_NUMBER_FILES": 100_000}, ["W573"]),
        ({"FILE_UPLOAD_PERMISSIONS": 0o777}, ["E574"]),
        ({"FILE_UPLOAD_PERMISSIONS": 0o666}, ["E574"]),
        ({"FILE_UPLOAD_PERMISSIONS": 0o755}, ["W575"]),
        ({"FILE_UPLOAD_PERMISSIONS": 0o640}, []),
        ({"FILE_UPLOAD_PERMISSIONS": 644}, ["W576"]),
        ({"FILE_UPLOAD_PERMISSIONS": None}, []),
        ({"FILE_UPLOAD_PERMISSIONS": True}, []),
        ({"FILE_UPLOAD_PERMISSIONS": "0644"}, []),
        ({"FILE_UPLOAD_DIRECTORY_PERMISSIONS": 0o777}, ["E574"]),
        ({"FILE_UPLOAD_DIRECTORY_PERMISSIONS": 0o2775}, []),
        ({"FILE_UPLOAD_DIRECTORY_PERMISSIONS": 0o755}, []),
        ({"FILE_UPLOAD_DIRECTORY_PERMISSIONS": 755}, ["W576"]),
    ],
)
def test_limits_and_modes(changes: dict[str, Any], found: list[str]) -> None:
    assert codes(uploads, **changes) == found


@pytest.mark.parametrize(
    ("setting", "value", "fix"),
    [
        ("FILE_UPLOAD_PERMISSIONS", 644, "0o644"),
        ("FILE_UPLOAD_PERMISSIONS", 777, "0o664"),
        ("FILE_UPLOAD_DIRECTORY_PERMISSIONS", 750, "0o750"),
        ("FILE_UPLOAD_DIRECTORY_PERMISSIONS", 777, "0o775"),
    ],
)
def test_the_mode_of_the_hint_is_no_finding(setting: str, value: int, fix: str) -> None:
    [message] = findings(uploads, **{setting: value})
    assert message.hint == f"{setting} = {fix}"
    assert codes(uploads, **{setting: int(fix, 8)}) == []


@pytest.mark.parametrize(
    "name",
    [
        "DATA_UPLOAD_MAX_MEMORY_SIZE",
        "DATA_UPLOAD_MAX_NUMBER_FIELDS",
        "DATA_UPLOAD_MAX_NUMBER_FILES",
    ],
)
def test_limits_at_the_edge(name: str) -> None:
    assert codes(uploads, HARDENED_EDGE=["request_limits"], **{name: None}) == []


def _where(**changes: Any) -> list[str]:
    """I580 is about any upload, and has its own test."""
    return [code for code in codes(uploads, **{"STORAGES": FILES, **changes}) if code != "I580"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"MEDIA_ROOT": "/srv/media", "STATIC_ROOT": "/srv/static"}, []),
        ({"MEDIA_ROOT": "/srv/static", "STATIC_ROOT": "/srv/static"}, ["E578"]),
        ({"MEDIA_ROOT": "/srv/static/", "STATIC_ROOT": Path("/srv/static")}, ["E578"]),
        ({"MEDIA_ROOT": "/srv/static/media", "STATIC_ROOT": "/srv/static"}, ["E578"]),
        ({"MEDIA_ROOT": "/srv", "STATIC_ROOT": "/srv/static"}, ["E578"]),
        ({"MEDIA_ROOT": "/srv/media", "STATIC_ROOT": "/srv/media/../static"}, []),
        ({"MEDIA_ROOT": "/srv/s/media", "STATICFILES_DIRS": ["/srv/s"]}, ["E578"]),
        ({"MEDIA_ROOT": "/srv/s", "STATICFILES_DIRS": [("x", Path("/srv/s"))]}, ["E578"]),
        ({"MEDIA_ROOT": "/srv/m", "STATICFILES_DIRS": ("/srv/s", None, 7)}, []),
        ({"MEDIA_ROOT": "/srv/m", "STATICFILES_DIRS": "/srv/m"}, []),
        ({"MEDIA_ROOT": "/srv/static-media", "STATIC_ROOT": "/srv/static"}, []),
        ({"MEDIA_ROOT": "/srv/static", "STATIC_ROOT": None}, []),
        ({"MEDIA_ROOT": "", "STATIC_ROOT": "/srv/static"}, []),
        ({"MEDIA_ROOT": "/srv/s", "STATIC_ROOT": "/srv/s", "STORAGES": S3}, []),
        ({"MEDIA_ROOT": "/srv/site", "BASE_DIR": Path("/srv/site")}, ["E579"]),
        ({"MEDIA_ROOT": "/srv", "BASE_DIR": "/srv/site"}, ["E579"]),
        ({"MEDIA_ROOT": "/srv/site/media", "BASE_DIR": "/srv/site"}, []),
        ({"MEDIA_ROOT": "/srv/site/t", "TEMPLATES": [{"DIRS": ["/srv/site/t"]}]}, ["E579"]),
        ({"MEDIA_ROOT": "/srv/site/t", "TEMPLATES": [{"DIRS": ["/srv/site/templates"]}]}, []),
        ({"MEDIA_ROOT": "/srv/m", "TEMPLATES": [None, {}, {"DIRS": None}, {"DIRS": "x"}]}, []),
        ({"FILE_UPLOAD_TEMP_DIR": "/srv/media/tmp", "MEDIA_ROOT": "/srv/media"}, ["W577"]),
        ({"FILE_UPLOAD_TEMP_DIR": "/srv/static", "STATIC_ROOT": "/srv/static"}, ["W577"]),
        ({"FILE_UPLOAD_TEMP_DIR": "/var/tmp/site", "MEDIA_ROOT": "/srv/media"}, []),
        ({"MEDIA_ROOT": 3, "STATIC_ROOT": 3}, []),
    ],
)
def test_where_uploads_go(changes: dict[str, Any], found: list[str]) -> None:
    assert _where(**changes) == found


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an app ``shop`` of the project."""
    folder = tmp_path / "site" / "shop"
    for name in ("templates", "static", "media", "orders/media", "media.d"):
        (folder / name).mkdir(parents=True)
    for package in (folder, folder / "orders"):
        (package / "__init__.py").touch()
    installed = tmp_path / "lib" / "site-packages" / "cms"
    configs = [SimpleNamespace(name=path.name, path=str(path)) for path in (folder, installed)]
    monkeypatch.setattr(apps, "get_app_configs", lambda: configs)
    return folder


@pytest.mark.parametrize(
    ("media", "what"),
    [
        ("", "holds the code of shop"),
        ("..", "holds the code of shop"),
        ("static", "lies in static of shop"),
        ("static/shop/uploads", "lies in static of shop"),
        ("templates/shop", "lies in templates of shop"),
        ("locale", "lies in locale of shop"),
        ("orders", "lies in the code of shop"),
        ("orders/media", "lies in the code of shop"),
    ],
)
def test_uploads_among_the_code(app: Path, media: str, what: str) -> None:
    for changes in (
        {"MEDIA_ROOT": app / media},
        {"MEDIA_ROOT": f"{app}/{media}/"},
        {"MEDIA_ROOT": "/srv/media", "STORAGES": _located(app / media)},
    ):
        assert _where(**changes) == ["E579"]
    [message] = findings(uploads, MEDIA_ROOT=app / media, MEDIA_URL="", STORAGES=FILES)
    assert message.msg.startswith("MEDIA_ROOT (/")
    assert f" {what}: " in message.msg


@pytest.mark.parametrize(
    "media",
    ["media", "media/2027", "media.d", "statics", "../media", "../../lib/site-packages/cms"],
)
def test_uploads_in_a_folder_of_their_own(app: Path, media: str) -> None:
    assert _where(MEDIA_ROOT=app / media) == []
    assert _where(MEDIA_ROOT=app, STORAGES=_located(app / media)) == []
    assert _where(MEDIA_ROOT=app / "static", STORAGES=S3) == []


def _located(location: object) -> dict[str, Any]:
    return {"default": {**FILES["default"], "OPTIONS": {"location": location}}}


def test_the_location_of_the_storage_is_named(app: Path) -> None:
    storages = _located(str(app))
    [message] = findings(uploads, MEDIA_ROOT="/srv", MEDIA_URL="", STORAGES=storages)
    assert message.setting == "STORAGES"  # type: ignore[attr-defined]
    assert message.msg.startswith(f'STORAGES["default"]["OPTIONS"]["location"] ({app}) holds ')
    assert str(message.hint).startswith('STORAGES["default"]["OPTIONS"]["location"] = BASE_DIR')


@pytest.mark.parametrize(
    ("media", "static", "found"),
    [
        ("static", "static", ["E578"]),
        ("static/media", Path("static"), ["E578"]),
        ("./static/", "static", ["E578"]),
        ("media", "static", []),
        ("static-media", "static", []),
    ],
)
def test_relative_paths(media: str, static: Any, found: list[str]) -> None:
    assert _where(MEDIA_ROOT=media, STATIC_ROOT=static) == found


def test_the_settings_module_is_not_an_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("settings_among_uploads")
    module.__file__ = "/srv/shop/shop/settings.py"
    monkeypatch.setitem(sys.modules, "settings_among_uploads", module)
    monkeypatch.setattr(settings, "SETTINGS_MODULE", "settings_among_uploads")
    monkeypatch.setattr(settings, "MEDIA_ROOT", "/srv/shop")
    [finding] = uploads.check_media_root()
    assert "the settings module" in finding.msg
    monkeypatch.setattr(settings, "MEDIA_ROOT", "/srv/shop/media")
    assert uploads.check_media_root() == []


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/media/", ["I580"]),
        ("media/", ["I580"]),
        ("https://media.example.net/", []),
        ("//media.example.net/", []),
        ("", []),
    ],
)
def test_from_where_uploads_are_served(url: str, found: list[str]) -> None:
    assert codes(uploads, MEDIA_URL=url, MEDIA_ROOT="/srv/media", STORAGES=FILES) == found
    assert codes(uploads, MEDIA_URL=url, MEDIA_ROOT="/srv/media", STORAGES=S3) == []
    assert codes(uploads, MEDIA_URL=url, MEDIA_ROOT="", STORAGES=FILES) == []


def test_the_setting_is_named() -> None:
    [message] = findings(uploads, DATA_UPLOAD_MAX_NUMBER_FILES=None)
    assert message.setting == "DATA_UPLOAD_MAX_NUMBER_FILES"  # type: ignore[attr-defined]
    assert "DATA_UPLOAD_MAX_NUMBER_FILES = 100" in str(message.hint)


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_setting(value: Any) -> None:
    assert _where(STORAGES=value, MEDIA_ROOT="/srv", STATIC_ROOT="/srv") == []
    assert "E570" not in _where(FILE_UPLOAD_MAX_MEMORY_SIZE=value)
